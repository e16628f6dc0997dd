package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/// sys/mman.h, sys/prctl.h and /proc/self: what keeps a block device's server alive under memory
/// pressure.
public final class ProcessMemory {
  private static final int MCL_CURRENT = 1;
  private static final int MCL_FUTURE = 2;
  private static final int MCL_ONFAULT = 4;
  private static final int PR_SET_IO_FLUSHER = 57;

  private static final MethodHandle MLOCKALL =
      NativeCall.of("mlockall", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle PRCTL =
      NativeCall.variadic(
          "prctl",
          1,
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  private static final MethodHandle MUNLOCKALL =
      NativeCall.of("munlockall", FunctionDescriptor.of(JAVA_INT));

  private ProcessMemory() {}

  /// Brings in and pins all that this process may touch now, the heap too as far as the JVM has
  /// committed it, and what it touches later when it does (MCL_ONFAULT: address space that it only
  /// reserves is never filled).
  public static void lockAll() throws LinuxException {
    lock(MCL_CURRENT);
    lock(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  }

  private static void lock(int flags) throws LinuxException {
    try {
      NativeCall.checked("mlockall", (int) MLOCKALL.invokeExact(NativeCall.state(), flags));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// Takes [#lockAll] back.
  public static void unlockAll() throws LinuxException {
    try {
      NativeCall.checked("munlockall", (int) MUNLOCKALL.invokeExact(NativeCall.state()));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }

  /// How readily the kernel ends this process when memory runs out: -1000 never, 0 as usual
  /// (proc(5), oom_score_adj). Less than before needs CAP_SYS_RESOURCE.
  public static void adjustOomScore(int adjustment) throws IOException {
    Files.writeString(Path.of("/proc/self/oom_score_adj"), Integer.toString(adjustment));
  }

  /// [#becomeIoFlusher] where it is allowed (CAP_SYS_RESOURCE); says whether it was.
  public static boolean tryBecomeIoFlusher() {
    try {
      becomeIoFlusher();
      return true;
    } catch (LinuxException notAllowed) {
      return false;
    }
  }

  /// PR_SET_IO_FLUSHER for the calling thread (threads that it starts inherit it): its allocations
  /// never wait for writeback that this process itself must serve.
  public static void becomeIoFlusher() throws LinuxException {
    try {
      NativeCall.checked(
          "prctl PR_SET_IO_FLUSHER",
          (int) PRCTL.invokeExact(NativeCall.state(), PR_SET_IO_FLUSHER, 1L, 0L, 0L, 0L));
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }
}
