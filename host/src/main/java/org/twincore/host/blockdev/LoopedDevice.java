package org.twincore.host.blockdev;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.twincore.host.fuse.DevFuse;
import org.twincore.host.nbd.Exports;

/// A FUSE file of this process, a loop device over it and a name for that. No kernel module of its
/// own.
///
/// If this process dies, the kernel gives every request an error at once.
final class LoopedDevice implements DrbdDevice {
  private static final Logger LOG = System.getLogger(LoopedDevice.class.getName());

  /// The kernel tells of the last close asynchronously, but soon.
  private static final long RELEASE_MILLIS = 5000;

  /// Requests of a user who does nothing else are soon all answered, for a moment.
  private static final long IDLE_MILLIS = 2000;

  private final DeviceNode node;
  private final Path scratch;
  private final DevFuse fuse;
  private final TargetStorage storage;
  private LoopDevice loop;
  private long sizeBytes;
  private boolean isGone;

  private LoopedDevice(
      DeviceNode node,
      Path scratch,
      DevFuse fuse,
      TargetStorage storage,
      LoopDevice loop,
      long sizeBytes) {
    this.node = node;
    this.scratch = scratch;
    this.fuse = fuse;
    this.storage = storage;
    this.loop = loop;
    this.sizeBytes = sizeBytes;
  }

  /// Shows `sizeBytes` (a multiple of 512) under `node`, with `file` as its FUSE file.
  static LoopedDevice show(
      DeviceNode node, Path file, long sizeBytes, Supplier<Exports.Opening> source)
      throws IOException {
    node.hide(); // refuses a name that is not ours before anything else happens
    TargetStorage storage = new TargetStorage(source);
    DevFuse fuse = DevFuse.mount(file, sizeBytes, storage);
    Path scratch = node.path().resolveSibling("." + file.getFileName());
    try {
      LoopDevice loop = LoopDevice.attach(file, scratch);
      LoopedDevice device = new LoopedDevice(node, scratch, fuse, storage, loop, sizeBytes);
      try {
        node.show(LoopDevice.MAJOR, loop.number());
      } catch (IOException failed) {
        loop.abandon();
        throw failed;
      }
      return device;
    } catch (IOException failed) {
      storage.close();
      fuse.close();
      throw failed;
    }
  }

  @Override
  public Path path() {
    return node.path();
  }

  @Override
  public synchronized String below() {
    return "loop" + loop.number();
  }

  @Override
  public synchronized boolean release() throws IOException {
    if (isGone) {
      return true;
    }
    if (!storage.awaitIdle(IDLE_MILLIS)) {
      return false; // somebody waits for it, perhaps for ever: asking the kernel would wait too
    }
    node.hide(); // no new opener by this name meanwhile
    if (!loop.release()) {
      node.show(LoopDevice.MAJOR, loop.number());
      return false;
    }
    if (!awaitReleased()) {
      loop = LoopDevice.attach(fuse.file(), scratch);
      node.show(LoopDevice.MAJOR, loop.number());
      return false;
    }
    isGone = true;
    storage.close();
    fuse.close();
    return true;
  }

  private boolean awaitReleased() {
    try {
      return fuse.awaitReleased(RELEASE_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public synchronized boolean flush(long timeoutMillis) throws IOException {
    return isGone || loop.flush(timeoutMillis);
  }

  @Override
  public synchronized void abandon() throws IOException {
    if (isGone) {
      return;
    }
    isGone = true;
    node.hide();
    storage.close();
    fuse.close(); // first, so that nothing that was written is waited for
    loop.abandon();
    LOG.log(Level.WARNING, "device={0} taken away while it may have been open", node.path());
  }

  @Override
  public synchronized void removeName() throws IOException {
    node.remove();
  }

  @Override
  public synchronized void resize(long newSizeBytes) throws IOException {
    if (!isGone && newSizeBytes != sizeBytes) {
      fuse.resize(newSizeBytes);
      loop.updateSize();
      sizeBytes = newSizeBytes;
    }
  }
}
