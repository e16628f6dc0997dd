package org.twincore.host.disk;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;

/// One file or block device, through the page cache or past it ([DiskAccess]).
///
/// Of a block device that a [DiskLock] holds, space is given back through the lock's descriptor: to
/// all others the kernel says EBUSY, since it drops what it caches of that range.
///
/// Not through `FileChannel`, which closes itself when a thread in it is interrupted. Safe for use
/// by several threads.
final class DiskFile implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.twincore.disk");

  private static final int ZERO_CHUNK_BYTES = BufferPool.BUFFER_BYTES;

  /// O_DIRECT wants offset, length and address so aligned: enough for every disk, and whole pages,
  /// so that no page is written both ways at once (two writes of one sector are never under way
  /// together, but two of one page may be).
  private static final int DIRECT_ALIGNMENT = 4096;

  private final Descriptors buffered;
  private final Optional<Descriptors> direct;
  private final Descriptor owner;
  private final BufferPool buffers;
  private volatile long sizeBytes;

  private DiskFile(
      Descriptors buffered,
      Optional<Descriptors> direct,
      Descriptor owner,
      BufferPool buffers,
      long sizeBytes) {
    this.buffered = buffered;
    this.direct = direct;
    this.owner = owner;
    this.buffers = buffers;
    this.sizeBytes = sizeBytes;
  }

  /// Opens an existing file or device for reading and writing, through the page cache.
  static DiskFile open(String path, BufferPool buffers) throws LinuxException {
    return open(path, DiskAccess.BUFFERED, Optional.empty(), buffers);
  }

  /// As above, for a caller who holds `lock`, which stays the caller's, for as long as this is
  /// open. Where direct access is not to be had (a file system without it) the log says so, and it
  /// is buffered.
  static DiskFile open(String path, DiskAccess access, Optional<DiskLock> lock, BufferPool buffers)
      throws LinuxException {
    Descriptors buffered = Descriptors.open(path, 0);
    Optional<Descriptors> direct = Optional.empty();
    try {
      direct = access == DiskAccess.DIRECT ? openDirect(path) : Optional.empty();
      Descriptor owner = lock.map(DiskLock::holder).orElse(buffered.plain());
      long sizeBytes = buffered.plain().seek(0, Descriptor.SEEK_END);
      return new DiskFile(buffered, direct, owner, buffers, sizeBytes);
    } catch (LinuxException failed) {
      direct.ifPresent(Descriptors::close);
      buffered.close();
      throw failed;
    }
  }

  private static Optional<Descriptors> openDirect(String path) throws LinuxException {
    try {
      return Optional.of(Descriptors.open(path, Descriptor.O_DIRECT));
    } catch (LinuxException unable) {
      if (unable.errno() != Errno.EINVAL) {
        throw unable;
      }
      LOG.log(
          Level.WARNING,
          "disk={0} no direct I/O on this file system: it is read and written through the page"
              + " cache",
          path);
      return Optional.empty();
    }
  }

  private Descriptors at(long offsetBytes, long lengthBytes) {
    boolean isAligned = ((offsetBytes | lengthBytes) & (DIRECT_ALIGNMENT - 1)) == 0;
    return isAligned ? direct.orElse(buffered) : buffered;
  }

  /// The size when it was opened, or asked for last.
  long sizeBytes() {
    return sizeBytes;
  }

  /// Asks for the size that it has now.
  long measure() throws LinuxException {
    sizeBytes = buffered.plain().seek(0, Descriptor.SEEK_END);
    return sizeBytes;
  }

  /// Fills `into` from `offsetBytes` on; fails if the file ends before.
  void read(long offsetBytes, byte[] into) throws LinuxException {
    Descriptor file = at(offsetBytes, into.length).plain();
    MemorySegment buffer = buffers.take();
    try {
      for (int done = 0; done < into.length; ) {
        int part = Math.min(into.length - done, BufferPool.BUFFER_BYTES);
        file.readFully(buffer.asSlice(0, part), offsetBytes + done);
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
    Descriptor file = at(offsetBytes, length).forWrite(durable);
    MemorySegment buffer = buffers.take();
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
    Descriptor file = at(offsetBytes, lengthBytes).plain();
    MemorySegment buffer = buffers.take();
    try {
      buffer.fill((byte) 0);
      for (long done = 0; done < lengthBytes; ) {
        long part = Math.min(lengthBytes - done, ZERO_CHUNK_BYTES);
        file.writeFully(buffer.asSlice(0, part), offsetBytes + done);
        done += part;
      }
    } finally {
      buffers.put(buffer);
    }
  }

  /// Everything written before, either way, is durable on return.
  void sync() throws LinuxException {
    buffered.plain().sync();
  }

  /// Begins to write what is dirty; see [Descriptor#beginWriteback].
  void beginWriteback() throws LinuxException {
    buffered.plain().beginWriteback();
  }

  @Override
  public void close() {
    direct.ifPresent(Descriptors::close);
    buffered.close();
  }

  /// An existing file of at least that size, for tests and for callers that want a clear message.
  static void checkRange(DiskFile file, long offsetBytes, long lengthBytes) throws IOException {
    if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > file.sizeBytes - lengthBytes) {
      throw new IOException(
          "bytes " + offsetBytes + "+" + lengthBytes + " of a disk of " + file.sizeBytes);
    }
  }
}
