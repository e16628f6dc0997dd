package org.twincore.sim;

import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.twincore.sim.kernel.KernelDualRun;
import org.twincore.sim.kernel.KernelRun;
import org.twincore.sim.world.Trace;

/// `--seed FIRST [--seeds N] [--recorded|--scene|--kernel|--kernel-primary] [--verbose]`: runs
/// simulated clusters; with `--recorded` the second clusters of the seeds, with `--scene` their
/// scenes, with `--kernel` one node beside a scripted kernel's, with `--kernel-primary` both of
/// these as Primary.
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
    String which = "";
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--seed" -> first = Long.parseLong(args[++i]);
        case "--seeds" -> count = Long.parseLong(args[++i]);
        case "--verbose" -> isVerbose = true;
        case "--recorded", "--scene", "--kernel", "--kernel-primary" -> which = args[i];
        default -> {
          out.println(
              "usage: sim --seed FIRST [--seeds N]"
                  + " [--recorded|--scene|--kernel|--kernel-primary] [--verbose]");
          return USAGE;
        }
      }
    }
    Consumer<String> lines = count == 1 ? out::println : _ -> {};
    boolean tellsAll = isVerbose;
    Supplier<Trace> traces = () -> new Trace(lines, tellsAll);
    return switch (which) {
      case "--recorded" ->
          tell("second clusters", Seeds.recorded(first, count, traces), first, out);
      case "--scene" -> tell("scenes", Seeds.scenes(first, count, traces), first, out);
      case "--kernel" -> {
        Seeds.Report<KernelRun.Ended> report = Seeds.besideKernel(first, count, traces);
        out.println(writes(report.runs().stream().mapToInt(KernelRun.Ended::answered)));
        yield tell("runs beside a scripted kernel", report, first, out);
      }
      case "--kernel-primary" -> {
        Seeds.Report<KernelDualRun.Ended> report = Seeds.besideKernelPrimary(first, count, traces);
        out.println(writes(report.runs().stream().mapToInt(KernelDualRun.Ended::answered)));
        yield tell("runs beside a scripted kernel's Primary", report, first, out);
      }
      default -> count == 1 ? one(first, isVerbose, out) : many(first, count, out);
    };
  }

  private static String writes(IntStream answered) {
    return answered.sum() + " writes answered";
  }

  /// What was reached, which runs failed, and how many; the one run, if it is one.
  private static <E> int tell(String what, Seeds.Report<E> report, long first, PrintStream out) {
    int count = report.runs().size();
    out.print(count == 1 ? "" : report.coverage());
    List<E> failed = report.failed();
    (count == 1 ? report.runs() : failed).forEach(out::println);
    out.printf("%s of seeds %d to %d: %d failed%n", what, first, first + count - 1, failed.size());
    return failed.isEmpty() ? 0 : Outcome.Verdict.WRONG_DATA.exitCode();
  }

  private static int one(long seed, boolean isVerbose, PrintStream out) {
    Outcome outcome = new Run(seed, out::println, isVerbose, Run.Plant.NOTHING).toEnd();
    out.println(outcome);
    return outcome.verdict().exitCode();
  }

  private static int many(long first, long count, PrintStream out) {
    Seeds.Report<Outcome> report =
        Seeds.clusters(
            first,
            count,
            outcome -> {
              if (!outcome.isFine()) {
                out.println(outcome);
              }
            });
    out.print(report.coverage());
    long writes = 0;
    long actions = 0;
    for (Outcome outcome : report.runs()) {
      writes += outcome.figures().taken();
      actions += outcome.figures().actions();
    }
    out.printf("%d writes taken, %d actions%n", writes, actions);
    List<Outcome> failed = report.failed();
    out.printf("seeds %d to %d: %d failed%n", first, first + count - 1, failed.size());
    return failed.isEmpty() ? 0 : failed.getFirst().verdict().exitCode();
  }
}
