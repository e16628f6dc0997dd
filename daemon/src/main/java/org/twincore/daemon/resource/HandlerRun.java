package org.twincore.daemon.resource;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// One run of a handler program by `/bin/sh -c`: what it says and how it ends goes to the log, and
/// when it takes too long it is ended with everything that it started.
final class HandlerRun {
  /// As a shell says that there is no such program.
  static final int COULD_NOT_RUN = 127;

  /// As drbdadm says that a program did not end in time.
  static final int TOOK_TOO_LONG = 20;

  private static final Logger LOG = System.getLogger("org.twincore.handler");
  private static final int LINES_MAX = 200;

  /// For what a program that has ended left in the pipe; what it started may hold it open.
  private static final long LAST_WORDS_MILLIS = 500;

  /// Whoever is started while others are ended is found in the next round.
  private static final int ENDING_ROUNDS_MAX = 20;

  /// In the environment of a program and of all that it starts.
  private static final String MARK = "TWINCORE_HANDLER_RUN";

  private static final AtomicLong LAST = new AtomicLong();

  private final Name name;
  private final String program;
  private final Duration limit;
  private final String mark = ProcessHandle.current().pid() + "-" + LAST.incrementAndGet();

  /// Whose handler, and which.
  record Name(String resource, String handler) {
    @Override
    public String toString() {
      return "resource=" + resource + " handler=" + handler;
    }
  }

  HandlerRun(Name name, String program, Duration limit) {
    this.name = name;
    this.program = program;
    this.limit = limit;
  }

  /// Runs it with these variables besides the node's own; waits for the end and returns the exit
  /// code.
  int toEnd(Map<String, String> environment) {
    LOG.log(Level.INFO, "{0} begins: {1}", name, program);
    long began = System.nanoTime();
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", program);
    builder.environment().putAll(environment);
    builder.environment().put(MARK, mark);
    builder.redirectInput(new File("/dev/null"));
    builder.redirectErrorStream(true);
    int exitCode;
    try {
      exitCode = await(builder.start());
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "{0} could not be run: {1}", name, failed.getMessage());
      exitCode = COULD_NOT_RUN;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      exitCode = COULD_NOT_RUN;
    }
    LOG.log(
        exitCode == 0 ? Level.INFO : Level.WARNING,
        "{0} exit={1} millis={2}",
        name,
        exitCode,
        Long.toString(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)));
    return exitCode;
  }

  private int await(Process child) throws InterruptedException {
    Thread words = Thread.ofVirtual().name("handler-words").start(() -> logWords(child));
    boolean hasEnded = child.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
    if (!hasEnded) {
      LOG.log(
          Level.WARNING,
          "{0} took more than {1} s: ended, with all that it started",
          name,
          Long.toString(limit.toSeconds()));
      endAll(child);
    }
    words.join(LAST_WORDS_MILLIS);
    return hasEnded ? child.exitValue() : TOOK_TOO_LONG;
  }

  /// To the end of the pipe, so that nobody waits for us.
  private void logWords(Process child) {
    try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
      int count = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        count++;
        if (count <= LINES_MAX) {
          LOG.log(Level.INFO, "{0} says: {1}", name, line);
        } else if (count == LINES_MAX + 1) {
          LOG.log(Level.WARNING, "{0} says more than {1} lines", name, LINES_MAX);
        }
      }
    } catch (IOException closed) {
      LOG.log(Level.DEBUG, "{0} its pipe: {1}", name, closed.getMessage());
    }
  }

  /// The child, its descendants, and whoever of them has another parent by now.
  private void endAll(Process child) throws InterruptedException {
    child.descendants().forEach(ProcessHandle::destroyForcibly);
    child.destroyForcibly();
    child.waitFor();
    for (int round = 0; round < ENDING_ROUNDS_MAX && endMarked(); round++) {
      Thread.sleep(10); // what was ended in this round is still in /proc for a moment
    }
  }

  /// Ends every process that has the mark; whether there was one.
  private boolean endMarked() {
    boolean found = false;
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        String number = process.getFileName().toString();
        if (number.matches("[0-9]+") && hasMark(process)) {
          found |=
              ProcessHandle.of(Long.parseLong(number))
                  .map(ProcessHandle::destroyForcibly)
                  .orElse(false);
        }
      }
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "{0} /proc cannot be read: {1}", name, failed.getMessage());
    }
    return found;
  }

  private boolean hasMark(Path process) {
    try {
      String environment =
          new String(Files.readAllBytes(process.resolve("environ")), StandardCharsets.ISO_8859_1);
      return environment.contains(MARK + "=" + mark + "\0");
    } catch (IOException _) {
      return false; // it is gone, or somebody else's
    }
  }
}
