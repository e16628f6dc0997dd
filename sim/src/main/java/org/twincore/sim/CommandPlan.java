package org.twincore.sim;

import java.util.List;
import java.util.OptionalLong;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// Commands that an admin gives at any moment, sensible or not; what harms the promises only where
/// the other replica is complete.
///
/// Counts those that were answered: what an end of the node swallowed does not count.
final class CommandPlan {
  private final ClusterView view;
  private final List<NodeAdmin> admins;
  private final Operator operator;
  private final Scenario scenario;
  private final Prng random;

  /// For commands beside the others.
  private final Prng aside;

  /// For the order of resyncs.
  private final Prng order;

  private final Blunders blunders;
  private final Growing growing;
  private final SimNetwork network;
  private final List<Draw> draws;
  private int executed;

  /// One kind of command; false if it does not fit now.
  private interface Draw {
    boolean give(NodeAdmin admin, int volume);
  }

  CommandPlan(Cluster cluster, Prng random) {
    this.view = cluster.view;
    this.network = cluster.network;
    this.admins = cluster.admins;
    this.operator = cluster.operator;
    this.scenario = cluster.scenario;
    this.random = random;
    this.aside = random.aside();
    this.blunders = new Blunders(cluster, aside.aside());
    this.order = aside.aside().aside();
    this.growing = new Growing(view, cluster.workloads, aside.aside().aside().split());
    draws =
        List.of(
            (_, _) -> operator.swap(this::count),
            (_, _) -> operator.swap(this::count),
            (admin, _) -> disconnect(admin, false),
            (admin, _) -> disconnect(admin, true),
            (admin, _) -> dryRun(admin),
            this::detach,
            this::invalidate,
            this::invalidateRemote,
            this::pauseSync,
            this::pauseSync,
            this::demoteInUse,
            this::primary,
            (admin, volume) ->
                give(admin, new AdminCommand.DiskOptions(volume, changedDisk(volume))),
            (admin, _) -> give(admin, new AdminCommand.NetOptions(changedNet())),
            (admin, _) ->
                give(admin, new AdminCommand.ResourceOptions(OptionDraw.resource(random))),
            this::suspend,
            this::outdate,
            this::newUuid,
            (admin, _) -> down(admin),
            (admin, _) ->
                admin.wantsConnection()
                    && give(admin, new AdminCommand.Connect(scenario.net(), false, false)));
  }

  /// Commands that were given and answered so far.
  int executed() {
    return executed;
  }

  private void count(AdminResult result) {
    executed++;
  }

  /// Gives one command, or begins a procedure of some. Whether there was one that fits.
  boolean giveOne() {
    if (blunders.happens(this::count)) {
      return true;
    }
    if (!scenario.net().word(Option.VERIFY_ALG).isEmpty() && aside.nextInt(5) == 0) {
      return verify(admins.get(aside.nextInt(2)), aside.nextInt(view.volumes()));
    }
    if (aside.nextInt(25) == 0) {
      return beginGenerations(admins.get(aside.nextInt(2)), aside.nextInt(view.volumes()));
    }
    if (growing.isDue()) {
      return growing.grow(admins, this::count);
    }
    NodeAdmin admin = admins.get(random.nextInt(2));
    int volume = random.nextInt(view.volumes());
    return admin.node().isRunning() && draws.get(random.nextInt(draws.size())).give(admin, volume);
  }

