package org.twincore.daemon.resource;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.function.IntConsumer;

/// Runs the handler programs of a resource, each by `/bin/sh -c` in a thread of its own.
final class Handlers {
  private static final Logger LOG = System.getLogger("org.twincore.handler");
  private static final int COULD_NOT_RUN = 127;

  private final String resource;
  private volatile Map<String, String> commands;

  Handlers(String resource, Map<String, String> commands) {
    this.resource = resource;
    this.commands = commands;
  }

  void set(Map<String, String> newCommands) {
    commands = newCommands;
  }

  Map<String, String> commands() {
    return commands;
  }

  /// Starts the handler of that name; its exit code goes to `ended`, 0 at once if none is
  /// configured (drbdadm's answer to the kernel then).
  void run(String name, Map<String, String> environment, IntConsumer ended) {
    String command = commands.get(name);
    Thread.ofVirtual()
        .name("handler-" + name)
        .start(() -> ended.accept(command == null ? 0 : execute(name, command, environment)));
  }

  private int execute(String name, String command, Map<String, String> environment) {
    LOG.log(Level.INFO, "resource={0} handler={1} begins", resource, name);
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command);
    builder.environment().putAll(environment);
    builder.redirectInput(new File("/dev/null"));
    builder.redirectOutput(ProcessBuilder.Redirect.INHERIT);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    int exitCode;
    try {
      exitCode = builder.start().waitFor();
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "resource={0} handler={1} error={2}", resource, name, failed);
      exitCode = COULD_NOT_RUN;
    } catch (InterruptedException _) {
      exitCode = COULD_NOT_RUN;
    }
    Level level = exitCode == 0 ? Level.INFO : Level.WARNING;
    LOG.log(level, "resource={0} handler={1} exit={2}", resource, name, exitCode);
    return exitCode;
  }
}
