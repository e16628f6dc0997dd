package org.twincore.sim;

import java.util.function.Consumer;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.fault.Fault;
import org.twincore.sim.fault.NodeFaults;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// A swap of the roles in whose last moment both machines lose their power: the drive of the former
/// Primary was so slow that the mark of one is still on it. Both have crashed as Primary then, of
/// one generation.
final class CutSwap {
  private static final long WAIT_NANOS = 30 * Simulation.SECOND;
  private static final long SLOW_NANOS = 2 * Simulation.SECOND;

  /// The machines come back within half a minute.
  private static final long REST_NANOS = 45 * Simulation.SECOND;

  private static final long LOOK_NANOS = 10 * Simulation.MILLISECOND;
  private static final Fault CUT =
      NodeFaults.ALL.stream()
          .filter(fault -> fault.name().equals("power cut of both"))
          .findFirst()
          .orElseThrow();

  private final Cluster cluster;
  private final ClusterView view;

  CutSwap(Cluster cluster) {
    this.cluster = cluster;
    this.view = cluster.view;
  }

  /// Begins the swap if all is well. Whether it did.
  boolean begin(Consumer<AdminResult> answered) {
    SimNode from = cluster.workloads.getFirst().where();
    if (from == null || !cluster.isHealthy() || !view.promise().survivesPowerCut()) {
      return false;
    }
    if (!cluster.operator.swap(answered)) {
      return false;
    }
    for (int volume = 0; volume < view.volumes(); volume++) {
      DriveFaults.slow(from.drive(volume), SLOW_NANOS);
    }
    cutWhenSwapped(from, view.simulation().nowNanos() + WAIT_NANOS);
    return true;
  }

  private void cutWhenSwapped(SimNode from, long untilNanos) {
    NodeAdmin other = cluster.admins.get(1 - from.id());
    boolean isSwapped = view.board().isPrimary(other.node().id(), 0) && other.isIdle();
    if (!isSwapped && view.simulation().nowNanos() < untilNanos) {
      view.simulation().after(LOOK_NANOS, () -> cutWhenSwapped(from, untilNanos));
      return;
    }
    if (isSwapped) {
      CUT.inflict(cluster.victims);
      cluster.operator.rest(REST_NANOS);
    }
    for (int volume = 0; volume < view.volumes(); volume++) {
      DriveFaults.usual(from.drive(volume));
    }
  }
}
