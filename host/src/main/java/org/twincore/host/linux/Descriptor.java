package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicBoolean;

/// An open file descriptor with the calls of fcntl.h, unistd.h and sys/ioctl.h.
///
/// Safe for use by several threads, like the kernel's; closing while another thread is inside a
/// call is the caller's mistake. Closed once, later calls of `close` do nothing.
public final class Descriptor implements AutoCloseable {
  /// fcntl.h (asm-generic).
  public static final int O_RDONLY = 0;

  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_DIRECT = 0x4000;
  public static final int O_CLOEXEC = 0x80000;
  public static final int O_DSYNC = 0x1000;

  /// linux/falloc.h.
  public static final int FALLOC_FL_KEEP_SIZE = 1;

  public static final int FALLOC_FL_PUNCH_HOLE = 2;
  public static final int FALLOC_FL_ZERO_RANGE = 0x10;

  private static final MethodHandle OPEN =
      NativeCall.variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle CLOSE =
      NativeCall.of("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle READ =
      NativeCall.of("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITE =
      NativeCall.of("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle PREAD =
      NativeCall.of(
          "pread", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle PWRITE =
      NativeCall.of(
          "pwrite", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle FDATASYNC =
      NativeCall.of("fdatasync", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle SYNC_FILE_RANGE =
      NativeCall.of(
          "sync_file_range",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  /// linux/fs.h: begin to write what is dirty, wait for nothing.
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final MethodHandle FALLOCATE =
      NativeCall.of(
          "fallocate", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle IOCTL =
      NativeCall.variadic(
          "ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle IOCTL_STRUCT =
      NativeCall.variadic(
          "ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

  private static final MethodHandle FCNTL_STRUCT =
      NativeCall.variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

  /// fcntl.h: a lock that belongs to the open file, not to the process. `struct flock` (64 bit):
  /// s16 type, s16 whence, s64 start at 8, s64 length at 16, s32 pid at 24.
  private static final int F_OFD_SETLK = 37;

  private static final short F_WRLCK = 1;
  private static final long FLOCK_BYTES = 32;

  private static final MethodHandle LSEEK =
      NativeCall.of("lseek", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

  /// unistd.h: from the end; the next data; the next hole (the end of the file counts as one).
  public static final int SEEK_END = 2;

  public static final int SEEK_DATA = 3;

  public static final int SEEK_HOLE = 4;

  private final int number;
  private final String path;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Descriptor(int number, String path) {
    this.number = number;
    this.path = path;
  }

  /// A descriptor that another class of this package got from the kernel; `name` is for messages.
  static Descriptor of(int number, String name) {
    return new Descriptor(number, name);
  }

  /// open(2); O_CLOEXEC is always set. `mode` counts only with O_CREAT.
  public static Descriptor open(String path, int flags, int mode) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      int fd =
          (int)
              OPEN.invokeExact(
                  NativeCall.state(), arena.allocateFrom(path), flags | O_CLOEXEC, mode);
      NativeCall.checked("open " + path, fd);
      return new Descriptor(fd, path);
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  public static Descriptor open(String path, int flags) throws LinuxException {
    return open(path, flags, 0);
  }

  /// The number, for mount options and for ioctls that name another descriptor.
  public int number() {
    return number;
  }

  /// read(2) into all of `buffer`: bytes read, or minus errno; never throws.
  public long tryRead(MemorySegment buffer) {
    try {
      long got = (long) READ.invokeExact(NativeCall.state(), number, buffer, buffer.byteSize());
      return got >= 0 ? got : -NativeCall.errno();
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// write(2) of the first `length` bytes: bytes written, or minus errno; never throws.
  public long tryWrite(MemorySegment buffer, long length) {
    try {
      long put = (long) WRITE.invokeExact(NativeCall.state(), number, buffer, length);
      return put >= 0 ? put : -NativeCall.errno();
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// pread(2) until `buffer` is full; fails at the end of the file.
  public void readFully(MemorySegment buffer, long offsetBytes) throws LinuxException {
    long done = 0;
    while (done < buffer.byteSize()) {
      long got;
      try {
        got =
            (long)
                PREAD.invokeExact(
                    NativeCall.state(),
                    number,
                    buffer.asSlice(done),
                    buffer.byteSize() - done,
                    offsetBytes + done);
      } catch (Throwable thrown) {
        throw NativeCall.unexpected(thrown);
      }
      if (got < 0 && NativeCall.errno() == Errno.EINTR) {
        continue;
      }
      NativeCall.checked("pread " + path, got);
      if (got == 0) {
        throw new LinuxException("pread " + path + " behind its end", Errno.EIO);
      }
      done += got;
    }
  }

  /// pwrite(2) of all of `buffer`.
  public void writeFully(MemorySegment buffer, long offsetBytes) throws LinuxException {
    long done = 0;
    while (done < buffer.byteSize()) {
      long put;
      try {
        put =
            (long)
                PWRITE.invokeExact(
                    NativeCall.state(),
                    number,
                    buffer.asSlice(done),
                    buffer.byteSize() - done,
                    offsetBytes + done);
      } catch (Throwable thrown) {
        throw NativeCall.unexpected(thrown);
      }
      if (put < 0 && NativeCall.errno() == Errno.EINTR) {
        continue;
      }
      done += NativeCall.checked("pwrite " + path, put);
    }
  }

  /// fdatasync(2): everything written before is on stable storage.
  public void sync() throws LinuxException {
    try {
      NativeCall.checked(
          "fdatasync " + path, (int) FDATASYNC.invokeExact(NativeCall.state(), number));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// sync_file_range(2): begins to write to the disk all that is dirty in the page cache. Nothing
  /// is durable on return; an error of the disk is left for the next [#sync].
  public void beginWriteback() throws LinuxException {
    try {
      NativeCall.checked(
          "sync_file_range " + path,
          (int)
              SYNC_FILE_RANGE.invokeExact(
                  NativeCall.state(), number, 0L, 0L, SYNC_FILE_RANGE_WRITE));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// fallocate(2) with FALLOC_FL_ flags.
  public void fallocate(int mode, long offsetBytes, long lengthBytes) throws LinuxException {
    try {
      NativeCall.checked(
          "fallocate " + path,
          (int) FALLOCATE.invokeExact(NativeCall.state(), number, mode, offsetBytes, lengthBytes));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// lseek(2) with SEEK_DATA or SEEK_HOLE: the offset found, or minus errno (ENXIO: nothing behind
  /// the offset); never throws.
  public long trySeek(long offsetBytes, int whence) {
    try {
      long found = (long) LSEEK.invokeExact(NativeCall.state(), number, offsetBytes, whence);
      return found >= 0 ? found : -NativeCall.errno();
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// lseek(2): the new position. With SEEK_END and 0 it is the size, of block devices too.
  public long seek(long offsetBytes, int whence) throws LinuxException {
    long found = trySeek(offsetBytes, whence);
    if (found < 0) {
      throw new LinuxException("lseek " + path, (int) -found);
    }
    return found;
  }

  /// Locks a range of bytes against every other open of the file, in this process and all others,
  /// until this descriptor is closed; length 0 means up to whatever end. False: somebody else has
  /// it.
  public boolean tryLock(long offsetBytes, long lengthBytes) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment lock = arena.allocate(FLOCK_BYTES, Long.BYTES);
      lock.set(JAVA_SHORT, 0, F_WRLCK);
      lock.set(JAVA_LONG, 8, offsetBytes);
      lock.set(JAVA_LONG, 16, lengthBytes);
      int result = (int) FCNTL_STRUCT.invokeExact(NativeCall.state(), number, F_OFD_SETLK, lock);
      int errno = result < 0 ? NativeCall.errno() : 0;
      if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
        return false;
      }
      NativeCall.checked("fcntl F_OFD_SETLK " + path, result);
      return true;
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// ioctl(2) with a number as argument; the call's result.
  public int ioctl(String name, long request, long argument) throws LinuxException {
    try {
      return (int)
          NativeCall.checked(
              name + " " + path,
              (int) IOCTL.invokeExact(NativeCall.state(), number, request, argument));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// ioctl(2) with a struct as argument; the call's result.
  public int ioctl(String name, long request, MemorySegment struct) throws LinuxException {
    try {
      return (int)
          NativeCall.checked(
              name + " " + path,
              (int) IOCTL_STRUCT.invokeExact(NativeCall.state(), number, request, struct));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        int ignored = (int) CLOSE.invokeExact(NativeCall.state(), number);
        assert ignored <= 0;
      } catch (Throwable thrown) {
        throw NativeCall.unexpected(thrown);
      }
    }
  }

  @Override
  public String toString() {
    return path + " (fd " + number + ")";
  }
}
