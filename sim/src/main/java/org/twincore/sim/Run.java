package org.twincore.sim;

import java.util.List;
import java.util.function.Consumer;
import org.twincore.sim.check.Violation;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.fault.NetworkFaults;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// One cluster from its first start to its end.
///
/// ```
/// set up -> first sync -> workload under faults and commands -> heal -> progress -> at rest
/// -> everything read at both nodes, roles swapped between -> at rest
/// -> in some runs: the brain split on purpose, and what the policies make of it -> at rest
/// ```
public final class Run {
  private static final long PROGRESS_NANOS = 3_600 * Simulation.SECOND;
  private static final long REST_NANOS = 30 * Simulation.SECOND;
  private static final int STACK_LINES = 12;

  private final long seed;
  private final Cluster cluster;
  private final CommandPlan commands;
  private final Trouble trouble;

  /// What is changed in a run on purpose: planted faults, a scenario of one's own.
  public interface Plant {
    /// Called once, before anything runs.
    void into(List<SimNode> nodes);

    Plant NOTHING = _ -> {};
  }

  /// A run that a seed decides, with lines going to `listener`.
  public Run(long seed, Consumer<String> listener, boolean withDetails, Plant plant) {
    this(seed, Scenario.draw(new Prng(seed)), listener, withDetails, plant);
  }

  /// A run with a scenario that was drawn or changed elsewhere.
  public Run(
      long seed, Scenario scenario, Consumer<String> listener, boolean withDetails, Plant plant) {
    this.seed = seed;
    Prng random = new Prng(seed * 31 + 7);
    cluster = new Cluster(scenario, random, new Trace(listener, withDetails));
    commands = new CommandPlan(cluster, random.split());
    trouble = new Trouble(cluster, commands);
    plant.into(cluster.nodes);
  }

  /// What was reached; after [#toEnd].
  public Coverage coverage() {
    return cluster.coverage;
  }

  /// Runs it all.
  public Outcome toEnd() {
    try {
      new FirstSync(cluster).run();
      trouble.run();
      heal();
      rest("after healing");
      new LastReads(cluster).run();
      rest("at the end");
      new SplitEncore(cluster, new Prng(seed * 31 + 8)).run();
      settle();
      return outcome(Outcome.Verdict.FINE, "", "");
    } catch (Violation violation) {
      return outcome(
          Outcome.Verdict.WRONG_DATA, violation.checker(), String.valueOf(violation.getMessage()));
    } catch (Cluster.Stopped | Simulation.Stuck stopped) {
      return outcome(Outcome.Verdict.NO_PROGRESS, "Progress", String.valueOf(stopped.getMessage()));
    } catch (RuntimeException crash) {
      return outcome(Outcome.Verdict.CRASH, "Crash", crash + " " + where(crash));
    }
  }

  private static String where(RuntimeException crash) {
    StringBuilder text = new StringBuilder();
    StackTraceElement[] stack = crash.getStackTrace();
    for (int i = 0; i < Math.min(STACK_LINES, stack.length); i++) {
      text.append("\n    at ").append(stack[i]);
    }
    return text.toString();
  }

  private Outcome outcome(Outcome.Verdict verdict, String checker, String message) {
    long writes = 0;
    long taken = 0;
    long failures = 0;
    for (VolumeWorkload workload : cluster.workloads) {
      writes += workload.writes();
      taken += workload.taken();
      failures += workload.failures();
    }
    Outcome.Figures figures =
        new Outcome.Figures(
            writes,
            taken,
            failures,
            cluster.checks.reads().sectors(),
            trouble.faults(),
            commands.executed(),
            cluster.checks.replicas().looks() + cluster.checks.bitmaps().looks(),
            cluster.checks.writes().concededSectors() + cluster.checks.policies().givenUpSectors(),
            cluster.simulation.actions(),
            cluster.simulation.nowNanos());
    Trace trace = cluster.simulation.trace();
    List<String> tail = verdict == Outcome.Verdict.FINE ? List.of() : trace.tail();
    return new Outcome(seed, verdict, checker, message, trace.hash(), figures, tail);
  }

  /// All faults end. From now on the cluster has to come to itself and to do what is left.
  private void heal() {
    cluster.simulation.trace().line("everything heals");
    NetworkFaults.heal(cluster.victims);
    DriveFaults.heal(cluster.victims);
    cluster.nodes.forEach(cluster::restart);
    cluster.operator.hurry();
    long writes = cluster.scenario.writesPerVolume();
    cluster.workloads.forEach(workload -> workload.allowWrites(writes));
    cluster.await(
        "a healthy cluster with the workload done",
        PROGRESS_NANOS,
        () -> {
          cluster.nodes.forEach(cluster::restart);
          return cluster.isHealthy()
              && cluster.operator.isServing()
              && cluster.workloads.stream().allMatch(VolumeWorkload::hasWrittenAll);
        });
  }

  private void rest(String when) {
    cluster.pass(REST_NANOS);
    cluster.await(
        "rest " + when, PROGRESS_NANOS, () -> cluster.isHealthy() && cluster.operator.isServing());
    cluster.checks.atRest();
  }

  /// At rest once more, whoever is in service.
  private void settle() {
    cluster.pass(REST_NANOS);
    cluster.await("rest after the encore", PROGRESS_NANOS, cluster::isHealthy);
    cluster.checks.atRest();
  }
}
