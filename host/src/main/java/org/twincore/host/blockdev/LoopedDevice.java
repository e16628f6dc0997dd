package org.twincore.host.blockdev;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.twincore.host.fuse.DevFuse;
import org.twincore.host.nbd.Exports;

/// The block device /dev/drbdN of one volume: a FUSE file of this process, a loop device over it
/// and a name for that. No kernel module of its own.
///
/// Requests go to the target that `source` opens; it is asked at the first request of a user (a
/// loop device asks nothing by itself) and again after the device was away. If this process dies,
/// every request gets EIO at once; [DeviceFolder#clearStale] takes away what is left.
///
/// ```
/// shown --release, nobody has it open--> gone      shown --release, somebody has--> shown
/// shown --abandon--> gone: whoever has it open gets EIO
/// ```
public final class DrbdDevice {
  private static final Logger LOG = System.getLogger(DrbdDevice.class.getName());

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

  private DrbdDevice(
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
  static DrbdDevice show(
      DeviceNode node, Path file, long sizeBytes, Supplier<Exports.Opening> source)
      throws IOException {
    node.hide(); // refuses a name that is not ours before anything else happens
    TargetStorage storage = new TargetStorage(source);
    DevFuse fuse = DevFuse.mount(file, sizeBytes, storage);
    Path scratch = node.path().resolveSibling("." + file.getFileName());
    try {
      LoopDevice loop = LoopDevice.attach(file, scratch);
      DrbdDevice device = new DrbdDevice(node, scratch, fuse, storage, loop, sizeBytes);
      try {
        node.show(loop.number());
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

  /// The /dev/drbdN.
  public Path path() {
    return node.path();
  }

  /// The N of the /dev/loopN below it.
  public synchronized int loopNumber() {
    return loop.number();
  }

  /// Takes the device away unless somebody has it open; false then, and it goes on as if nothing
  /// had been asked.
  ///
  /// True: everything written to it was finished by the target, no page of it is cached any more,
  /// the target is closed, and opening the name is refused.
  public synchronized boolean release() throws IOException {
    if (isGone) {
      return true;
    }
    if (!storage.awaitIdle(IDLE_MILLIS)) {
      return false; // somebody waits for it, perhaps for ever: asking the kernel would wait too
    }
    node.hide(); // no new opener by this name meanwhile
    if (!loop.release()) {
      node.show(loop.number());
      return false;
    }
    if (!awaitReleased()) {
      loop = LoopDevice.attach(fuse.file(), scratch);
      node.show(loop.number());
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

  /// Has the kernel write what it still keeps of the device, a mounted file system's pages too.
  /// False if that takes longer.
  public synchronized boolean flush(long timeoutMillis) throws IOException {
    return isGone || loop.flush(timeoutMillis);
  }

  /// Takes the device away whoever has it open: they get EIO.
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

  /// Takes the name away too; the device must be gone.
  public synchronized void removeName() throws IOException {
    node.remove();
  }

  /// The volume has another size: users of the device see it at once.
  public synchronized void resize(long newSizeBytes) throws IOException {
    if (!isGone && newSizeBytes != sizeBytes) {
      fuse.resize(newSizeBytes);
      loop.updateSize();
      sizeBytes = newSizeBytes;
    }
  }
}
