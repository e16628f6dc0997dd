package org.twincore.host.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.StatusExtent;

/// A plain file as a device without a replica, for tests and comparisons. It waits for the disk in
/// the caller's thread, which a target of a resource must not do.
public final class FileTarget implements BlockTarget {
  /// Of zeroes written at a time.
  private static final int ZERO_BYTES = 1 << 20;

  private final FileChannel file;
  private final Descriptor descriptor;
  private final long sizeBytes;

  private FileTarget(FileChannel file, Descriptor descriptor, long sizeBytes) {
    this.file = file;
    this.descriptor = descriptor;
    this.sizeBytes = sizeBytes;
  }

  /// Opens an existing file; its size, a multiple of 512, stays.
  public static FileTarget open(Path path) throws IOException {
    FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new FileTarget(file, Descriptor.open(path.toString(), Descriptor.O_RDWR), file.size());
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    ByteBuffer data = ByteBuffer.allocate(length);
    try {
      while (data.hasRemaining()) {
        if (file.read(data, offset + data.position()) < 0) {
          throw new IOException("file ends at " + (offset + data.position()));
        }
      }
    } catch (IOException failed) {
      done.failed(NbdError.EIO, String.valueOf(failed.getMessage()));
      return;
    }
    done.data(data.flip());
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    run(
        done,
        () -> {
          writeAll(ByteBuffer.wrap(array, arrayOffset, length), offset);
          sync(fua);
        });
  }

  @Override
  public void flush(Done done) {
    run(done, () -> sync(true));
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    run(
        done,
        () -> {
          int mode =
              switch (kind) {
                case TRIM, ZEROES, FAST_ZEROES ->
                    Descriptor.FALLOC_FL_PUNCH_HOLE | Descriptor.FALLOC_FL_KEEP_SIZE;
                case ZEROES_NO_HOLE, FAST_ZEROES_NO_HOLE -> Descriptor.FALLOC_FL_ZERO_RANGE;
              };
          try {
            descriptor.fallocate(mode, offset, length);
          } catch (LinuxException unable) {
            if (unable.errno() != Errno.EOPNOTSUPP
                || kind == Discard.FAST_ZEROES
                || kind == Discard.FAST_ZEROES_NO_HOLE) {
              throw unable;
            }
            writeZeroes(offset, length);
          }
          sync(fua);
        });
  }

  @Override
  public void cache(long offset, long length, Done done) {
    done.done();
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    List<StatusExtent> extents = new ArrayList<>();
    long at = offset;
    long end = offset + length;
    while (at < end) {
      long data = descriptor.trySeek(at, Descriptor.SEEK_DATA);
      if (data < 0 && data != -Errno.ENXIO) {
        extents.add(StatusExtent.data(end - at));
        break;
      }
      long dataStart = data < 0 ? end : Math.min(end, data);
      if (dataStart > at) {
        extents.add(StatusExtent.hole(dataStart - at));
      }
      if (dataStart == end) {
        break;
      }
      long hole = descriptor.trySeek(dataStart, Descriptor.SEEK_HOLE);
      long dataEnd = hole < 0 ? end : Math.min(end, hole);
      extents.add(StatusExtent.data(dataEnd - dataStart));
      at = dataEnd;
    }
    done.status(extents);
  }

  /// A connection has gone; the file stays open for the others until [#closeFile].
  @Override
  public void close() {}

  public void closeFile() throws IOException {
    try (descriptor) {
      file.close();
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void run(Done done, Work work) {
    try {
      work.run();
    } catch (LinuxException failed) {
      done.failed(NbdError.ofCode(failed.errno()), String.valueOf(failed.getMessage()));
      return;
    } catch (IOException failed) {
      done.failed(NbdError.EIO, String.valueOf(failed.getMessage()));
      return;
    }
    done.done();
  }

  private void sync(boolean isWanted) throws IOException {
    if (isWanted) {
      file.force(false);
    }
  }

  private void writeAll(ByteBuffer data, long offset) throws IOException {
    long at = offset;
    while (data.hasRemaining()) {
      at += file.write(data, at);
    }
  }

  private void writeZeroes(long offset, long length) throws IOException {
    byte[] zeroes = new byte[(int) Math.min(ZERO_BYTES, length)];
    for (long at = offset; at < offset + length; at += zeroes.length) {
      int part = (int) Math.min(zeroes.length, offset + length - at);
      writeAll(ByteBuffer.wrap(zeroes, 0, part), at);
    }
  }
}
