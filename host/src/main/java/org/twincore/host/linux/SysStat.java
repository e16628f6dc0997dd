package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// sys/stat.h: device nodes.
public final class SysStat {
  private static final int S_IFMT = 0170000;
  private static final int S_IFBLK = 0060000;

  private static final MethodHandle MKNOD =
      NativeCall.of("mknod", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG));

  private SysStat() {}

  /// mknod(2) of a block device node.
  public static void makeBlockNode(String path, int permissions, int major, int minor)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      int result =
          (int)
              MKNOD.invokeExact(
                  NativeCall.state(),
                  arena.allocateFrom(path),
                  S_IFBLK | permissions,
                  device(major, minor));
      NativeCall.checked("mknod " + path, result);
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// Whether `st_mode` is a block device's.
  public static boolean isBlockDevice(int mode) {
    return (mode & S_IFMT) == S_IFBLK;
  }

  /// glibc's gnu_dev_major.
  public static int major(long device) {
    return (int) (((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL));
  }

  /// glibc's gnu_dev_minor.
  public static int minor(long device) {
    return (int) ((device & 0xff) | ((device >>> 12) & ~0xffL));
  }

  /// glibc's makedev (sys/sysmacros.h).
  static long device(int major, int minor) {
    return (minor & 0xffL)
        | ((major & 0xfffL) << 8)
        | ((minor & ~0xffL) << 12)
        | ((major & ~0xfffL) << 32);
  }
}
