package org.twincore.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Brings what runs to what drbd.conf says, by the tool's own `adjust` as a child process.
///
/// Not in the node itself: the file, its checks and the order of the steps are the tool's, and a
/// hostile file costs the child's memory, not that of the process that holds the data. What the
/// child says goes to the log. One runs at a time; what is asked meanwhile makes one more run.
final class Adjustment {
  private static final Logger LOG = System.getLogger("org.twincore.adjust");
  private static final int LINES_MAX = 200;
  private static final long SECONDS_MAX = 600;

  private final String command;
  private final String node;
  private final Path run;
  private final AtomicInteger asked = new AtomicInteger();

  /// `command` is for a shell; it is told the node's name and folder in its environment.
  Adjustment(String command, String node, Path run) {
    this.command = command;
    this.node = node;
    this.run = run;
  }

  /// Returns at once.
  void ask() {
    if (asked.getAndIncrement() == 0) {
      Thread.ofVirtual().name("adjust").start(this::runAll);
    }
  }

  private void runAll() {
    int seen;
    do {
      seen = asked.get();
      runOnce();
    } while (!asked.compareAndSet(seen, 0));
  }

  private void runOnce() {
    LOG.log(Level.INFO, "node={0} begins: {1}", node, command);
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", "exec " + command);
    builder.environment().put("TWINCORE_NODE", node);
    builder.environment().put("TWINCORE_RUN", run.toString());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectErrorStream(true);
    try {
      Process child = builder.start();
      Thread.ofVirtual().name("adjust-limit").start(() -> limit(child));
      logLines(child);
      int code = child.waitFor();
      LOG.log(code == 0 ? Level.INFO : Level.WARNING, "node={0} exit={1}", node, code);
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "node={0} failed: {1}", node, failed.getMessage());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Reads to the end, so that the child never waits for us.
  private void logLines(Process child) throws IOException {
    try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
      int count = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        count++;
        if (count <= LINES_MAX) {
          LOG.log(Level.WARNING, "node={0} says: {1}", node, line);
        }
      }
    }
  }

  private void limit(Process child) {
    try {
      if (!child.waitFor(SECONDS_MAX, TimeUnit.SECONDS)) {
        LOG.log(Level.WARNING, "node={0} took more than {1} s: ended", node, SECONDS_MAX);
        child.descendants().forEach(ProcessHandle::destroyForcibly);
        child.destroyForcibly();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
