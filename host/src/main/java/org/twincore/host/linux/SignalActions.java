package org.twincore.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/// signal.h: what this process does at a signal.
public final class SignalActions {
  private static final long SIG_DFL = 0;
  private static final long SIG_ERR = -1;

  private static final MethodHandle SIGNAL =
      NativeCall.of("signal", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG));

  private SignalActions() {}

  /// The signal has its default effect again: what a parent such as nohup had it ignored is undone.
  public static void restoreDefault(int signal) throws LinuxException {
    try {
      long before = (long) SIGNAL.invokeExact(NativeCall.state(), signal, SIG_DFL);
      NativeCall.checked("signal " + signal, before == SIG_ERR ? -1 : 0);
    } catch (LinuxException failed) {
      throw failed;
    } catch (Throwable thrown) {
      throw NativeCall.unexpected(thrown);
    }
  }
}
