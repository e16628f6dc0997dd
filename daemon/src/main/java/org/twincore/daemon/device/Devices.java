package org.twincore.daemon.device;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.twincore.host.blockdev.DeviceFolder;
import org.twincore.host.blockdev.DeviceWay;
import org.twincore.host.blockdev.DrbdDevice;
import org.twincore.host.blockdev.MemoryShield;
import org.twincore.host.nbd.Exports;

/// The devices of one node; none at all where the machine or the settings allow none.
///
/// The first one that is shown raises the [MemoryShield] of the process, the last one lowers it.
public final class Devices {
  private static final Logger LOG = System.getLogger("org.twincore.device");
  private static final List<Path> NEEDED_FOR_FUSE =
      List.of(Path.of("/dev/fuse"), Path.of("/dev/loop-control"));

  private final Optional<DeviceFolder> folder;
  private final MemoryShield shield = new MemoryShield();
  private int shown;

  private Devices(Optional<DeviceFolder> folder) {
    this.folder = folder;
  }

  /// Volumes are served over NBD only.
  public static Devices none() {
    return new Devices(Optional.empty());
  }

  /// Devices under `names`, normally /dev, with their files in `files`, which this node alone uses.
  /// Clears what an earlier node of that folder left behind, whichever way it made its devices. To
  /// be called before the threads are started that will serve devices. Where devices cannot be made
  /// at all (not root, no /dev/fuse) there are none, and the log says why. A driver `nbd` that is
  /// missing now is missed in the log only: it may be loaded before a device is shown.
  public static Devices open(Path files, Path names, DeviceWay way) {
    if (way == DeviceWay.FUSE) {
      for (Path needed : NEEDED_FOR_FUSE) {
        if (!Files.isWritable(needed)) {
          LOG.log(Level.INFO, "no block devices: {0} cannot be used; NBD only", needed);
          return none();
        }
      }
    }
    try {
      DeviceFolder folder = DeviceFolder.open(files, names, way);
      folder.clearStale();
      MemoryShield.prepare();
      folder
          .missing()
          .ifPresent(what -> LOG.log(Level.WARNING, "no block devices until then: {0}", what));
      return new Devices(Optional.of(folder));
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "no block devices: {0}; NBD only", failed.getMessage());
      return none();
    }
  }

  /// The device of one volume, not shown yet. `source` opens what an NBD client of it gets,
  /// `sizeBytes` is its size now; both are called without any lock of theirs held.
  public VolumeDevice volume(int minor, Supplier<Exports.Opening> source, LongSupplier sizeBytes) {
    return new VolumeDevice(this, minor, source, sizeBytes);
  }

  Optional<DeviceFolder> folder() {
    return folder;
  }

  Optional<DrbdDevice> show(int minor, long sizeBytes, Supplier<Exports.Opening> source) {
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    try {
      DrbdDevice device = folder.get().show(minor, sizeBytes, source);
      LOG.log(
          Level.INFO,
          "device={0} size-kib={1} by={2}",
          device.path(),
          Long.toString(sizeBytes / 1024),
          device.below());
      count(1);
      return Optional.of(device);
    } catch (IOException failed) {
      LOG.log(
          Level.WARNING,
          "minor={0} has no block device: {1}",
          Integer.toString(minor),
          failed.getMessage());
      return Optional.empty();
    }
  }

  void gone(DrbdDevice device) {
    LOG.log(Level.INFO, "device={0} gone", device.path());
    count(-1);
  }

  private synchronized void count(int change) {
    shown += change;
    if (shown == 0) {
      shield.lower();
    } else {
      shield.raise();
    }
  }
}
