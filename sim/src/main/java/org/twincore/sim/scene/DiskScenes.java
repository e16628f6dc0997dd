package org.twincore.sim.scene;

import java.util.List;
import java.util.OptionalLong;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// Moments of disks: in handshakes, resyncs and attaches. Node 0 is the one with the good data.
final class DiskScenes {
  private static final int WRITES_MAX = 40;

  /// About as long as some packets take.
  private static final long SOON_NANOS = 800 * Simulation.MICROSECOND;

  /// More than the nodes need to find each other again.
  private static final long PATIENCE_NANOS = 10 * Simulation.SECOND;

  /// The states of the two sides from the handshake to the first block.
  private static final List<ConnectionState> OF_SOURCE =
      List.of(ConnectionState.WF_BITMAP_S, ConnectionState.SYNC_SOURCE);

  private static final List<ConnectionState> OF_TARGET =
      List.of(
          ConnectionState.WF_BITMAP_T, ConnectionState.WF_SYNC_UUID, ConnectionState.SYNC_TARGET);

  private DiskScenes() {}

  /// Node 0 goes on alone for some writes, and the two meet again.
  private static void fallBehind(Stage stage) {
    stage.part();
    stage.write(0, stage.random.nextInt(5, WRITES_MAX));
  }

  private static void meet(Stage stage) {
    stage.connect(0, false);
    stage.connect(1, false);
  }

  private static void verify(Stage stage, int node) {
    stage.ask(
        node,
        new AdminCommand.Verify(
            0, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty()));
  }

  /// With `on-io-error pass_on` the source keeps its disk, and the target lacks what could not be
  /// read there.
  static void sourceCannotRead(Stage stage) {
    fallBehind(stage);
    stage.nodes.get(0).drive(0).health().failing(SimDrive.Failing.READS);
    meet(stage);
    stage.await(
        "a resync given up",
        () ->
            stage.state(0).conn() == ConnectionState.CONNECTED
                && stage.state(0).pdsk() == DiskState.INCONSISTENT);
    verify(stage, stage.random.nextInt(2));
    stage.ask(1, new AdminCommand.InvalidateRemote(0));
    stage.nodes.get(0).drive(0).health().failing(SimDrive.Failing.NOTHING);
    stage.part();
    stage.ask(1, new AdminCommand.Outdate(0));
    meet(stage);
    stage.awaitHealth();
  }

  /// The source loses its disk between the handshake and the first blocks.
  static void sourceLosesItsDisk(Stage stage) {
    fallBehind(stage);
    boolean isEarly = stage.random.nextBoolean();
    int node = isEarly ? 0 : stage.random.nextInt(2);
    List<ConnectionState> states = node == 0 ? OF_SOURCE : OF_TARGET;
    ConnectionState conn = states.get(isEarly ? 0 : stage.random.nextInt(states.size()));
    stage.when(
        node,
        0,
        state -> state.conn() == conn,
        isEarly ? 0 : SOON_NANOS,
        () -> stage.begin(0, new AdminCommand.Detach(0, true)));
    meet(stage);
    stage.await(
        "the loss of the disk",
        () -> stage.state(0).disk() == DiskState.DISKLESS && !stage.nodes.get(0).hasDriveOpen(0));
    stage.pass(stage.nanos(Simulation.SECOND));
    stage.attach(0);
    stage.pass(Simulation.SECOND);
    if (stage.standsAlone(0)) {
      stage.connect(0, false);
    }
    stage.awaitHealth();
  }

  /// A disk is attached beside a peer, and the link breaks before its data was compared. Either
  /// node is Primary, and something was written meanwhile or not.
  static void attachIsCutShort(Stage stage) {
    boolean isDisklessPrimary = stage.random.nextBoolean();
    boolean isDemotedBefore = stage.random.nextBoolean();
    if (isDisklessPrimary && isDemotedBefore) {
      stage.role(0, false);
    }
    stage.order(1, new AdminCommand.Detach(0, stage.random.nextBoolean()));
    stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
    if (isDisklessPrimary) {
      stage.role(0, false);
      stage.role(1, true);
    }
    if (stage.random.nextBoolean()) {
      stage.write(isDisklessPrimary ? 1 : 0, stage.random.nextInt(1, WRITES_MAX));
    }
    stage.when(
        1,
        0,
        state -> state.disk() == DiskState.NEGOTIATING,
        0,
        () -> stage.network.breakConnection());
    stage.attach(1);
    stage.pass(Simulation.SECOND);
    for (int tries = 0; stage.state(1).disk() == DiskState.DISKLESS && tries < 2; tries++) {
      stage.await("the peer", () -> stage.view.board().isConnected(1, 0) || stage.standsAlone(1));
      if (stage.standsAlone(1)) {
        stage.role(1, false);
        stage.connect(1, false);
      }
      stage.attach(1);
      stage.pass(Simulation.SECOND);
    }
    stage.pass(PATIENCE_NANOS);
    if (stage.standsAlone(0) || stage.standsAlone(1)) {
      // Each has begun a generation for the other's loss, though nothing was written: node 0 has
      // all.
      stage.role(1, false);
      stage.part();
      stage.goOnWith(0);
      stage.connect(1, true);
      stage.connect(0, false);
    }
    stage.awaitHealth();
  }

