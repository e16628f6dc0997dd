package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The processes that a run started: each with a log file, all ended at its end.
final class Children implements AutoCloseable {
  private static final int STOP_SECONDS = 12;
  private static final int TOOL_SECONDS = 300;

  private final Path folder;
  private final List<Process> processes = new ArrayList<>();

  Children(Path folder) {
    this.folder = folder;
  }

  /// Starts a server; what it prints goes to `NAME.log`.
  synchronized Process start(String name, List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    processes.add(process);
    return process;
  }

  Path log(String name) {
    return folder.resolve(name + ".log");
  }

  /// Runs a tool to its end and returns what it printed; fails if the tool does.
  String run(Map<String, String> environment, List<String> command) throws IOException {
    Path output = Files.createTempFile(folder, "tool-", ".out");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    synchronized (this) {
      processes.add(process);
    }
    boolean isDone = await(process, TOOL_SECONDS);
    String text = Files.readString(output);
    Files.delete(output);
    if (!isDone || process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + " failed:\n" + text);
    }
    synchronized (this) {
      processes.remove(process);
    }
    return text;
  }

  /// SIGKILL, and waits for the end.
  static void kill(Process process) {
    process.destroyForcibly();
    await(process, STOP_SECONDS);
  }

  /// SIGTERM to all, SIGKILL to those that do not end in time.
  @Override
  public synchronized void close() {
    processes.forEach(Process::destroy);
    for (Process process : processes) {
      if (!await(process, STOP_SECONDS)) {
        kill(process);
      }
    }
    processes.clear();
  }

  private static boolean await(Process process, int seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
