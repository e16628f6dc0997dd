package org.twincore.host.blockdev;

import java.io.IOException;
import java.io.Writer;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The [DeviceWarden] of this process, a child that runs while there is a device to be watched.
///
/// It is told of a device before the device is made, and reads what it was told even if this
/// process dies before it has started; so there is no moment in which nobody would give the device
/// up.
final class WardenProcess {
  private static final Logger LOG = System.getLogger(WardenProcess.class.getName());

  /// Signals that a terminal or a service manager sends to all processes of a service are not for
  /// the warden: it ends when its input does.
  private static final List<String> DEAF =
      List.of("/bin/sh", "-c", "trap '' HUP INT TERM; exec \"$@\"", "sh");

  private static final List<String> SMALL =
      List.of(
          "-Xmx16m",
          "-Xss256k",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:ReservedCodeCacheSize=8m",
          "-XX:-UsePerfData",
          "--enable-native-access=ALL-UNNAMED");

  private final Set<String> watched = new LinkedHashSet<>();
  private @Nullable Process process;

  /// From here on the device with that mark is given up when this process ends. Where no warden can
  /// be had the log says what that means.
  synchronized void watch(String backend) {
    watched.add(backend);
    try {
      Process running = process;
      if (running == null || !running.isAlive()) {
        process = start();
        tell(process, watched);
      } else {
        tell(running, List.of(backend));
      }
    } catch (IOException failed) {
      warn(String.valueOf(failed.getMessage()));
    }
  }

  /// The device is no more. The warden ends with the last one.
  synchronized void forget(String backend) {
    watched.remove(backend);
    Process running = process;
    if (watched.isEmpty() && running != null) {
      process = null;
      try {
        running.outputWriter(StandardCharsets.UTF_8).close();
      } catch (IOException dead) {
        LOG.log(Level.DEBUG, "device warden: {0}", dead.getMessage());
      }
    }
  }

  private static void tell(Process warden, Iterable<String> backends) throws IOException {
    Writer input = warden.outputWriter(StandardCharsets.UTF_8);
    for (String backend : backends) {
      input.write(backend + "\n");
    }
    input.flush();
  }

  private Process start() throws IOException {
    List<String> command = new ArrayList<>(DEAF);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SMALL);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(DeviceWarden.class.getName());
    Process started =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.onExit().thenAccept(this::ended);
    return started;
  }

  private synchronized void ended(Process warden) {
    if (warden == process) {
      warn("it ended with " + warden.exitValue());
    }
  }

  private static void warn(String why) {
    LOG.log(
        Level.WARNING,
        "no device warden: {0}; until a device is shown again, requests that are in flight when this"
            + " node is killed wait for its next start",
        why);
  }
}
