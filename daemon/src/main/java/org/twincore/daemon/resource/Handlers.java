package org.twincore.daemon.resource;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;

/// The handler programs of a resource (docs/handlers.md): which are configured, and their calls,
/// each in a thread of its own.
public final class Handlers {
  private static final Logger LOG = System.getLogger("org.twincore.handler");

  /// So many at once; the kernel's worker calls one after the other.
  private static final int RUNNING_MAX = 16;

  private final String resource;
  private final Surroundings surroundings;
  private final Semaphore room = new Semaphore(RUNNING_MAX);
  private volatile Map<String, String> configured;

  /// Of the node: its name and the folder of its socket, for tools that a program calls; how long a
  /// program may take.
  public record Surroundings(String node, Path run, Duration limit) {}

  /// `configured`: programs by the handler's name; a name in capital letters is a variable that all
  /// of them get.
  Handlers(String resource, Map<String, String> configured, Surroundings surroundings) {
    this.resource = resource;
    this.configured = configured;
    this.surroundings = surroundings;
  }

  void set(Map<String, String> newlyConfigured) {
    configured = newlyConfigured;
  }

  Map<String, String> configured() {
    return configured;
  }

  /// Starts the handler of that name; its exit code goes to `ended`, 0 at once if none is
  /// configured (drbdadm's answer to the kernel then).
  void run(String name, Map<String, String> environment, IntConsumer ended) {
    Map<String, String> all = configured;
    String program = all.get(name);
    if (program == null) {
      answer(name, 0, ended);
      return;
    }
    if (!room.tryAcquire()) {
      LOG.log(
          Level.ERROR,
          "resource={0} handler={1} not run: {2} programs run already",
          resource,
          name,
          RUNNING_MAX);
      answer(name, HandlerRun.COULD_NOT_RUN, ended);
      return;
    }
    Map<String, String> variables = new TreeMap<>(environment);
    all.forEach((key, value) -> {
      if (isVariable(key)) {
        variables.put(key, value);
      }
    });
    variables.put("TWINCORE_NODE", surroundings.node);
    variables.put("TWINCORE_RUN", surroundings.run.toString());
    HandlerRun run =
        new HandlerRun(new HandlerRun.Name(resource, name), program, surroundings.limit);
    Thread.ofVirtual()
        .name("handler-" + name)
        .start(() -> {
          int exitCode;
          try {
            exitCode = run.toEnd(variables);
          } finally {
            room.release();
          }
          ended.accept(exitCode);
        });
  }

  /// Not in the caller's thread: it may stand in the middle of a turn.
  private static void answer(String name, int exitCode, IntConsumer ended) {
    Thread.ofVirtual().name("handler-" + name).start(() -> ended.accept(exitCode));
  }

  private static boolean isVariable(String name) {
    return name.matches("[A-Z][A-Z0-9_]*");
  }
}
