package org.twincore.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.twincore.host.linux.SignalActions;

/// Unix signals as calls.
///
/// The JDK's `sun.misc.Signal` is supported (module jdk.unsupported), but naming it in the source
/// draws a warning that cannot be switched off, so it is found by name: the one place in the
/// product that does so.
final class Signals {
  private static final Logger LOG = System.getLogger("org.twincore.node");

  private Signals() {}

  /// Calls `action` in a thread of its own at each signal of that name (`INT`), unless the parent
  /// had it ignored, as a shell has SIGINT for what it runs in the background. Where the JVM keeps
  /// the signal for itself (-Xrs), that is logged and nothing changes.
  static void handle(String name, Runnable action) {
    handle(name, action, Ignored.STAYS);
  }

  /// As [#handle], but also where the parent had it ignored, as nohup has SIGHUP.
  static void take(String name, Runnable action) {
    handle(name, action, Ignored.IS_TAKEN);
  }

  /// What becomes of a signal that is ignored.
  private enum Ignored {
    STAYS,
    IS_TAKEN
  }

  private static void handle(String name, Runnable action, Ignored ignored) {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      Class<?> signalType = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      MethodHandle run =
          MethodHandles.dropArguments(
              lookup
                  .findVirtual(Runnable.class, "run", MethodType.methodType(void.class))
                  .bindTo(action),
              0,
              signalType);
      Object handler = MethodHandleProxies.asInterfaceInstance(handlerType, run);
      Object signal =
          lookup
              .findConstructor(signalType, MethodType.methodType(void.class, String.class))
              .invoke(name);
      MethodHandle handle =
          lookup.findStatic(
              signalType, "handle", MethodType.methodType(handlerType, signalType, handlerType));
      Object ignore = lookup.findStaticGetter(handlerType, "SIG_IGN", handlerType).invoke();
      // The JVM leaves a signal alone that was ignored when the process began.
      if (handle.invoke(signal, handler) == ignore && ignored == Ignored.IS_TAKEN) {
        MethodHandle number =
            lookup.findVirtual(signalType, "getNumber", MethodType.methodType(int.class));
        SignalActions.restoreDefault((int) number.invoke(signal));
        Object again = handle.invoke(signal, handler);
        LOG.log(Level.DEBUG, "signal={0} was ignored, then {1}", name, again);
      }
    } catch (Throwable unable) {
      LOG.log(Level.WARNING, "signal={0} cannot be handled: {1}", name, unable);
    }
  }
}
