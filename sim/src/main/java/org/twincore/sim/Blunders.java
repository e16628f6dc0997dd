package org.twincore.sim;

import java.util.OptionalLong;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.testkit.Prng;

/// What an admin does by mistake: commands that a node cannot carry out, and a drive of another
/// resource, which have to be refused and to leave everything as it was; or a swap in the moment in
/// which the power fails.
final class Blunders {
  private final Cluster cluster;
  private final ClusterView view;
  private final CutSwap cutSwap;
  private final Prng random;

  Blunders(Cluster cluster, Prng random) {
    this.cluster = cluster;
    this.view = cluster.view;
    this.cutSwap = new CutSwap(cluster);
    this.random = random;
  }

  /// Now and then one. Whether there was one.
  boolean happens(Consumer<AdminResult> answered) {
    if (random.nextInt(20) != 0) {
      return false;
    }
    NodeAdmin admin = cluster.admins.get(random.nextInt(2));
    int volume = random.nextInt(view.volumes());
    if (!admin.node().isRunning() || !admin.isIdle() || admin.node().isPaused()) {
      return false;
    }
    return switch (random.nextInt(3)) {
      case 0 -> foreignDrive(admin, volume, answered);
      case 1 -> verifyWithoutAlgorithm(admin, volume, answered);
      default -> cutSwap.begin(answered);
    };
  }

  private boolean verifyWithoutAlgorithm(
      NodeAdmin admin, int volume, Consumer<AdminResult> answered) {
    if (!cluster.scenario.net().word(Option.VERIFY_ALG).isEmpty()) {
      return false;
    }
    admin.command(
        new AdminCommand.Verify(volume, OptionalLong.empty(), OptionalLong.empty()), answered);
    return true;
  }

  /// Only beside a good copy of every volume, and not where the run makes split brains: its admin
  /// would go on with whatever he finds.
  private boolean foreignDrive(NodeAdmin admin, int volume, Consumer<AdminResult> answered) {
    int other = 1 - admin.node().id();
    boolean mayGo =
        !cluster.scenario.splits() && cluster.network.isWhole() && view.node(other).isRunning();
    for (int each = 0; mayGo && each < view.volumes(); each++) {
      mayGo =
          view.board().isHealthy(each)
              && !view.board().isPrimary(admin.node().id(), each)
              && view.drive(other, each).health().failing() == SimDrive.Failing.NOTHING;
    }
    if (mayGo) {
      cluster.foreignDrive.put(admin, volume, answered);
    }
    return mayGo;
  }

  /// Asks for a resync while neither disk is good: before the first one.
  void resyncOfNothing() {
    int volume = random.nextInt(view.volumes());
    NodeAdmin admin = cluster.admins.get(random.nextInt(2));
    int id = admin.node().id();
    boolean isNothingGood =
        view.state(id, volume).disk() == DiskState.INCONSISTENT
            && view.state(id, volume).pdsk() == DiskState.INCONSISTENT;
    if (isNothingGood && admin.isIdle()) {
      admin.command(
          random.nextBoolean()
              ? new AdminCommand.Invalidate(volume)
              : new AdminCommand.InvalidateRemote(volume));
    }
  }
}
