package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.Simulation;

/// A disk that hangs, and an admin who gives it up: `detach` waits for it, `detach --force` does
/// not.
///
/// Promise kept (docs/durability.md, protocol C): what was answered without the own disk is on the
/// peer's, and a late write to the old disk is overwritten by the next resync.
class ForcedDetachPairTest {
  private static final long STALL_MILLIS = 60_000;

  private static void stall(Pair pair, int id) {
    pair.nodes[id]
        .drive(0)
        .health()
        .stallUntil(pair.simulation.nowNanos() + STALL_MILLIS * Simulation.MILLISECOND);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatHangsGoesOnOverThePeer(boolean triesWithoutForce) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 1, 1);
    pair.write(0, 2, 2);
    pair.awaitQuiet();
    stall(pair, 0);
    long write = pair.startWrite(0, 1, 7, false);
    long flushed = pair.startWrite(0, 3, 8, true);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(2 * 8, Pair.BLOCK)));
    pair.run(1_000);
    List<AdminResult> plain =
        triesWithoutForce ? pair.begin(0, new AdminCommand.Detach(0, false)) : List.of();
    pair.run(10_000);
    assertThat(plain).isEmpty();
    assertThat(pair.answer(write)).isNull();

    List<AdminResult> forced = pair.begin(0, new AdminCommand.Detach(0, true));
    pair.run(500);
    pair.done(write);
    pair.done(flushed);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppReadDone.class);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.FAILED);
    // Newer data, where the late write goes, and where nothing was marked before.
    pair.write(0, 1, 9);
    pair.write(0, 2, 9);
    assertThat(forced).as("the drive may still write").isEmpty();
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.FAILED);

    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    assertThat(pair.onDisk(0, 1)).as("the late write").isEqualTo(7);
    pair.await(() -> !forced.isEmpty() && triesWithoutForce == !plain.isEmpty(), "the answers");
    assertThat(forced.getFirst().isSuccess()).isTrue();
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(pair.read(0, 1)).isEqualTo(9);
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// The peer's writes go on without it, too.
  @Test
  void aStalledDiskOfTheSecondaryLetsThePrimaryGoOn() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    stall(pair, 1);
    long write = pair.startWrite(0, 1, 2, false);
    pair.run(10_000);
    assertThat(pair.answer(write)).isNull();
    pair.begin(1, new AdminCommand.Detach(0, true));
    pair.run(500);
    pair.done(write);
    pair.write(0, 1, 3);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.attach(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 1)).isEqualTo(3);
    pair.assertEqualDisks();
  }

  /// In the middle of a resync, on either side of it.
  @ParameterizedTest
  @CsvSource({"0", "1"})
  void inAResync(int side) throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(500).primary();
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    for (int block = 0; block < 300; block++) {
      pair.write(0, block, 5);
    }
    pair.start(1);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.run(500);
    stall(pair, side);
    pair.run(1_000);
    pair.begin(side, new AdminCommand.Detach(0, true));
    pair.run(500);
    assertThat(pair.state(side).disk()).isEqualTo(DiskState.FAILED);
    pair.await(() -> pair.state(side).disk() == DiskState.DISKLESS, "the released disk");
    pair.attach(side);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// Nobody else has the data: an error, as the kernel gives, not a wait for ever.
  @Test
  void aLonelyPrimaryFailsItsRequests() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.write(0, 1, 1);
    stall(pair, 0);
    long write = pair.startWrite(0, 1, 2, false);
    pair.run(1_000);
    pair.begin(0, new AdminCommand.Detach(0, true));
    pair.run(500);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
  }
}
