package org.twincore.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// Unix signals as calls.
///
/// The JDK's `sun.misc.Signal` is supported (module jdk.unsupported), but naming it in the source
/// draws a warning that cannot be switched off, so it is found by name: the one place in the
/// product that does so.
final class Signals {
  private static final Logger LOG = System.getLogger("org.twincore.node");

  private Signals() {}

  /// Calls `action` in a thread of its own at each signal of that name (`TERM`, `HUP`). Where the
  /// JVM keeps the signal for itself (-Xrs), that is logged and nothing changes.
  static void handle(String name, Runnable action) {
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
      Object ignored =
          lookup
              .findStatic(
                  signalType, "handle", MethodType.methodType(handlerType, signalType, handlerType))
              .invoke(signal, handler);
      LOG.log(Level.DEBUG, "signal={0} was={1}", name, ignored);
    } catch (Throwable unable) {
      LOG.log(Level.WARNING, "signal={0} cannot be handled: {1}", name, unable);
    }
  }
}
