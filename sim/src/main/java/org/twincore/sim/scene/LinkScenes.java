package org.twincore.sim.scene;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// Moments of connections and roles. Node 0 is Primary.
final class LinkScenes {
  private static final int WRITES_MAX = 40;
  private static final int ROUNDS_MAX = 6;
  private static final long SOON_NANOS = 600 * Simulation.MICROSECOND;

  /// As a program says that knows nothing, and one that cut off the peer's power.
  private static final int UNKNOWN = 1;

  private static final int STONITHED = 7;

  private LinkScenes() {}

  /// Both nodes end the connection, and it breaks besides, all at nearly the same time.
  static void connectionEndsInManyWays(Stage stage) {
    for (int rounds = stage.random.nextInt(2, ROUNDS_MAX); rounds > 0; rounds--) {
      stage.open(0, stage.random.nextInt(1, WRITES_MAX));
      stage.pass(stage.nanos(20 * Simulation.MILLISECOND));
      for (int deeds = stage.random.nextInt(2, 5); deeds > 0; deeds--) {
        stage.pass(stage.random.nextBoolean() ? 0 : stage.nanos(SOON_NANOS));
        if (stage.random.nextInt(3) == 0) {
          stage.network.breakConnection();
        } else {
          stage.begin(
              stage.random.nextInt(2), new AdminCommand.Disconnect(stage.random.nextBoolean()));
        }
      }
      stage.pass(Simulation.SECOND);
      stage.close();
      for (int node = 0; node < 2; node++) {
        if (stage.standsAlone(node)) {
          stage.connect(node, false);
        }
      }
      stage.awaitHealth();
    }
  }

  /// The peer says good-bye and then that its disk is gone; both arrive late, and together.
  static void stateBehindAFarewell(Stage stage) {
    stage.network.open(1, false);
    stage.begin(1, new AdminCommand.Disconnect(false));
    stage.pass(stage.nanos(SOON_NANOS));
    stage.begin(1, new AdminCommand.Detach(0, true));
    stage.pass(stage.nanos(100 * Simulation.MILLISECOND));
    stage.network.open(1, true);
    stage.pass(2 * Simulation.SECOND);
    if (!stage.nodes.get(1).hasDriveOpen(0)) {
      stage.attach(1);
    }
    for (int node = 0; node < 2; node++) {
      if (stage.standsAlone(node)) {
        stage.connect(node, false);
      }
    }
    stage.awaitHealth();
  }

  /// A Primary waits for a verdict on its peer, which restarts meanwhile and is back.
  static void frozenPrimaryMeetsRestartedPeer(Stage stage) {
    stage
        .nodes
        .get(0)
        .programs(new SlowFence(stage.random.nextLong(10, 60) * Simulation.SECOND, UNKNOWN));
    stage.open(0, stage.random.nextInt(1, WRITES_MAX));
    stage.pass(stage.nanos(40 * Simulation.MILLISECOND));
    stage.end(1, SimNode.Ending.KILL);
    stage.pass(stage.nanos(2 * Simulation.SECOND));
    stage.admins.get(1).up();
    stage.awaitHealth();
    stage.close();
    stage.awaitHealth();
  }

  /// Two Primaries lose each other, and the second one its power, before the first one has it
  /// fenced. They meet again while the first is still frozen, both of one generation; or that one
  /// loses its own disk meanwhile, goes on with that of the restarted peer, and gets its own back.
  static void crashedPrimaryMeetsALateDisk(Stage stage) {
    boolean losesDisk = stage.random.nextBoolean();
    long fenceSeconds = losesDisk ? stage.random.nextLong(1, 5) : stage.random.nextLong(60, 90);
    stage.checks.roles().allowTwo(true);
    stage.role(1, true);
    stage.nodes.get(0).programs(new SlowFence(fenceSeconds * Simulation.SECOND, STONITHED));
    stage.linkIs(false);
    stage.await("a frozen Primary", () -> stage.state(0).isSuspended());
    stage.end(1, SimNode.Ending.POWER_CUT);
    if (losesDisk) {
      stage.order(0, new AdminCommand.Detach(0, true));
      stage.await("an end of the freeze", () -> !stage.state(0).isSuspended());
    }
    stage.linkIs(true);
    stage.admins.get(1).up();
    stage.await(
        "the peer's disk, or a refusal",
        () ->
            stage.areAdminsIdle()
                && (stage.state(0).pdsk() == DiskState.UP_TO_DATE || stage.standsAlone(1)));
    if (stage.standsAlone(1)) {
      // An older one cannot tell whose data counts, until the thaw begins a generation.
      stage.await("an end of the freeze", () -> !stage.state(0).isSuspended());
      for (int node = 0; node < 2; node++) {
        if (stage.standsAlone(node)) {
          stage.connects(node);
        }
      }
    }
    if (losesDisk) {
      stage.await("the disk's release", () -> !stage.nodes.get(0).hasDriveOpen(0));
      stage.attach(0);
    }
    stage.awaitHealth();
  }

  /// Each node is to be Primary for one of two volumes, at the same time.
  static void oneVolumeEach(Stage stage) {
    stage.role(0, false);
    stage.await("word of it", () -> stage.state(1).peer() == Role.SECONDARY);
    int first = stage.random.nextInt(2);
    stage.begin(first, new AdminCommand.Primary(0, false));
    stage.pass(stage.nanos(SOON_NANOS));
    stage.begin(1 - first, new AdminCommand.Primary(1, false));
    stage.pass(Simulation.SECOND);
    for (int node = 0; node < 2; node++) {
      stage.role(node, false);
    }
    stage.awaitHealth();
  }

  /// A demotion waits until the peer has everything, and somebody opens the volume meanwhile.
  static void openedWhileDemoted(Stage stage) {
    for (int rounds = stage.random.nextInt(1, ROUNDS_MAX); rounds > 0; rounds--) {
      stage.write(0, stage.random.nextInt(1, WRITES_MAX));
      List<AdminResult> answers = new ArrayList<>();
      SimNode node = stage.nodes.getFirst();
      node.admin(new AdminCommand.Secondary(0), answers::add);
      stage.pass(stage.nanos(SOON_NANOS));
      boolean opens = node.resource().orElseThrow().mayOpen(0, Event.Access.READ_WRITE).isSuccess();
      if (opens) {
        node.deliver(new Event.Opened(0, Event.Access.READ_WRITE));
      }
      stage.await("an answer", () -> !answers.isEmpty());
      if (opens) {
        node.deliver(new Event.Closed(0, Event.Access.READ_WRITE));
      }
      stage.pass(stage.nanos(Simulation.SECOND));
    }
    stage.awaitHealth();
  }

  /// `fence-peer` takes so long and then says that; every other program ends well at once.
  private record SlowFence(long nanos, int code) implements SimNode.Programs {
    @Override
    public long takesNanos(String handler) {
      return handler.equals("fence-peer") ? nanos : 0;
    }

    @Override
    public int exitCode(String handler) {
      return handler.equals("fence-peer") ? code : 0;
    }
  }
}
