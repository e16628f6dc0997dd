package org.twincore.cli.drbdmeta;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One in-process run of the tool: exit code and both outputs.
record ToolRun(int exitCode, String out, String err) {
  static ToolRun of(String answers, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Drbdmeta.run(
            args,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            new ByteArrayInputStream(answers.getBytes(StandardCharsets.UTF_8)));
    return new ToolRun(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /// A command on internal metadata of minor 7, with nobody to answer.
  static ToolRun internal(Path disk, String... command) {
    return on(disk, "internal", "", command);
  }

  static ToolRun on(Path disk, String index, String answers, String... command) {
    List<String> args = new ArrayList<>(List.of("7", "v08", disk.toString(), index));
    args.addAll(List.of(command));
    return of(answers, args.toArray(String[]::new));
  }
}
