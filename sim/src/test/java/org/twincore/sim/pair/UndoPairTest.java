package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.sim.check.UndoRestoresLoser;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;

/// The loser of a split brain saves what the resync, and whoever else, overwrites.
///
/// Promise kept (docs/undo.md): the disk of the loser as it was in the moment of the handshake can
/// be had again, whatever crashes when; nothing is overwritten before it is saved.
class UndoPairTest {
  private static final int BLOCKS = 60;

  /// The winner is node 0, Primary; it wrote 0..59, the loser 30..89.
  private final UndoRestoresLoser checker = new UndoRestoresLoser();

  private Pair split(Pair.Setup setup) throws MetadataException {
    Pair pair = setup.net(Option.AFTER_SB_1PRI, "discard-secondary").primary();
    for (SimNode node : pair.nodes) {
      node.watch(checker);
    }
    for (int block = 0; block < 150; block++) {
      pair.write(0, block, 9);
    }
    pair.flush(0);
    pair.awaitQuiet();
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.ok(1, new AdminCommand.Primary(0, false));
    for (int block = 0; block < BLOCKS; block++) {
      pair.write(0, block, 1);
      pair.write(1, block + 30, 2);
    }
    pair.ok(1, new AdminCommand.Secondary(0));
    return pair;
  }

  private static int loserHad(long block) {
    return block >= 30 && block < 30 + BLOCKS ? 2 : block < 150 ? 9 : 0;
  }

  private static UndoContents undo(Pair pair) {
    return pair.nodes[1].drive(0).undo().contents().orElseThrow();
  }

  private static void assertImage(Pair pair) throws Exception {
    for (long block = 0; block < 200; block++) {
      byte[] image = pair.nodes[1].drive(0).data().block(block).clone();
      undo(pair).lay(block * 8, image);
      assertThat(image[0]).as("block %d", block).isEqualTo((byte) loserHad(block));
    }
  }

  // ---- what is saved

  @Test
  void savesAllThatIsOverwrittenAndNothingElse() throws Exception {
    Pair pair = split(new Pair.Setup());
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.run(100);
    pair.assertEqualDisks();
    assertImage(pair);
    assertThat(undo(pair).end()).isEqualTo(UndoContents.End.COMPLETE);
    // 0 to 29 only the winner changed, 60 to 89 only the loser, 30 to 59 both.
    assertThat(undo(pair).blocks()).isEqualTo(90);
    assertThat(undo(pair).header().reason()).isEqualTo("after-sb policy SECONDARY_LOSES");
    assertThat(undo(pair).header().own()).isNotEqualTo(undo(pair).header().peer());
    assertThat(pair.nodes[0].drive(0).undo().files()).isZero();
    assertThat(checker.compared()).isPositive();
  }

  @Test
  void savesForDiscardMyData() throws Exception {
    Pair pair = split(new Pair.Setup());
    for (int id = 0; id < 2; id++) {
      pair.ok(id, new AdminCommand.Disconnect(true));
    }
    pair.ok(
        1,
        new AdminCommand.Connect(pair.net().with(Option.AFTER_SB_1PRI, "disconnect"), true, false));
    pair.ok(
        0,
        new AdminCommand.Connect(
            pair.net().with(Option.AFTER_SB_1PRI, "disconnect"), false, false));
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.run(100);
    assertThat(undo(pair).header().reason()).isEqualTo("discard-my-data");
    assertImage(pair);
  }

