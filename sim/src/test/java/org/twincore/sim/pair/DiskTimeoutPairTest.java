package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.Simulation;

/// `disk-timeout`: a disk that does not answer in time is one that failed, and what it does later
/// changes nothing that anybody sees.
///
/// Promise kept (docs/durability.md, protocol C): a write that was answered OK although the own
/// disk never answered is on the peer's, and a late write to the old disk is overwritten by the
/// next resync, for the disk is not released before it is done.
class DiskTimeoutPairTest {
  private static final long TIMEOUT_MILLIS = 1_000;

  private static Pair.Setup setup() {
    return new Pair.Setup().disk(Option.DISK_TIMEOUT, TIMEOUT_MILLIS / 100);
  }

  private static void stall(Pair pair, int id, long millis) {
    pair.nodes[id]
        .drive(0)
        .health()
        .stallUntil(pair.simulation.nowNanos() + millis * Simulation.MILLISECOND);
  }

  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on", "call-local-io-error"})
  void aStalledDiskOfThePrimaryIsGivenUp(String policy) throws MetadataException {
    Pair pair = setup().disk(Option.ON_IO_ERROR, policy).primary();
    List<String> called = new ArrayList<>();
    new ScriptedPrograms(pair.nodes[0], called);
    pair.write(0, 1, 1);
    pair.write(0, 2, 2);
    pair.awaitQuiet();
    stall(pair, 0, 60_000);
    long write = pair.startWrite(0, 1, 7, false);
    long flushed = pair.startWrite(0, 3, 8, true);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(2 * 8, Pair.BLOCK)));
    pair.run(TIMEOUT_MILLIS - 100);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(pair.answer(write)).isNull();
    pair.run(300);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.FAILED);
    pair.done(write);
    pair.done(flushed);
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppReadDone.class);
    assertThat(called)
        .isEqualTo(
            policy.equals("call-local-io-error") ? List.of("core-01 local-io-error") : List.of());
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.FAILED);
    // Newer data, where the late write goes, and where nothing was marked before.
    pair.write(0, 1, 9);
    pair.write(0, 2, 9);
    // Not Diskless while the drive may still write.
    pair.run(20_000);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.FAILED);
    assertThat(pair.nodes[0].hasDriveOpen(0)).isTrue();
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    assertThat(pair.onDisk(0, 1)).as("the late write").isEqualTo(7);
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(pair.read(0, 1)).isEqualTo(9);
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// The kernel looks at application requests only; here the Secondary's disk counts too.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void aStalledDiskOfTheSecondaryIsGivenUp(String protocol) throws MetadataException {
    Pair pair = setup().protocol(protocol).primary();
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    stall(pair, 1, 30_000);
    pair.write(0, 1, 2);
    pair.await(() -> pair.state(1).disk() == DiskState.FAILED, "the failed disk");
    pair.write(0, 1, 3);
    pair.write(0, 4, 4);
    pair.flush(0);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.FAILED);
    pair.await(() -> pair.state(1).disk() == DiskState.DISKLESS, "the released disk");
    pair.await(() -> pair.state(1).conn().isAtLeast(ConnectionState.CONNECTED), "the connection");
    pair.attach(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 1)).isEqualTo(3);
    pair.assertEqualDisks();
  }

  /// Nobody else has the data: an error, not a wait for ever.
  @Test
  void aLonelyPrimaryFailsItsRequests() throws MetadataException {
    Pair pair = setup().primary();
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.write(0, 1, 1);
    stall(pair, 0, 20_000);
    long write = pair.startWrite(0, 1, 2, false);
    pair.run(TIMEOUT_MILLIS + 500);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
  }

  /// In the middle of a resync, on either side of it.
  @ParameterizedTest
  @CsvSource({"0", "1"})
  void aDiskThatStallsInAResyncIsGivenUp(int side) throws MetadataException {
    Pair pair = setup().resyncKibPerSecond(500).primary();
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    for (int block = 0; block < 300; block++) {
      pair.write(0, block, 5);
    }
    pair.start(1);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.run(500);
    stall(pair, side, 20_000);
    pair.await(() -> pair.state(side).disk() == DiskState.FAILED, "the failed disk");
    pair.await(() -> pair.state(side).disk() == DiskState.DISKLESS, "the released disk");
    pair.attach(side);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// A disk that is slow, but never that slow, stays.
  @Test
  void aSlowDiskStays() throws MetadataException {
    Pair pair = setup().primary();
    pair.nodes[0]
        .drive(0)
        .health()
        .latency(300 * Simulation.MILLISECOND, 800 * Simulation.MILLISECOND);
    for (int block = 0; block < 5; block++) {
      pair.write(0, block, 5);
    }
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  @Test
  void withoutTheOptionADiskMayTakeForEver() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    stall(pair, 0, 90_000);
    long write = pair.startWrite(0, 1, 7, false);
    pair.run(80_000);
    assertThat(pair.answer(write)).isNull();
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
    pair.done(write);
  }

  /// While it is attached nothing is known of the disk but its metadata.
  @Test
  void aDiskThatStallsInAnAttachIsGivenUp() throws MetadataException {
    Pair pair = setup().primary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    stall(pair, 1, 20_000);
    assertThat(pair.admin(1, pair.attachCommand(1, 0)).isSuccess()).isFalse();
    pair.await(() -> !pair.nodes[1].hasDriveOpen(0), "the end of the stall");
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }
}
