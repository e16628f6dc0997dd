package org.twincore.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.twincore.cli.client.VersionReport;
import org.twincore.cli.drbdadm.Drbdadm;
import org.twincore.cli.drbdmeta.Drbdmeta;
import org.twincore.cli.drbdsetup.Drbdsetup;
import org.twincore.cli.overview.DrbdOverview;

/// The launcher of all tools: the first argument is the tool's name.
///
/// Text is UTF-8 whatever the locale says.
public final class Tools {
  private static final int EXIT_USAGE = 1;

  private Tools() {}

  /// Runs one tool and ends the process with its exit code.
  public static void main(String[] args) {
    String tool = args.length == 0 ? "" : args[0];
    String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
    PrintStream out = stream(FileDescriptor.out);
    PrintStream err = stream(FileDescriptor.err);
    int code =
        switch (tool) {
          case "drbdadm" -> Drbdadm.run(rest, System.getenv(), System.in, out, err);
          case "drbdsetup" -> Drbdsetup.run(rest, System.getenv(), out, err);
          case "drbd-overview" -> DrbdOverview.run(rest, System.getenv(), out, err);
          case "drbdmeta" -> Drbdmeta.run(rest, out, err, Drbdmeta.answers());
          case "version" -> {
            out.print(VersionReport.of(System.getenv()));
            yield 0;
          }
          default -> {
            err.println("twincore: no tool is called '" + tool + "'");
            yield EXIT_USAGE;
          }
        };
    out.flush();
    err.flush();
    System.exit(code);
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(
        new BufferedOutputStream(new FileOutputStream(descriptor)), false, StandardCharsets.UTF_8);
  }
}