  private boolean give(NodeAdmin admin, AdminCommand command) {
    admin.command(command, this::count);
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

  // ---- connection

  private boolean disconnect(NodeAdmin admin, boolean force) {
    if (!admin.wantsConnection()) {
      return false;
    }
    admin.disconnect(force, this::count);
    later(12_000, admin, () -> admin.connect(false));
    return true;
  }

  /// Asks what a connection would do, and connects for good afterwards.
  private boolean dryRun(NodeAdmin admin) {
    if (!admin.wantsConnection()) {
      return false;
    }
    admin.disconnect(false, this::count);
    give(admin, new AdminCommand.Connect(scenario.net(), false, true));
    later(
        8_000,
        admin,
        () -> {
          admin.disconnect(true, this::count);
          admin.connect(false);
        });
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
    admin.down(this::count);
    boolean forgets = random.nextBoolean();
    for (int volume = 0; forgets && volume < view.volumes(); volume++) {
      give(admin, new AdminCommand.DeleteVolume(volume));
    }
    later(10_000, admin, admin::bringUp);
    return true;
  }

  // ---- disks

  private boolean detach(NodeAdmin admin, int volume) {
    return isSpareReplica(admin, volume)
        && give(admin, new AdminCommand.Detach(volume, random.nextInt(4) == 0));
  }

  /// Could the node's copy of the volume vanish now without loss?
  private boolean isSpareReplica(NodeAdmin admin, int volume) {
    int other = 1 - admin.node().id();
    return view.board().isHealthy(volume)
        && network.isWhole()
        && view.lineage().isComplete(other, volume)
        && view.node(other).isRunning()
        && view.drive(other, volume).health().failing() == SimDrive.Failing.NOTHING;
  }

  private boolean invalidate(NodeAdmin admin, int volume) {
    return isSpareReplica(admin, volume)
        && !view.board().isPrimary(admin.node().id(), volume)
        && give(admin, new AdminCommand.Invalidate(volume));
  }

  private boolean invalidateRemote(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    return view.board().isHealthy(volume)
        && view.lineage().isComplete(id, volume)
        && view.drive(id, volume).health().failing() == SimDrive.Failing.NOTHING
        && !view.board().isPrimary(1 - id, volume)
        && give(admin, new AdminCommand.InvalidateRemote(volume));
  }

  /// Only where the data is no longer the latest, or where the node refuses.
  private boolean outdate(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    boolean isSpare =
        view.lineage().isComplete(1 - id, volume) && view.board().isPrimary(1 - id, volume);
    return isSpare
        && !view.board().isConnected(id, volume)
        && give(admin, new AdminCommand.Outdate(volume));
  }

  /// Refused, as it is only for a StandAlone or an empty disk.
  private boolean newUuid(NodeAdmin admin, int volume) {
    return obeysAtOnce(admin)
        && view.board().isConnected(admin.node().id(), volume)
        && view.state(admin.node().id(), volume).disk() == DiskState.UP_TO_DATE
        && give(admin, new AdminCommand.NewCurrentUuid(volume, false));
  }

  private boolean pauseSync(NodeAdmin admin, int volume) {
    give(admin, new AdminCommand.PauseSync(volume));
    later(8_000, admin, () -> give(admin, new AdminCommand.ResumeSync(volume)));
    return true;
  }

  private boolean suspend(NodeAdmin admin, int volume) {
    give(admin, new AdminCommand.SuspendIo(volume));
    later(5_000, admin, () -> give(admin, new AdminCommand.ResumeIo(volume)));
    return true;
  }

  /// Of all, of a part, or on from where the last one was cut.
  private boolean verify(NodeAdmin admin, int volume) {
    if (!admin.node().isRunning()) {
      return false;
    }
    long sectors = view.drive(admin.node().id(), volume).dataBlocks() * 8;
    OptionalLong start =
        aside.nextBoolean() ? OptionalLong.of(aside.nextLong(sectors)) : OptionalLong.empty();
    OptionalLong stop =
        aside.nextInt(3) == 0 ? OptionalLong.of(aside.nextLong(sectors)) : OptionalLong.empty();
    later(9_000, admin, () -> repair(admin, volume));
    return give(admin, new AdminCommand.Verify(volume, start, stop));
  }

  /// Where something is marked, as the Primary has it; draws nothing.
  private boolean repair(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    if (view.board().isPrimary(id, volume)) {
      return give(admin, new AdminCommand.Repair(volume, AdminCommand.Side.LOCAL));
    }
    return view.board().isPrimary(1 - id, volume)
        && give(admin, new AdminCommand.Repair(volume, AdminCommand.Side.PEER));
  }

  /// A Primary that is alone begins a generation more than it has to: the peer is two behind.
  private boolean beginGenerations(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    boolean fits =
        admin.node().isRunning()
            && admin.wantsConnection()
            && admin.isIdle()
            && view.board().isPrimary(id, volume)
            && view.state(id, volume).disk() == DiskState.UP_TO_DATE;
    if (!fits) {
      return false;
    }
    admin.disconnect(false, this::count);
    // Once: the histories reach back two generations.
    later(6_000, admin, () -> give(admin, new AdminCommand.NewCurrentUuid(volume, false)));
    later(12_000, admin, () -> admin.connect(false));
    return true;
  }

  // ---- roles

  private boolean demoteInUse(NodeAdmin admin, int volume) {
    return view.board().isPrimary(admin.node().id(), volume)
        && give(admin, new AdminCommand.Secondary(volume));
  }

  /// Does the node get a command before anything else happens to it? What is given because it will
  /// be refused might be obeyed later, at the cost of what the other node wrote meanwhile.
  private static boolean obeysAtOnce(NodeAdmin admin) {
    return admin.isIdle() && !admin.node().isPaused();
  }

  /// Nothing to do, or refused because the other node is Primary.
  private boolean primary(NodeAdmin admin, int volume) {
    int id = admin.node().id();
    boolean isPrimary = view.board().isPrimary(id, volume);
    boolean peerIsPrimary =
        view.board().isPrimary(1 - id, volume)
            && view.board().isConnected(1 - id, volume)
            && view.board().isConnected(id, volume);
    return obeysAtOnce(admin)
        && (isPrimary || peerIsPrimary)
        && give(admin, new AdminCommand.Primary(volume, false));
  }

  // ---- options

  private OptionValues changedDisk(int volume) {
    boolean isOrdered = volume > 0 && order.nextBoolean();
    return scenario
        .disk()
        .with(Option.RESYNC_AFTER, isOrdered ? Integer.toString(volume - 1) : "")
        .with(Option.RESYNC_RATE, random.nextLong(1_000, 100_000))
        .with(Option.C_PLAN_AHEAD, random.nextInt(0, 30));
  }

  private OptionValues changedNet() {
    return scenario.net().with(Option.MAX_EPOCH_SIZE, random.nextLong(1, 2_048));
  }
}
