package org.twincore.sim;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.SimNode;

/// What an admin does about a split brain that was detected: the node whose writes are given up
/// connects with discard-my-data, the other one plainly.
final class SplitRepair {
  private final ClusterView view;
  private final List<NodeAdmin> admins;

  SplitRepair(ClusterView view, List<NodeAdmin> admins) {
    this.view = view;
    this.admins = admins;
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
    int victim = view.lineage().isComplete(0, volume) ? 1 : 0;
    if (view.board().isPrimary(victim, volume)) {
      admins.get(victim).command(new AdminCommand.Secondary(volume));
      return;
    }
    giveUp(victim);
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
