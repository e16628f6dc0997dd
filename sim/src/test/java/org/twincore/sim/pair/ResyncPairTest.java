package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.Simulation;

/// Resyncs that are cut, and what crashes leave of them.
class ResyncPairTest {
  private static final int BLOCKS = 1000;

  /// The source forgets a block when the target says that it has it; if the target then loses its
  /// cache, its own bitmap must still know.
  @Test
  void aTargetThatLosesItsCacheFetchesAgain() throws MetadataException {
    Pair pair = slowResync();
    pair.run(1200);
    assertThat(pair.volume(0).outOfSyncBlocks()).isBetween(100L, 900L);
    pair.powerCut(1);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// The source's own write ends after the link; what the target had of it may be gone.
  @Test
  void aWriteOfARunningResyncIsNotForgottenWithTheLink() throws MetadataException {
    Pair pair = slowResync();
    pair.run(300);
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 1500, 77, false);
    pair.await(() -> pair.onDisk(1, 1500) == 77, "the target's write");
    pair.run(20);
    pair.powerCut(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.withheld.release(pair.nodes[0]);
    pair.done(write);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// A write of the running resync is safe at the target, which ends before the source knows of its
  /// own half: the source hears of the end while the block is still marked.
  @Test
  void theSourceEndsWhenItsLastWriteDoes() throws MetadataException {
    Pair pair = slowResync();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, BLOCKS - 1, 77, false);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
    pair.run(100);
    assertThat(pair.volume(0).outOfSyncBlocks()).isOne();
    pair.withheld.release(pair.nodes[0]);
    pair.done(write);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// Answers that are on their way when the resync ends with the target's disk are no violation:
  /// the nodes stay connected, and the source lets go of the blocks it kept closed for them.
  @Test
  void aResyncThatEndsWithItsDiskLeavesTheConnection() throws MetadataException {
    Pair pair = slowResync();
    long latency = 10 * Simulation.MILLISECOND;
    pair.network.path(0).latency(latency, latency);
    pair.network.path(1).latency(latency, latency);
    pair.run(450);
    pair.await(() -> pair.volume(1).counters().peerPending() > 0, "a request");
    pair.ok(1, new AdminCommand.Detach(0, true));
    for (int look = 0; look < 200; look++) {
      pair.run(5);
      assertThat(pair.state(0).conn().isAtLeast(ConnectionState.CONNECTED)).isTrue();
      assertThat(pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED)).isTrue();
    }
    assertThat(pair.volume(0).counters().unacked()).isZero();
    assertThat(pair.volume(1).counters().peerPending()).isZero();
    for (int block = 0; block < BLOCKS; block += 50) {
      pair.write(0, block, 3);
    }
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void anUnfinishedTargetTakesNoWritesAlone() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(1000).primary();
    fallBehind(pair);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.start(1);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(1, 1500, 5);
    pair.network.open(0, false);
    pair.network.open(1, false);
    long write = pair.startWrite(1, 1501, 6, false);
    pair.awaitAnswer(write);
    pair.network.open(0, true);
    pair.network.open(1, true);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    if (pair.answer(write) instanceof Effect.AppDone) {
      assertThat(pair.onDisk(0, 1501)).isEqualTo(6);
    }
  }

  @Test
  void bothSidesMayWriteTrimAndZeroDuringAResync() throws MetadataException {
    for (int seed = 0; seed < 4; seed++) {
      Pair pair = new Pair.Setup().resyncKibPerSecond(4000).primary();
      fallBehind(pair);
      boolean atTarget = seed % 2 == 0;
      if (atTarget) {
        pair.ok(0, new AdminCommand.Secondary(0));
      }
      pair.start(1);
      pair.awaitConn(1, ConnectionState.SYNC_TARGET);
      if (atTarget) {
        pair.ok(1, new AdminCommand.Primary(0, false));
      }
      Load load = new Load(pair, atTarget ? 1 : 0, 0, seed, 16);
      pair.awaitUpToDate();
      load.stop();
      assertThat(load.failed()).isZero();
      assertThat(load.answered()).isGreaterThan(100);
      pair.assertEqualDisks();
      assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
      assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
    }
  }

  /// Kills either node in each phase and goes on.
  @Test
  void goesOnAfterACrashInAnyPhase() throws MetadataException {
    ConnectionState[] phases = {
      ConnectionState.WF_BITMAP_T,
      ConnectionState.WF_SYNC_UUID,
      ConnectionState.SYNC_TARGET,
      ConnectionState.WF_BITMAP_S,
      ConnectionState.SYNC_SOURCE
    };
    for (ConnectionState phase : phases) {
      for (int victim = 0; victim < 2; victim++) {
        for (int power = 0; power < 2; power++) {
          Pair pair = new Pair.Setup().resyncKibPerSecond(4000).primary();
          fallBehind(pair);
          pair.start(1);
          int watched =
              phase == ConnectionState.WF_BITMAP_S || phase == ConnectionState.SYNC_SOURCE ? 0 : 1;
          pair.awaitConn(watched, phase);
          if (power == 0) {
            pair.kill(victim);
          } else {
            pair.powerCut(victim);
          }
          pair.run(700);
          pair.start(victim);
          pair.awaitUpToDate();
          pair.assertEqualDisks();
          for (int block = 0; block < BLOCKS; block += 50) {
            assertThat(pair.onDisk(1, block)).as("%s, %d killed", phase, victim).isEqualTo(9);
          }
        }
      }
    }
  }

  @Test
  void pausesOnEitherSideAndGoesOn() throws MetadataException {
    for (int node = 0; node < 2; node++) {
      Pair pair = new Pair.Setup().resyncKibPerSecond(4000).primary();
      fallBehind(pair);
      pair.start(1);
      pair.awaitConn(1, ConnectionState.SYNC_TARGET);
      pair.run(150);
      pair.ok(node, new AdminCommand.PauseSync(0));
      pair.awaitConn(0, ConnectionState.PAUSED_SYNC_S);
      pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
      pair.run(500);
      long left = pair.volume(1).outOfSyncBlocks();
      pair.run(1000);
      assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(left).isPositive();
      pair.write(0, BLOCKS - 1, 10);
      pair.write(0, 1800, 11);
      pair.ok(node, new AdminCommand.ResumeSync(0));
      pair.awaitUpToDate();
      pair.assertEqualDisks();
    }
  }

  /// c-min-rate: while applications use the disk a resync goes on, but not quicker than that.
  @Test
  void givesWayToApplications() throws MetadataException {
    for (int minRate : new int[] {0, 400}) {
      Pair pair =
          new Pair.Setup().resyncKibPerSecond(4000).disk(Option.C_MIN_RATE, minRate).primary();
      fallBehind(pair);
      pair.start(1);
      pair.awaitConn(1, ConnectionState.SYNC_TARGET);
      writeElsewhere(pair);
      assertThat(pair.state(1).conn())
          .isEqualTo(minRate == 0 ? ConnectionState.CONNECTED : ConnectionState.SYNC_TARGET);
      long left = pair.volume(1).outOfSyncBlocks();
      writeElsewhere(pair);
      if (minRate > 0) {
        assertThat(pair.volume(1).outOfSyncBlocks()).isLessThan(left);
      }
      pair.awaitUpToDate();
      pair.awaitQuiet();
      pair.assertEqualDisks();
    }
  }

  @Test
  void aPauseOutlivesTheConnection() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(4000).primary();
    fallBehind(pair);
    pair.ok(0, new AdminCommand.PauseSync(0));
    pair.start(1);
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    pair.run(500);
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// Three seconds of writes to blocks that are in sync.
  private static void writeElsewhere(Pair pair) {
    for (int write = 0; write < 600; write++) {
      pair.startWrite(0, BLOCKS + 200 + write, write % 100, false);
      pair.run(5);
    }
  }

  /// Node 0 is the source, and about four seconds of its resync are to come.
  private static Pair slowResync() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(1000).primary();
    fallBehind(pair);
    pair.start(1);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    return pair;
  }

  private static void fallBehind(Pair pair) throws MetadataException {
    pair.kill(1);
    pair.awaitState(0, ConnectionState.WF_CONNECTION, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    byte[] bytes = new byte[Pair.BLOCK * 50];
    Arrays.fill(bytes, (byte) 9);
    for (long block = 0; block < BLOCKS; block += 50) {
      long from = block * 8;
      pair.done(
          pair.start(0, cookie -> new Event.AppWrite(0, cookie, from, Payload.of(bytes), false)));
    }
    pair.flush(0);
  }
}
