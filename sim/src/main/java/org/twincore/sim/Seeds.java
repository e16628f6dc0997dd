package org.twincore.sim;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.twincore.sim.kernel.KernelRun;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// Runs many seeds, as many at a time as there are processors: each run has one thread and shares
/// nothing with another.
public final class Seeds {
  private Seeds() {}

  /// What became of the seeds, in their order, and what all together reached.
  public record Report(List<Outcome> outcomes, Coverage coverage) {
    public Report {
      outcomes = List.copyOf(outcomes);
    }

    /// Those that are not fine.
    public List<Outcome> failed() {
      return outcomes.stream().filter(outcome -> !outcome.isFine()).toList();
    }
  }

  private record Done(Outcome outcome, Coverage coverage) {}

  /// What became of the second clusters of the seeds, in their order, and what they reached.
  public record Recorded(List<RecordedRun.Ended> runs, Coverage coverage) {
    public Recorded {
      runs = List.copyOf(runs);
    }

    /// Those that are not fine.
    public List<RecordedRun.Ended> failed() {
      return runs.stream().filter(run -> !run.isFine()).toList();
    }
  }

  private record DoneRecorded(RecordedRun.Ended ended, Coverage coverage) {}

  /// Runs the second clusters of `count` seeds from `first` on, each with a trace of its own.
  public static Recorded recorded(long first, long count, Supplier<Trace> traces) {
    List<DoneRecorded> all =
        LongStream.range(first, first + count)
            .parallel()
            .mapToObj(seed -> {
              Coverage reached = new Coverage();
              RecordedRun run = new RecordedRun(seed, traces.get());
              return new DoneRecorded(run.toEnd(reached, reached::answered), reached);
            })
            .toList();
    Coverage coverage = new Coverage();
    all.forEach(done -> coverage.add(done.coverage));
    return new Recorded(all.stream().map(DoneRecorded::ended).toList(), coverage);
  }

  /// Runs one node of ours beside a scripted kernel node for `count` seeds from `first` on, each
  /// with a trace of its own.
  public static List<KernelRun.Ended> besideKernel(long first, long count, Supplier<Trace> traces) {
    return LongStream.range(first, first + count)
        .parallel()
        .mapToObj(seed -> new KernelRun(seed, traces.get(), Tamper.NONE).toEnd())
        .toList();
  }

  /// Runs `count` seeds from `first` on; `ended` hears of each as it ends, in any order and from
  /// any thread.
  public static Report run(long first, long count, Consumer<Outcome> ended) {
    List<Done> all =
        LongStream.range(first, first + count)
            .parallel()
            .mapToObj(seed -> {
              Run run = new Run(seed, _ -> {}, false, Run.Plant.NOTHING);
              Done done = new Done(run.toEnd(), run.coverage());
              ended.accept(done.outcome);
              return done;
            })
            .toList();
    Coverage coverage = new Coverage();
    all.forEach(done -> coverage.add(done.coverage));
    return new Report(all.stream().map(Done::outcome).toList(), coverage);
  }
}
