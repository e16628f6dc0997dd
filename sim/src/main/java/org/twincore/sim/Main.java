package org.twincore.sim;

import java.io.PrintStream;

/// `--seed FIRST [--seeds N] [--verbose]`: runs simulated clusters.
///
/// One seed: a line for each state change, fault and command, with `--verbose` also for packets and
/// disk requests; the last line repeats the seed. Many: what failed, and what was reached. The exit
/// code is that of the first failure: 127 crash, 128 no progress, 129 wrong data.
public final class Main {
  private static final int USAGE = 2;

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(args, System.out));
  }

  static int run(String[] args, PrintStream out) {
    long first = 1;
    long count = 1;
    boolean isVerbose = false;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--seed" -> first = Long.parseLong(args[++i]);
        case "--seeds" -> count = Long.parseLong(args[++i]);
        case "--verbose" -> isVerbose = true;
        default -> {
          out.println("usage: sim --seed FIRST [--seeds N] [--verbose]");
          return USAGE;
        }
      }
    }
    return count == 1 ? one(first, isVerbose, out) : many(first, count, out);
  }

  private static int one(long seed, boolean isVerbose, PrintStream out) {
    Outcome outcome = new Run(seed, out::println, isVerbose, Run.Plant.NOTHING).toEnd();
    out.println(outcome);
    return outcome.verdict().exitCode();
  }

  private static int many(long first, long count, PrintStream out) {
    Coverage coverage = new Coverage();
    long failed = 0;
    int exitCode = 0;
    for (long seed = first; seed < first + count; seed++) {
      Run run = new Run(seed, _ -> {}, false, Run.Plant.NOTHING);
      Outcome outcome = run.toEnd();
      coverage.add(run.coverage());
      if (!outcome.isFine()) {
        failed++;
        exitCode = exitCode == 0 ? outcome.verdict().exitCode() : exitCode;
        out.println(outcome);
      }
    }
    out.print(coverage);
    out.printf("seeds %d to %d: %d failed%n", first, first + count - 1, failed);
    return exitCode;
  }
}
