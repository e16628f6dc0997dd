package org.twincore.sim.scene;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// Moments around a split brain. In each node 0's side is the one that stands.
final class SplitScenes {
  private static final int WRITES_MAX = 20;

  /// Room in an undo file for its head and a few blocks.
  private static final long UNDO_BYTES = 4096 + 3 * (64 + 4096);

  private SplitScenes() {}

  /// Both write alone; both are Secondary and alone afterwards.
  private static void split(Stage stage) {
    stage.role(0, false);
    stage.part();
    stage.write(1, stage.random.nextInt(4, WRITES_MAX));
    stage.role(1, false);
    stage.goOnWith(0);
    stage.write(0, stage.random.nextInt(1, WRITES_MAX));
    stage.role(0, false);
  }

  private static void meet(Stage stage) {
    stage.connect(1, true);
    stage.connect(0, false);
  }

  /// The resync that settles it has begun at its source, and the target dies before it hears of
  /// that; so perhaps again the next time.
  static void loserDiesAsItsResyncBegins(Stage stage) {
    split(stage);
    for (int deaths = stage.random.nextInt(1, 3); deaths > 0; deaths--) {
      stage.when(
          0,
          0,
          state -> state.conn() == ConnectionState.SYNC_SOURCE,
          0,
          () -> stage.end(1, SimNode.Ending.KILL));
      meet(stage);
      stage.await("the loser's death", () -> !stage.nodes.get(1).isRunning());
      // The source has begun a generation for it, and the two are as far apart as before.
      stage.goOnWith(0);
      stage.order(0, new AdminCommand.Disconnect(true));
      stage.admins.get(1).up();
      stage.await("two nodes alone", stage::areAdminsIdle);
      stage.order(1, new AdminCommand.Disconnect(true));
    }
    meet(stage);
    stage.awaitHealth();
  }

  /// The loser connects without its disk and is Primary by what the other has, perhaps beside that
  /// one; then it attaches.
  static void splitDiskIsAttachedLate(Stage stage) {
    split(stage);
    stage.end(1, SimNode.Ending.KILL);
    stage.admins.get(1).upDiskless();
    stage.connect(0, false);
    stage.await(
        "a node without its disk",
        () -> stage.areAdminsIdle() && stage.view.board().isConnected(1, 0));
    stage.role(1, true);
    if (stage.setting.net().flag(Option.ALLOW_TWO_PRIMARIES)) {
      stage.checks.roles().allowTwo(true);
      stage.role(0, true);
      stage.await("word of it", () -> stage.state(1).peer() == Role.PRIMARY);
    }
    stage.attach(1);
    stage.await("a verdict", () -> stage.state(1).disk() != DiskState.NEGOTIATING);
    stage.pass(Simulation.SECOND);
    if (stage.state(1).disk() == DiskState.DISKLESS) {
      stage.role(1, false);
      stage.role(0, false);
      stage.part();
      stage.attach(1);
      meet(stage);
    }
    stage.awaitHealth();
  }

  /// One side began a generation more than it had to.
  static void splitOnTopOfAGeneration(Stage stage) {
    split(stage);
    stage.order(stage.random.nextInt(2), new AdminCommand.NewCurrentUuid(0, false));
    meet(stage);
    stage.awaitHealth();
  }

  /// There is no room for what the loser had, and the admin would rather have the resync.
  static void undoIsStopped(Stage stage) {
    split(stage);
    stage.nodes.get(1).drive(0).undo().limit(UNDO_BYTES);
    meet(stage);
    stage.await(
        "a verdict or a pause",
        () -> stage.isHealthy() || stage.state(1).conn() == ConnectionState.PAUSED_SYNC_T);
    if (!stage.isHealthy()) {
      stage.order(1, new AdminCommand.StopUndo(0));
    }
    stage.awaitHealth();
  }
}