  /// An ordinary resync has nothing to undo.
  @Test
  void ordinaryResyncSavesNothing() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 5, 1);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    assertThat(pair.nodes[0].drive(0).undo().files()).isZero();
    assertThat(pair.nodes[1].drive(0).undo().files()).isZero();
  }

  /// Not one flush of the undo file for each block.
  @Test
  void savesInBatches() throws MetadataException {
    Pair pair = split(new Pair.Setup());
    long[] appends = new long[1];
    pair.nodes[1].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            appends[0] += effect instanceof Effect.AppendUndo ? 1 : 0;
          }
        });
    pair.network.open(0, true);
    pair.awaitUpToDate();
    assertThat(appends[0]).isBetween(1L, 30L);
  }

  // ---- the Primary goes on writing

  @ParameterizedTest
  @ValueSource(strings = {"A", "C"})
  void primaryWritesMeanwhile(String protocol) throws Exception {
    Pair pair = split(new Pair.Setup().protocol(protocol).resyncKibPerSecond(60));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    for (int block = 20; block < 140; block++) {
      pair.write(0, block, 5);
      pair.run(3);
    }
    long cookie =
        pair.start(
            0,
            it ->
                new Event.AppDiscard(
                    0, it, new Extent(100 * 8, 8 * 4096), Event.Discard.TRIM, false));
    pair.done(cookie);
    pair.awaitUpToDate();
    pair.run(100);
    pair.assertEqualDisks();
    assertImage(pair);
    assertThat(undo(pair).end()).isEqualTo(UndoContents.End.COMPLETE);
  }

  /// The loser itself becomes Primary in the middle of its resync, and writes.
  @Test
  void loserWritesMeanwhile() throws Exception {
    Pair pair = split(new Pair.Setup().resyncKibPerSecond(60));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Primary(0, false));
    for (int block = 20; block < 140; block += 3) {
      pair.write(1, block, 5);
    }
    pair.awaitUpToDate();
    pair.run(100);
    pair.assertEqualDisks();
    assertImage(pair);
  }

  // ---- crashes and cuts

  /// Ends at many moments from the handshake on, twice in a run, while the Primary writes.
  @ParameterizedTest
  @EnumSource(SimNode.Ending.class)
  void survivesCrashesAtEachStep(SimNode.Ending ending) throws Exception {
    for (int delay : new int[] {1, 2, 3, 5, 8, 13, 21, 34, 55}) {
      Pair pair = split(new Pair.Setup().resyncKibPerSecond(4_000));
      pair.flush(0);
      pair.network.open(0, true);
      pair.await(() -> pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED), "the handshake");
      for (int crash = 0; crash < 2; crash++) {
        for (int block = 0; block < 20; block++) {
          pair.startWrite(0, 25 + 7 * block + crash, 100 + block, false);
        }
        pair.run(delay);
        pair.nodes[1].end(ending, SimStore.Keep.ANYTHING);
        pair.start(1);
        comeBack(pair);
        // The generations of a resync that has begun are durable a moment later.
        pair.run(30);
      }
      pair.awaitUpToDate();
      pair.run(100);
      pair.assertEqualDisks();
      assertThat(undo(pair).damagedAt()).isEmpty();
      assertThat(undo(pair).end()).isEqualTo(UndoContents.End.COMPLETE);
    }
    assertThat(checker.compared()).as("ends and crashes").isGreaterThan(9);
  }

  /// A crash between P_SYNC_UUID's two ends leaves generations that no policy settles: the admin
  /// says again who gives in.
  private static void comeBack(Pair pair) {
    pair.await(
        () ->
            pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED)
                || pair.state(1).conn() == ConnectionState.STAND_ALONE
                || pair.state(0).conn() == ConnectionState.STAND_ALONE,
        "the way back");
    if (pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED)) {
      return;
    }
    pair.run(3_000);
    for (int id = 0; id < 2; id++) {
      pair.ok(id, new AdminCommand.Disconnect(true));
    }
    pair.connect(0);
    pair.ok(1, new AdminCommand.Connect(pair.net(), true, false));
    pair.await(() -> pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED), "the admin's way");
  }

  /// The connection is lost in the middle: what comes afterwards is an ordinary resync, which goes
  /// on with the same file.
  @Test
  void lostConnectionGoesOnWithTheSameFile() throws Exception {
    Pair pair = split(new Pair.Setup().resyncKibPerSecond(60));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.run(150);
    pair.network.open(0, false);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    assertThat(undo(pair).blocks()).isPositive();
    assertThat(undo(pair).end()).isEqualTo(UndoContents.End.OPEN);
    pair.write(0, 120, 7);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.run(100);
    assertThat(pair.nodes[1].drive(0).undo().files()).isEqualTo(1);
    assertImage(pair);
    assertThat(undo(pair).blocks()).isEqualTo(91);
  }

  /// A detach and attach in the middle, too.
  @Test
  void newAttachGoesOnWithTheSameFile() throws Exception {
    Pair pair = split(new Pair.Setup().resyncKibPerSecond(60));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.run(150);
    pair.ok(1, new AdminCommand.Detach(0, true));
    pair.attach(1);
    pair.awaitUpToDate();
    pair.run(100);
    assertThat(pair.nodes[1].drive(0).undo().files()).isEqualTo(1);
    assertImage(pair);
  }

  // ---- it cannot be written

  @Test
  void pausesAtItsLimitAndGoesOnWhenThereIsRoom() throws Exception {
    Pair pair = split(new Pair.Setup());
    pair.nodes[1].drive(0).undo().limit(4096 + 10 * (64 + 4096));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    pair.awaitConn(0, ConnectionState.PAUSED_SYNC_S);
    pair.run(1_000);
    assertThat(pair.state(1).userIsp()).isTrue();
    assertThat(why(pair))
        .anyMatch(it -> it.contains("the limit is reached"))
        .anyMatch(it -> it.contains("undo-split-brain"));
    // The service goes on meanwhile; the loser gets none of it.
    pair.write(0, 130, 6);
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 130)).isEqualTo(9);
    // Without room it pauses again.
    pair.ok(1, new AdminCommand.ResumeSync(0));
    pair.run(500);
    assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.PAUSED_SYNC_T);
    assertImage(pair);
    pair.nodes[1].drive(0).undo().limit(Long.MAX_VALUE);
    pair.ok(1, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    pair.run(100);
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 130)).isEqualTo(6);
    assertImage(pair);
    assertThat(undo(pair).end()).isEqualTo(UndoContents.End.COMPLETE);
  }

  private static List<String> why(Pair pair) {
    return pair.nodes[1].resource().orElseThrow().why().stream().map(Waiting::toString).toList();
  }

  @Test
  void adminStopsTheUndo() throws Exception {
    Pair pair = split(new Pair.Setup());
    pair.nodes[1].drive(0).undo().limit(4096 + 10 * (64 + 4096));
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    pair.nodes[1].drive(0).undo().limit(Long.MAX_VALUE);
    pair.ok(1, new AdminCommand.StopUndo(0));
    pair.awaitUpToDate();
    pair.run(100);
    pair.assertEqualDisks();
    assertThat(undo(pair).end()).isEqualTo(UndoContents.End.STOPPED);
    assertThat(pair.admin(1, new AdminCommand.StopUndo(0)).isSuccess()).isFalse();
  }

  /// A node that is told to keep no undo files does not.
  @Test
  void offMeansOff() throws Exception {
    Pair pair = split(new Pair.Setup());
    pair.ok(1, new AdminCommand.Detach(0, true));
    AdminCommand.Attach attach = (AdminCommand.Attach) pair.attachCommand(1, 0);
    pair.ok(1, new AdminCommand.Attach(0, attach.image(), Optional.empty()));
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.nodes[1].drive(0).undo().files()).isZero();
  }

  /// The loser of which the undo file fails keeps a connection and a Primary that writes, and
  /// becomes good by force: the undo ends there.
  @Test
  void forceEndsThePause() throws Exception {
    Pair pair = split(new Pair.Setup());
    pair.nodes[1].drive(0).undo().limit(4096);
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    for (int id = 0; id < 2; id++) {
      pair.ok(id, new AdminCommand.Disconnect(true));
    }
    pair.ok(1, new AdminCommand.Primary(0, true));
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(pair.state(1).role()).isEqualTo(Role.PRIMARY);
    pair.write(1, 3, 4);
    assertThat(pair.onDisk(1, 3)).isEqualTo(4);
  }
}
