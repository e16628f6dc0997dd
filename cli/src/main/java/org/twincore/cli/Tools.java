package org.twincore.cli;

import java.util.Arrays;
import org.twincore.cli.drbdadm.Drbdadm;

/// The launcher of all tools: the first argument is the tool's name.
public final class Tools {
  private static final int EXIT_USAGE = 1;

  private Tools() {}

  /// Runs one tool and ends the process with its exit code.
  public static void main(String[] args) {
    System.exit(run(args));
  }

  private static int run(String[] args) {
    String tool = args.length == 0 ? "" : args[0];
    String[] rest = args.length == 0 ? args : Arrays.copyOfRange(args, 1, args.length);
    return switch (tool) {
      case "drbdadm" -> Drbdadm.run(rest, System.getenv(), System.in, System.out, System.err);
      default -> {
        System.err.println("twincore: no tool is called '" + tool + "'");
        yield EXIT_USAGE;
      }
    };
  }
}
