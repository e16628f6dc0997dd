package org.twincore.host.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// How every class of this package finds its C function and reads errno afterwards.
///
/// The captured errno lives in one small segment per thread, so a call allocates nothing.
final class NativeCall {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final ThreadLocal<MemorySegment> CAPTURED =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private NativeCall() {}

  /// A handle whose first argument is the capture segment of [#state()].
  @SuppressWarnings("restricted") // the one package that may
  static MethodHandle of(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(symbol(name), descriptor, Linker.Option.captureCallState("errno"));
  }

  /// As [#of], for a C function that takes `...` from argument `firstVariadic` on.
  @SuppressWarnings("restricted")
  static MethodHandle variadic(String name, int firstVariadic, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        symbol(name),
        descriptor,
        Linker.Option.firstVariadicArg(firstVariadic),
        Linker.Option.captureCallState("errno"));
  }

  private static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  static MemorySegment state() {
    return CAPTURED.get();
  }

  /// errno of this thread's last call.
  static int errno() {
    return (int) ERRNO.get(CAPTURED.get(), 0L);
  }

  /// Throws unless the result is one of success.
  static long checked(String call, long result) throws LinuxException {
    if (result < 0) {
      throw new LinuxException(call, errno());
    }
    return result;
  }

  /// What a handle may throw besides errors: nothing; so this is a broken invariant.
  static AssertionError unexpected(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return new AssertionError("a downcall threw", thrown);
  }
}
