package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// sys/mount.h: mount(2) and umount2(2).
public final class SysMount {
  public static final long MS_NOSUID = 2;
  public static final long MS_NODEV = 4;

  /// Aborts what a FUSE mount has in flight, and all that comes later.
  public static final int MNT_FORCE = 1;

  public static final int MNT_DETACH = 2;

  private static final MethodHandle MOUNT =
      NativeCall.of(
          "mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
  private static final MethodHandle UMOUNT2 =
      NativeCall.of("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

  private SysMount() {}

  /// Mounts a file system of `type` with its `options` on `target`.
  public static void mount(String source, String target, String type, long flags, String options)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      int result =
          (int)
              MOUNT.invokeExact(
                  NativeCall.state(),
                  arena.allocateFrom(source),
                  arena.allocateFrom(target),
                  arena.allocateFrom(type),
                  flags,
                  arena.allocateFrom(options));
      NativeCall.checked("mount " + target, result);
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// Unmounts; with [#MNT_DETACH] even when it is in use or its server is dead.
  public static void unmount(String target, int flags) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      int result = (int) UMOUNT2.invokeExact(NativeCall.state(), arena.allocateFrom(target), flags);
      NativeCall.checked("umount2 " + target, result);
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }
}
