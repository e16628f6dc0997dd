package org.twincore.it.config;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.twincore.cli.drbdadm.Drbdadm;

/// What one run of a drbdadm gave.
record Outcome(int exitCode, String out, String err) {
  static final String DEBIAN = "/usr/sbin/drbdadm";
  static final String NODE = "alice";

  private static final Pattern PLACE = Pattern.compile("(?m)^(/[^ ]*:[0-9]+): ");

  /// What drbdadm says about its made-up node name.
  private static final Pattern NOTICE =
      Pattern.compile("\n   found __DRBD_NODE__ .*\n   PRETENDING .*\n\n");

  /// Debian's drbdadm, made to think that a kernel module of 8.4 is there.
  static Outcome ofDebian(Path config, List<String> words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(DEBIAN, "-c", config.toString()));
    command.addAll(words);
    Path errors = Files.createTempFile("oracle", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().put("__DRBD_NODE__", NODE);
      builder.environment().put("DRBD_DRIVER_VERSION_OVERRIDE", "8.4.11");
      builder.environment().put("DRBD_DONT_WARN_ON_VERSION_MISMATCH", "1");
      builder.redirectError(errors.toFile());
      builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
      Process process = builder.start();
      String out;
      try (InputStream stream = process.getInputStream()) {
        out = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      }
      int code = process.waitFor();
      String err = new String(Files.readAllBytes(errors), StandardCharsets.UTF_8);
      return new Outcome(code, out, NOTICE.matcher(err).replaceAll(""));
    } finally {
      Files.delete(errors);
    }
  }

  /// Ours, in this process; no node runs in `runFolder`.
  static Outcome ofOurs(Path config, List<String> words, Path runFolder) {
    List<String> command = new ArrayList<>(List.of("-c", config.toString()));
    command.addAll(words);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Drbdadm.run(
            command.toArray(String[]::new),
            Map.of("TWINCORE_NODE", NODE, "TWINCORE_RUN", runFolder.toString()),
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Outcome(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /// Each `FILE:LINE` that a message begins with.
  List<String> places() {
    return PLACE.matcher(err).results().map(match -> match.group(1)).toList();
  }

  @Override
  public String toString() {
    return "exit code " + exitCode + "\n" + out + (err.isEmpty() ? "" : "---- stderr\n" + err);
  }
}
