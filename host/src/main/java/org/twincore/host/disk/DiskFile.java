package org.twincore.host.disk;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;

/// One file or block device, opened twice: once as it is, once so that a write returns only when it
/// is durable (O_DSYNC: that one range, without waiting for everything else that is dirty).
///
/// Of a block device that a [DiskLock] holds, space is given back through the lock's descriptor: to
/// all others the kernel says EBUSY, since it drops what it caches of that range.
///
/// Not through `FileChannel`, which closes itself when a thread in it is interrupted. Safe for use
/// by several threads.
final class DiskFile implements AutoCloseable {
  private static final int ZERO_CHUNK_BYTES = BufferPool.BUFFER_BYTES;

  private final Descriptor plain;
  private final Descriptor synced;
  private final Descriptor owner;
  private final BufferPool buffers;
  private final long sizeBytes;

  private DiskFile(
      Descriptor plain, Descriptor synced, Descriptor owner, BufferPool buffers, long sizeBytes) {
    this.plain = plain;
    this.synced = synced;
    this.owner = owner;
    this.buffers = buffers;
    this.sizeBytes = sizeBytes;
  }

  /// Opens an existing file or device for reading and writing.
  static DiskFile open(String path, BufferPool buffers) throws LinuxException {
    return open(path, Optional.empty(), buffers);
  }

  /// As above, for a caller who holds `lock`, which stays the caller's, for as long as this is
  /// open.
  static DiskFile open(String path, Optional<DiskLock> lock, BufferPool buffers)
      throws LinuxException {
    Descriptor plain = Descriptor.open(path, Descriptor.O_RDWR);
    try {
      Descriptor synced = Descriptor.open(path, Descriptor.O_RDWR | Descriptor.O_DSYNC);
      try {
        Descriptor owner = lock.map(DiskLock::holder).orElse(plain);
        long sizeBytes = plain.seek(0, Descriptor.SEEK_END);
        return new DiskFile(plain, synced, owner, buffers, sizeBytes);
      } catch (LinuxException failed) {
        synced.close();
        throw failed;
      }
    } catch (LinuxException failed) {
      plain.close();
      throw failed;
    }
  }

  /// The size when it was opened.
  long sizeBytes() {
    return sizeBytes;
  }

  /// Fills `into` from `offsetBytes` on; fails if the file ends before.
  void read(long offsetBytes, byte[] into) throws LinuxException {
    MemorySegment buffer = buffers.take();
    try {
      for (int done = 0; done < into.length; ) {
        int part = Math.min(into.length - done, BufferPool.BUFFER_BYTES);
        plain.readFully(buffer.asSlice(0, part), offsetBytes + done);
        MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, into, done, part);
        done += part;
      }
    } finally {
      buffers.put(buffer);
    }
  }

  /// Writes `length` bytes of `array` from `from` on; durable on return if `durable`.
  void write(long offsetBytes, byte[] array, int from, int length, boolean durable)
      throws LinuxException {
    MemorySegment buffer = buffers.take();
    Descriptor file = durable ? synced : plain;
    try {
      for (int done = 0; done < length; ) {
        int part = Math.min(length - done, BufferPool.BUFFER_BYTES);
        MemorySegment.copy(array, from + done, buffer, ValueLayout.JAVA_BYTE, 0, part);
        file.writeFully(buffer.asSlice(0, part), offsetBytes + done);
        done += part;
      }
    } finally {
      buffers.put(buffer);
    }
  }

  /// The range reads as zeroes afterwards and gives its space back, where the file system or device
  /// can promise both; else zeroes are written.
  void punch(long offsetBytes, long lengthBytes) throws LinuxException {
    zeroBy(
        Descriptor.FALLOC_FL_PUNCH_HOLE | Descriptor.FALLOC_FL_KEEP_SIZE, offsetBytes, lengthBytes);
  }

  /// The range reads as zeroes afterwards and stays allocated.
  void zero(long offsetBytes, long lengthBytes) throws LinuxException {
    zeroBy(
        Descriptor.FALLOC_FL_ZERO_RANGE | Descriptor.FALLOC_FL_KEEP_SIZE, offsetBytes, lengthBytes);
  }

  /// On a block device fallocate discards only where the device promises zeroes afterwards
  /// (blkdev_fallocate, REQ_OP_WRITE_ZEROES), else it answers EOPNOTSUPP.
  private void zeroBy(int mode, long offsetBytes, long lengthBytes) throws LinuxException {
    try {
      owner.fallocate(mode, offsetBytes, lengthBytes);
    } catch (LinuxException unable) {
      switch (unable.errno()) {
        case Errno.EOPNOTSUPP, Errno.EINVAL, Errno.EBUSY -> writeZeroes(offsetBytes, lengthBytes);
        default -> throw unable;
      }
    }
  }

  private void writeZeroes(long offsetBytes, long lengthBytes) throws LinuxException {
    MemorySegment buffer = buffers.take();
    try {
      buffer.fill((byte) 0);
      for (long done = 0; done < lengthBytes; ) {
        long part = Math.min(lengthBytes - done, ZERO_CHUNK_BYTES);
        plain.writeFully(buffer.asSlice(0, part), offsetBytes + done);
        done += part;
      }
    } finally {
      buffers.put(buffer);
    }
  }

  /// Everything written before is durable on return.
  void sync() throws LinuxException {
    plain.sync();
  }

  /// Begins to write what is dirty; see [Descriptor#beginWriteback].
  void beginWriteback() throws LinuxException {
    plain.beginWriteback();
  }

  @Override
  public void close() {
    plain.close();
    synced.close();
  }

  /// An existing file of at least that size, for tests and for callers that want a clear message.
  static void checkRange(DiskFile file, long offsetBytes, long lengthBytes) throws IOException {
    if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > file.sizeBytes - lengthBytes) {
      throw new IOException(
          "bytes " + offsetBytes + "+" + lengthBytes + " of a disk of " + file.sizeBytes);
    }
  }
}
