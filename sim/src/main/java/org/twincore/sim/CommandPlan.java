package org.twincore.sim;

import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// Commands that an admin gives at any moment, sensible or not; what harms the promises only where
/// the other replica is complete.
final class CommandPlan {
  private final ClusterView view;
  private final List<NodeAdmin> admins;
  private final Operator operator;
  private final Scenario scenario;
  private final Prng random;

  CommandPlan(
      ClusterView view, List<NodeAdmin> admins, Operator operator, Scenario scenario, Prng random) {
    this.view = view;
    this.admins = admins;
    this.operator = operator;
    this.scenario = scenario;
    this.random = random;
  }

  /// Gives one command, or begins a procedure of some. Whether there was one that fits.
  boolean giveOne() {
    NodeAdmin admin = admins.get(random.nextInt(2));
    int volume = random.nextInt(view.volumes());
    if (!admin.node().isRunning()) {
      return false;
    }
    return switch (random.nextInt(16)) {
      case 0, 1, 2 -> operator.swap();
      case 3 -> disconnect(admin, false);
      case 4 -> disconnect(admin, true);
      case 5 -> detach(admin, volume);
      case 6 -> invalidate(admin, volume);
      case 7 -> invalidateRemote(admin, volume);
      case 8 -> pauseSync(admin, volume);
      case 9 ->
          simple(
              admin,
              new AdminCommand.Secondary(volume),
              view.board().isPrimary(admin.node().id(), volume));
      case 10 -> simple(admin, new AdminCommand.DiskOptions(volume, changedDisk()), true);
      case 11 -> simple(admin, new AdminCommand.NetOptions(changedNet()), true);
      case 12 -> suspend(admin, volume);
      case 13 -> down(admin);
      case 14 ->
          simple(
              admin,
              new AdminCommand.Connect(scenario.net(), false, false),
              admin.wantsConnection());
      default ->
          simple(
              admin,
              new AdminCommand.Primary(volume, false),
              view.board().isPrimary(admin.node().id(), volume));
    };
  }

  private static boolean simple(NodeAdmin admin, AdminCommand command, boolean fits) {
    if (fits) {
      admin.command(command);
    }
    return fits;
  }

  private boolean disconnect(NodeAdmin admin, boolean force) {
    if (!admin.wantsConnection()) {
      return false;
    }
    admin.disconnect(force);
    later(12_000, admin, () -> admin.connect(false));
    return true;
  }

  /// Does it later if the same process still runs.
  private void later(long millisMax, NodeAdmin admin, Runnable action) {
    SimNode node = admin.node();
    int process = node.processNumber();
    view.simulation()
        .after(
            random.nextLong(millisMax * Simulation.MILLISECOND),
            () -> {
              if (node.isRunning() && node.processNumber() == process) {
                action.run();
              }
            });
  }

  private boolean detach(NodeAdmin admin, int volume) {
    if (!isSpareReplica(admin, volume)) {
      return false;
    }
    admin.command(new AdminCommand.Detach(volume, random.nextInt(4) == 0));
    return true;
  }

  /// Could the node's copy of the volume vanish now without loss?
  private boolean isSpareReplica(NodeAdmin admin, int volume) {
    int other = 1 - admin.node().id();
    return view.board().isHealthy(volume)
        && view.lineage().isComplete(other, volume)
        && view.node(other).isRunning();
  }

  private boolean invalidate(NodeAdmin admin, int volume) {
    boolean fits =
        isSpareReplica(admin, volume) && !view.board().isPrimary(admin.node().id(), volume);
    return simple(admin, new AdminCommand.Invalidate(volume), fits);
  }

  private boolean invalidateRemote(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    boolean fits =
        view.board().isHealthy(volume)
            && view.lineage().isComplete(id, volume)
            && !view.board().isPrimary(1 - id, volume);
    return simple(admin, new AdminCommand.InvalidateRemote(volume), fits);
  }

  private boolean pauseSync(NodeAdmin admin, int volume) {
    admin.command(new AdminCommand.PauseSync(volume));
    later(8_000, admin, () -> admin.command(new AdminCommand.ResumeSync(volume)));
    return true;
  }

  private boolean suspend(NodeAdmin admin, int volume) {
    admin.command(new AdminCommand.SuspendIo(volume));
    later(5_000, admin, () -> admin.command(new AdminCommand.ResumeIo(volume)));
    return true;
  }

  private boolean down(NodeAdmin admin) {
    int id = admin.node().id();
    for (int volume = 0; volume < view.volumes(); volume++) {
      boolean mayGo =
          !view.board().isPrimary(id, volume)
              && view.state(1 - id, volume).disk() == DiskState.UP_TO_DATE;
      if (!mayGo) {
        return false;
      }
    }
    admin.down();
    later(10_000, admin, admin::bringUp);
    return true;
  }

  private OptionValues changedDisk() {
    return scenario
        .disk()
        .with(Option.RESYNC_RATE, random.nextLong(1_000, 100_000))
        .with(Option.C_PLAN_AHEAD, random.nextInt(0, 30));
  }

  private OptionValues changedNet() {
    return scenario.net().with(Option.MAX_EPOCH_SIZE, random.nextLong(1, 2_048));
  }
}
