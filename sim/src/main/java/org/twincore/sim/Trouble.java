package org.twincore.sim;

import java.util.ArrayList;
import java.util.List;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.fault.Fault;
import org.twincore.sim.fault.NetworkFaults;
import org.twincore.sim.fault.NodeFaults;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// The middle phase: the workload under faults and commands, with calm times between them in which
/// the cluster may come to itself.
///
/// Most faults strike a little after a burst of writes was let go. Ends when the scenario's numbers
/// of faults and commands were reached.
final class Trouble {
  private static final long BURST_NANOS_MAX = 80 * Simulation.MILLISECOND;
  private static final long STEP_NANOS_MAX = 3 * Simulation.SECOND;
  private static final long CALM_NANOS_MAX = 120 * Simulation.SECOND;
  private static final int STEPS_PER_TASK_MAX = 50;
  private static final int STEPS_WITHOUT_CALM_MAX = 7;

  private final Cluster cluster;
  private final CommandPlan commands;
  private final Aims aims;
  private final Prng aside;
  private final List<Fault> kinds = new ArrayList<>();
  private final int planned;
  private int faults;

  Trouble(Cluster cluster, CommandPlan commands) {
    this.cluster = cluster;
    this.commands = commands;
    this.aside = cluster.random.aside();
    this.aims = new Aims(cluster, aside.split());
    this.planned = cluster.scenario.faults() + cluster.scenario.commands();
    kinds.addAll(NetworkFaults.ALL);
    kinds.addAll(DriveFaults.ALL);
    kinds.addAll(NodeFaults.ALL);
  }

  /// Faults inflicted so far.
  int faults() {
    return faults;
  }

  void run() {
    int calmAt = cluster.random.nextInt(1, STEPS_WITHOUT_CALM_MAX);
    for (int step = 0; step < STEPS_PER_TASK_MAX * planned && !isOver(); step++) {
      aims.aim(this::strike);
      cluster.pass(cluster.random.nextLong(STEP_NANOS_MAX));
      allowWrites();
      if (cluster.random.nextInt(3) != 0) {
        cluster.pass(cluster.random.nextLong(BURST_NANOS_MAX));
      }
      if (cluster.random.nextInt(planned) < cluster.scenario.commands()) {
        commands.giveOne();
      } else {
        inflict(kinds.get(cluster.random.nextInt(kinds.size())));
      }
      cluster.checks.sample();
      if (step >= calmAt) {
        calm();
        calmAt = step + cluster.random.nextInt(1, STEPS_WITHOUT_CALM_MAX);
      }
    }
    aims.cease();
  }

  private void strike() {
    if (aside.nextInt(planned) < cluster.scenario.commands()) {
      commands.giveOne();
    } else {
      inflict(kinds.get(aside.nextInt(kinds.size())));
    }
  }

  private boolean isOver() {
    return faults >= cluster.scenario.faults()
        && commands.executed() >= cluster.scenario.commands();
  }

  /// Lets as large a share of the writes go as of the faults and commands is done.
  private void allowWrites() {
    long share = Math.min(planned, faults + commands.executed() + 1L);
    long writes = cluster.scenario.writesPerVolume() * share / planned;
    cluster.workloads.forEach(workload -> workload.allowWrites(writes));
  }

  private void calm() {
    boolean isHealthy =
        cluster.isReached(
            CALM_NANOS_MAX, () -> cluster.isHealthy() && cluster.operator.isServing());
    if (isHealthy) {
      allowWrites();
      cluster.isReached(
          STEP_NANOS_MAX, () -> cluster.workloads.stream().allMatch(VolumeWorkload::hasWrittenAll));
    }
  }

  private void inflict(Fault fault) {
    if (fault.inflict(cluster.victims)) {
      faults++;
      cluster.coverage.count("fault", fault.name());
    }
  }
}
