package org.twincore.sim;

import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.twincore.sim.kernel.KernelDualRun;
import org.twincore.sim.kernel.KernelRun;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.scene.SceneRun;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// Runs many seeds, as many at a time as there are processors: each run has one thread and shares
/// nothing with another.
///
/// A seed has three runs: its cluster, its second cluster, and its scene.
public final class Seeds {
  private Seeds() {}

  /// What became of the runs of some seeds, in their order, which of them are not fine, and what
  /// all together reached.
  public record Report<E>(List<E> runs, List<E> failed, Coverage coverage) {
    public Report {
      runs = List.copyOf(runs);
      failed = List.copyOf(failed);
    }
  }

  private record Done<E>(E ended, Coverage coverage) {}

  private static <E> Report<E> all(
      long first, long count, Predicate<E> isFine, BiFunction<Long, Coverage, E> play) {
    List<Done<E>> all =
        LongStream.range(first, first + count)
            .parallel()
            .mapToObj(seed -> {
              Coverage reached = new Coverage();
              return new Done<>(play.apply(seed, reached), reached);
            })
            .toList();
    Coverage coverage = new Coverage();
    all.forEach(done -> coverage.add(done.coverage));
    List<E> runs = all.stream().map(Done::ended).toList();
    return new Report<>(runs, runs.stream().filter(isFine.negate()).toList(), coverage);
  }

  /// Runs the clusters of `count` seeds from `first` on; `ended` hears of each as it ends, in any
  /// order and from any thread.
  public static Report<Outcome> clusters(long first, long count, Consumer<Outcome> ended) {
    return all(
        first,
        count,
        Outcome::isFine,
        (seed, reached) -> {
          Run run = new Run(seed, _ -> {}, false, Run.Plant.NOTHING);
          Outcome outcome = run.toEnd();
          reached.add(run.coverage());
          ended.accept(outcome);
          return outcome;
        });
  }

  /// Runs the second clusters of `count` seeds from `first` on, each with a trace of its own.
  public static Report<RecordedRun.Ended> recorded(long first, long count, Supplier<Trace> traces) {
    return all(
        first,
        count,
        RecordedRun.Ended::isFine,
        (seed, reached) -> new RecordedRun(seed, traces.get()).toEnd(reached, reached::answered));
  }

  /// Runs the scenes of `count` seeds from `first` on, each with a trace of its own.
  public static Report<SceneRun.Ended> scenes(long first, long count, Supplier<Trace> traces) {
    return all(
        first,
        count,
        SceneRun.Ended::isFine,
        (seed, reached) -> new SceneRun(seed, traces.get()).toEnd(reached, reached::answered));
  }

  /// Runs one node of ours beside a scripted kernel node for `count` seeds from `first` on, each
  /// with a trace of its own.
  public static Report<KernelRun.Ended> besideKernel(
      long first, long count, Supplier<Trace> traces) {
    return all(
        first,
        count,
        KernelRun.Ended::isFine,
        (seed, reached) -> new KernelRun(seed, traces.get(), Tamper.NONE).toEnd(reached));
  }

  /// The same with both Primary at once.
  public static Report<KernelDualRun.Ended> besideKernelPrimary(
      long first, long count, Supplier<Trace> traces) {
    return all(
        first,
        count,
        KernelDualRun.Ended::isFine,
        (seed, reached) -> new KernelDualRun(seed, traces.get(), Tamper.NONE).toEnd(reached));
  }
}
