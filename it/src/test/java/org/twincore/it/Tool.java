package org.twincore.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// One run of a program that Debian packages: its exit code and all it printed.
record Tool(List<String> command, int exitCode, String output) {
  private static final long LIMIT_SECONDS = 60;

  /// Skips the calling test, aloud, where a program is missing.
  static void require(String packageName, String... programs) {
    for (String program : programs) {
      boolean isThere =
          program.startsWith("/")
              ? Files.exists(Path.of(program))
              : Files.isExecutable(Path.of("/usr/bin", program))
                  || Files.isExecutable(Path.of("/usr/sbin", program));
      Assumptions.assumeTrue(isThere, program + " is missing: apt-get install " + packageName);
    }
  }

  /// Runs to the end, at most a minute; standard error is part of the output.
  static Tool run(String... command) throws IOException, InterruptedException {
    Path log = Files.createTempFile("twincore-tool", ".log");
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      boolean isDone = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (!isDone) {
        process.destroyForcibly().waitFor();
      }
      String output = new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
      return new Tool(
          new ArrayList<>(List.of(command)),
          isDone ? process.exitValue() : -1,
          isDone ? output : output + "\nended after " + LIMIT_SECONDS + " s");
    } finally {
      Files.deleteIfExists(log);
    }
  }

  /// The output of a run that must succeed.
  static String ok(String... command) throws IOException, InterruptedException {
    Tool run = run(command);
    if (run.exitCode != 0) {
      throw new AssertionError(run.toString());
    }
    return run.output;
  }

  @Override
  public String toString() {
    return String.join(" ", command) + "\nexit code " + exitCode + "\n" + output;
  }
}
