package org.twincore.host.disk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;

/// Keeps a disk, or one slot of an indexed metadata device, for its holder alone: a second node, a
/// second volume and the offline tools find it taken.
///
/// A lock of the open file (F_OFD_SETLK) on the bytes that are used; a whole block device is opened
/// with O_EXCL as well, so that nobody mounts it meanwhile. Gone when closed or when the process
/// dies, however it dies. Whoever has a lock opens the disk again for reading and writing.
public final class DiskLock implements AutoCloseable {
  private static final long SLOT_BYTES = 128L << 20;
  private static final int FILE_TYPE_MASK = 0170000;
  private static final int BLOCK_DEVICE = 0060000;

  private final Descriptor file;

  private DiskLock(Descriptor file) {
    this.file = file;
  }

  /// Takes a whole file or block device.
  public static DiskLock whole(Path disk) throws IOException {
    DiskLock shared = wholeBesideKernel(disk);
    if (!isBlockDevice(disk)) {
      return shared;
    }
    // The lock belongs to the open file; the exclusive open needs one of its own.
    shared.close();
    Descriptor exclusive;
    try {
      exclusive = Descriptor.open(disk.toString(), Descriptor.O_RDWR | Descriptor.O_EXCL);
    } catch (LinuxException failed) {
      if (failed.errno() == Errno.EBUSY) {
        throw new DiskHeldException(disk.toString(), DiskHeldException.Holder.KERNEL);
      }
      throw failed;
    }
    return lock(exclusive, disk, 0, 0);
  }

  /// As [#whole], though the kernel may be using the device: for tools that were told to go on.
  public static DiskLock wholeBesideKernel(Path disk) throws IOException {
    return lock(Descriptor.open(disk.toString(), Descriptor.O_RDWR), disk, 0, 0);
  }

  /// Takes slot `index` of a metadata device that several volumes share.
  public static DiskLock slot(Path device, int index) throws IOException {
    Descriptor file = Descriptor.open(device.toString(), Descriptor.O_RDWR);
    return lock(file, device, index * SLOT_BYTES, SLOT_BYTES);
  }

  private static DiskLock lock(Descriptor file, Path disk, long offsetBytes, long lengthBytes)
      throws IOException {
    boolean isLocked = false;
    try {
      isLocked = file.tryLock(offsetBytes, lengthBytes);
    } finally {
      if (!isLocked) {
        file.close();
      }
    }
    if (!isLocked) {
      throw new DiskHeldException(disk.toString(), DiskHeldException.Holder.NODE);
    }
    return new DiskLock(file);
  }

  /// Whether a path is a block device rather than a file.
  public static boolean isBlockDevice(Path disk) throws IOException {
    return ((int) Files.getAttribute(disk, "unix:mode") & FILE_TYPE_MASK) == BLOCK_DEVICE;
  }

  /// What the lock is held by; open for reading and writing, for the kernel the device's owner.
  Descriptor holder() {
    return file;
  }

  @Override
  public void close() {
    file.close();
  }
}
