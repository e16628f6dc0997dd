package org.twincore.daemon.nbd;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;
import org.twincore.nbd.StatusExtent;

/// Where the file behind a volume has holes.
///
/// Only a regular file tells; a block device, a volume without an UpToDate disk of its own, or an
/// error read as data throughout, which is always true.
public final class LocalHoles {
  private static final int EXTENTS_MAX = 1024;

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private @Nullable Descriptor file;
  private volatile boolean isUpToDate;

  /// The volume got that disk.
  public void attached(Path disk) {
    lock.writeLock().lock();
    try {
      forget();
      if (Files.isRegularFile(disk)) {
        file = Descriptor.open(disk.toString(), Descriptor.O_RDONLY);
      }
    } catch (LinuxException _) {
      // attach itself opens the same file and reports; without a descriptor all is data
    } finally {
      lock.writeLock().unlock();
    }
  }

  public void detached() {
    lock.writeLock().lock();
    try {
      forget();
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void forget() {
    if (file != null) {
      file.close();
      file = null;
    }
  }

  /// Whether what the local disk holds is the volume's content.
  public void upToDate(boolean is) {
    isUpToDate = is;
  }

  /// Whether holes can be made and seen cheaply.
  boolean isFile() {
    lock.readLock().lock();
    try {
      return file != null;
    } finally {
      lock.readLock().unlock();
    }
  }

  /// Holes and data from `offset` on, at least one extent; may stop before the end.
  List<StatusExtent> extents(long offset, long length) {
    lock.readLock().lock();
    try {
      return file == null || !isUpToDate
          ? List.of(StatusExtent.data(length))
          : extentsOf(file, offset, length);
    } finally {
      lock.readLock().unlock();
    }
  }

  private static List<StatusExtent> extentsOf(Descriptor file, long offset, long length) {
    List<StatusExtent> extents = new ArrayList<>();
    long end = offset + length;
    for (long at = offset; at < end && extents.size() < EXTENTS_MAX; ) {
      long data = file.trySeek(at, Descriptor.SEEK_DATA);
      if (data < 0 && data != -Errno.ENXIO) {
        extents.add(StatusExtent.data(end - at));
        return extents;
      }
      long dataStart = wholeSectors(data < 0 ? end : Math.min(end, data));
      if (dataStart > at) {
        extents.add(StatusExtent.hole(dataStart - at));
        at = dataStart;
        continue;
      }
      long hole = file.trySeek(at, Descriptor.SEEK_HOLE);
      long dataEnd = hole < 0 ? end : Math.min(end, Math.ceilDiv(hole, 512L) * 512);
      extents.add(StatusExtent.data(dataEnd - at));
      at = dataEnd;
    }
    return extents;
  }

  private static long wholeSectors(long offset) {
    return offset / 512 * 512;
  }
}
