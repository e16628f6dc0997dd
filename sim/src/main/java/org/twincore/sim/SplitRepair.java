package org.twincore.sim;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.check.VolumeHistory;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimNode;

/// What an admin does about a split brain that was detected: the node whose writes are given up
/// connects with discard-my-data, the other one plainly.
final class SplitRepair {
  private final ClusterView view;
  private final List<NodeAdmin> admins;
  private final List<VolumeWorkload> workloads;

  SplitRepair(ClusterView view, List<NodeAdmin> admins, List<VolumeWorkload> workloads) {
    this.view = view;
    this.admins = admins;
    this.workloads = workloads;
  }

  /// Is any volume split?
  boolean isSplit() {
    return splitVolume() >= 0;
  }

  private int splitVolume() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (view.lineage().isSplit(volume)) {
        return volume;
      }
    }
    return -1;
  }

  void look() {
    int volume = splitVolume();
    if (volume < 0) {
      return;
    }
    boolean bothRun = view.nodes().stream().allMatch(SimNode::isRunning);
    boolean isRefused =
        view.state(0, 0).conn() == ConnectionState.STAND_ALONE
            || view.state(1, 0).conn() == ConnectionState.STAND_ALONE;
    if (!bothRun || !isRefused || !admins.stream().allMatch(NodeAdmin::isIdle)) {
      return;
    }
    int victim = isBetter(0, volume) ? 1 : 0;
    if (view.board().isPrimary(victim, volume)) {
      if (isReleased(workloads.get(volume), view.node(victim))) {
        admins.get(victim).command(new AdminCommand.Secondary(volume));
      }
      return;
    }
    giveUp(victim);
  }

  /// Nobody uses the volume at that node any more; until then whoever does is asked to stop.
  private static boolean isReleased(VolumeWorkload workload, SimNode node) {
    if (workload.where() != node) {
      return true;
    }
    workload.pause();
    if (workload.isIdle()) {
      workload.close();
    }
    return workload.where() == null;
  }

  /// Is this node's data the one to keep? Where neither has to have everything, as when both began
  /// a generation though only one went on, it is the one that has.
  private boolean isBetter(int node, int volume) {
    if (view.lineage().isComplete(node, volume) || view.lineage().isComplete(1 - node, volume)) {
      return view.lineage().isComplete(node, volume);
    }
    VolumeHistory history = view.history(volume);
    for (long sector : history.knownSectors()) {
      if (!history.mayBe(sector, view.onDrive(node, volume, sector))) {
        return false;
      }
    }
    return true;
  }

  private void giveUp(int victim) {
    view.simulation()
        .trace()
        .line("the admin gives up what " + view.node(victim).name() + " wrote");
    for (NodeAdmin admin : admins) {
      if (view.state(admin.node().id(), 0).conn() != ConnectionState.STAND_ALONE) {
        admin.disconnect(true, _ -> {});
      }
    }
    admins.get(victim).connect(true);
    admins.get(1 - victim).connect(false);
  }
}
