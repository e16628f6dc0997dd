package org.twincore.sim;

import java.io.PrintStream;
import java.util.List;
import java.util.function.Consumer;
import org.twincore.sim.kernel.KernelRun;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.scene.SceneRun;
import org.twincore.sim.world.Trace;

/// `--seed FIRST [--seeds N] [--recorded|--scene|--kernel] [--verbose]`: runs simulated clusters;
/// with `--recorded` the second clusters of the seeds, with `--scene` their scenes, with `--kernel`
/// one node beside a scripted kernel's.
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
    boolean isRecorded = false;
    boolean isKernel = false;
    boolean isScene = false;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--seed" -> first = Long.parseLong(args[++i]);
        case "--seeds" -> count = Long.parseLong(args[++i]);
        case "--verbose" -> isVerbose = true;
        case "--recorded" -> isRecorded = true;
        case "--kernel" -> isKernel = true;
        case "--scene" -> isScene = true;
        default -> {
          out.println(
              "usage: sim --seed FIRST [--seeds N] [--recorded|--scene|--kernel] [--verbose]");
          return USAGE;
        }
      }
    }
    if (isRecorded) {
      return recorded(first, count, isVerbose, out);
    }
    if (isKernel) {
      return besideKernel(first, count, isVerbose, out);
    }
    if (isScene) {
      return scenes(first, count, isVerbose, out);
    }
    return count == 1 ? one(first, isVerbose, out) : many(first, count, out);
  }

  private static int one(long seed, boolean isVerbose, PrintStream out) {
    Outcome outcome = new Run(seed, out::println, isVerbose, Run.Plant.NOTHING).toEnd();
    out.println(outcome);
    return outcome.verdict().exitCode();
  }

  private static int recorded(long first, long count, boolean isVerbose, PrintStream out) {
    Consumer<String> lines = count == 1 ? out::println : _ -> {};
    Seeds.Report<RecordedRun.Ended> report =
        Seeds.recorded(first, count, () -> new Trace(lines, isVerbose));
    out.print(count == 1 ? "" : report.coverage());
    List<RecordedRun.Ended> failed = report.failed();
    (count == 1 ? report.runs() : failed).forEach(out::println);
    out.printf(
        "second clusters of seeds %d to %d: %d failed%n", first, first + count - 1, failed.size());
    return failed.isEmpty() ? 0 : Outcome.Verdict.WRONG_DATA.exitCode();
  }

  private static int scenes(long first, long count, boolean isVerbose, PrintStream out) {
    Consumer<String> lines = count == 1 ? out::println : _ -> {};
    Seeds.Report<SceneRun.Ended> report =
        Seeds.scenes(first, count, () -> new Trace(lines, isVerbose));
    out.print(count == 1 ? "" : report.coverage());
    List<SceneRun.Ended> failed = report.failed();
    (count == 1 ? report.runs() : failed).forEach(out::println);
    out.printf("scenes of seeds %d to %d: %d failed%n", first, first + count - 1, failed.size());
    return failed.isEmpty() ? 0 : Outcome.Verdict.WRONG_DATA.exitCode();
  }

  private static int besideKernel(long first, long count, boolean isVerbose, PrintStream out) {
    Consumer<String> lines = count == 1 ? out::println : _ -> {};
    Seeds.Report<KernelRun.Ended> report =
        Seeds.besideKernel(first, count, () -> new Trace(lines, isVerbose));
    List<KernelRun.Ended> failed = report.failed();
    (count == 1 ? report.runs() : failed).forEach(out::println);
    out.printf(
        "beside a scripted kernel, seeds %d to %d: %d writes answered, %d failed%n",
        first,
        first + count - 1,
        report.runs().stream().mapToInt(KernelRun.Ended::answered).sum(),
        failed.size());
    return failed.isEmpty() ? 0 : Outcome.Verdict.WRONG_DATA.exitCode();
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