  /// A Primary has written without its disk and attaches it again; before it is compared with the
  /// peer's that one is lost, or a command comes that would settle it. What is old must not be
  /// read.
  static void oldDiskOfAPrimary(Stage stage) {
    stage.role(0, false);
    stage.order(1, new AdminCommand.Detach(0, false));
    stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
    stage.write(1, stage.random.nextInt(1, WRITES_MAX));
    stage.ask(1, new AdminCommand.Outdate(0)); // there is none
    stage.open(1, WRITES_MAX);
    int what = stage.random.nextInt(3);
    stage.when(
        1,
        0,
        state -> state.disk() == DiskState.NEGOTIATING,
        0,
        () -> {
          switch (what) {
            case 0 -> stage.begin(0, new AdminCommand.Detach(0, true));
            case 1 -> stage.begin(1, new AdminCommand.Outdate(0));
            default -> stage.begin(1, new AdminCommand.Primary(0, true));
          }
        });
    stage.attach(1);
    stage.pass(Simulation.SECOND);
    for (int node = 0; node < 2; node++) {
      if (!stage.nodes.get(node).hasDriveOpen(0)) {
        stage.attach(node);
        stage.pass(Simulation.SECOND);
      }
    }
    stage.close();
    stage.awaitHealth();
  }

  /// A Primary has written without the peer's disk and lost its own, and the peer attaches its
  /// disk.
  static void oldDiskBesideAPrimary(Stage stage) {
    stage.order(1, new AdminCommand.Detach(0, stage.random.nextBoolean()));
    stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
    stage.write(0, stage.random.nextInt(1, WRITES_MAX));
    stage.order(0, new AdminCommand.Detach(0, true));
    stage.await("the disk's release", () -> !stage.nodes.get(0).hasDriveOpen(0));
    stage.attach(1);
    stage.pass(Simulation.SECOND);
    stage.attach(0);
    if (stage.standsAlone(0)) {
      stage.connect(0, false);
    }
    stage.awaitHealth();
  }

  /// Both nodes are told to throw their data away: one of them has to refuse.
  static void bothAreInvalidated(Stage stage) {
    stage.role(0, false);
    boolean isRemote = stage.random.nextBoolean();
    stage.begin(0, new AdminCommand.Invalidate(0));
    stage.pass(stage.nanos(SOON_NANOS));
    stage.begin(
        isRemote ? 0 : 1,
        isRemote ? new AdminCommand.InvalidateRemote(0) : new AdminCommand.Invalidate(0));
    stage.pass(stage.nanos(SOON_NANOS));
    stage.begin(1, new AdminCommand.InvalidateRemote(0));
    stage.awaitHealth();
  }

  /// A disk that is given up has writes under way; they fail when it is gone.
  static void writesFailOnAReleasedDisk(Stage stage) {
    stage.open(0, WRITES_MAX);
    stage.pass(stage.nanos(20 * Simulation.MILLISECOND));
    int node = stage.random.nextInt(2);
    SimDrive.Health health = stage.nodes.get(node).drive(0).health();
    health.stallUntil(stage.simulation.nowNanos() + stage.nanos(50 * Simulation.MILLISECOND));
    stage.pass(stage.nanos(20 * Simulation.MILLISECOND));
    health.failing(SimDrive.Failing.EVERYTHING);
    stage.begin(node, new AdminCommand.Detach(0, true));
    stage.begin(node, new AdminCommand.Detach(0, false));
    stage.close();
    stage.await(
        "the disk's release",
        () ->
            stage.state(node).disk() == DiskState.DISKLESS
                && !stage.nodes.get(node).hasDriveOpen(0));
    health.failing(SimDrive.Failing.NOTHING);
    stage.attach(node);
    stage.awaitHealth();
  }

  /// The resync of the second volume waits for that of the first, and its node is taken down.
  static void downWhileAResyncWaits(Stage stage) {
    for (int node = 0; node < 2; node++) {
      stage.order(
          node,
          new AdminCommand.DiskOptions(1, stage.setting.disk().with(Option.RESYNC_AFTER, "0")));
    }
    fallBehind(stage);
    meet(stage);
    stage.await(
        "a resync that waits",
        () -> stage.isHealthy() || stage.view.state(1, 1).conn() == ConnectionState.PAUSED_SYNC_T);
    if (stage.random.nextBoolean()) {
      stage.order(1, new AdminCommand.PauseSync(0));
      stage.pass(Simulation.SECOND);
    }
    stage.order(1, new AdminCommand.Down());
    stage.end(1, SimNode.Ending.KILL);
    stage.admins.get(1).up();
    stage.awaitHealth();
  }

  /// A verify where one end is alone, too old, or without its disk; where all is well it runs.
  static void verifyAtAnyMoment(Stage stage) {
    boolean isDiskless = stage.random.nextBoolean();
    verify(stage, 0);
    stage.awaitHealth();
    if (isDiskless) {
      stage.order(1, new AdminCommand.Detach(0, true));
      verify(stage, 0);
      stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
      stage.attach(1);
      stage.awaitHealth();
    }
    int alone = stage.random.nextInt(2);
    stage.order(alone, new AdminCommand.Disconnect(true));
    stage.pass(stage.nanos(SOON_NANOS));
    verify(stage, alone);
    verify(stage, 1 - alone);
    stage.when(
        alone,
        0,
        state -> state.conn() == ConnectionState.WF_REPORT_PARAMS,
        0,
        () ->
            stage.begin(
                alone,
                new AdminCommand.Verify(
                    0, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty())));
    stage.connect(alone, false);
    stage.awaitHealth();
  }
}
