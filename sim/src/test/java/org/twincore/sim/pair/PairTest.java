package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimDrive;

/// The plain courses of two nodes, one at a time, in a world without faults.
class PairTest {
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void syncsInFullAfterAForcedPromotion(String protocol) throws MetadataException {
    Pair pair = Pair.up(protocol);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
    assertThat(pair.admin(0, new AdminCommand.Primary(0, false)))
        .isEqualTo(new AdminResult.State(StateResult.NO_UP_TO_DATE_DISK, ""));
    pair.ok(0, new AdminCommand.Primary(0, true));
    pair.awaitUpToDate();
    pair.write(0, 3, 33);
    pair.write(0, 300, 34);
    pair.flush(0);
    assertThat(pair.read(0, 300)).isEqualTo(34);
    // Protocols A and B answer before the peer has written.
    pair.await(() -> pair.onDisk(1, 3) == 33 && pair.onDisk(1, 300) == 34, "the peer's writes");
    pair.assertEqualDisks();
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
  }

  @Test
  void resyncsOnlyWhatChangedAfterTheSecondaryWasAway() throws MetadataException {
    Pair pair = primary();
    pair.kill(1);
    pair.awaitState(0, ConnectionState.WF_CONNECTION, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    pair.write(0, 7, 71);
    pair.write(0, 900, 72);
    pair.flush(0);
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(2);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 900)).isEqualTo(72);
  }

  @Test
  void goesOnAtTheOtherNodeAfterThePrimaryWasKilled() throws MetadataException {
    Pair pair = primary();
    pair.write(0, 11, 1);
    long inFlight = pair.startWrite(0, 12, 2, false);
    pair.kill(0);
    assertThat(pair.answer(inFlight)).isNull();
    pair.awaitState(1, ConnectionState.WF_CONNECTION, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    pair.ok(1, new AdminCommand.Primary(0, false));
    assertThat(pair.read(1, 11)).isEqualTo(1);
    pair.write(1, 11, 3);
    pair.start(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(0, 11)).isEqualTo(3);
    assertThat(pair.state(0).role()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void swapsRoles() throws MetadataException {
    Pair pair = primary();
    pair.write(0, 1, 1);
    assertThat(pair.admin(1, new AdminCommand.Primary(0, false)).isSuccess()).isFalse();
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(1, 1, 2);
    assertThat(pair.onDisk(0, 1)).isEqualTo(2);
    assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
  }

  @Test
  void refusesASplitBrain() throws MetadataException {
    Pair pair = primary();
    pair.network.open(0, false);
    pair.awaitState(1, ConnectionState.WF_CONNECTION, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(0, 1, 1);
    pair.write(1, 1, 2);
    pair.ok(1, new AdminCommand.Secondary(0));
    pair.network.open(0, true);
    pair.awaitState(0, ConnectionState.STAND_ALONE, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    pair.awaitState(1, ConnectionState.STAND_ALONE, DiskState.UP_TO_DATE, DiskState.D_UNKNOWN);
    assertThat(pair.read(0, 1)).isEqualTo(1);
    assertThat(pair.onDisk(1, 1)).isEqualTo(2);
  }

  @Test
  void comesDownCleanAndUpAgainWithoutResync() throws MetadataException {
    Pair pair = primary();
    pair.write(0, 5, 5);
    pair.ok(0, new AdminCommand.Down());
    pair.ok(1, new AdminCommand.Down());
    pair.kill(0);
    pair.kill(1);
    pair.start(0);
    pair.start(1);
    pair.awaitUpToDate();
    assertThat(pair.volume(0).counters().receivedSectors()).isZero();
    assertThat(pair.volume(1).counters().receivedSectors()).isZero();
    pair.assertEqualDisks();
  }

  @Test
  void goesOnWithThePeersDiskAfterALocalWriteError() throws MetadataException {
    Pair pair = primary();
    pair.write(0, 20, 1);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.write(0, 20, 2);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    assertThat(pair.read(0, 20)).isEqualTo(2);
    pair.write(0, 21, 3);
    assertThat(pair.onDisk(1, 21)).isEqualTo(3);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void invalidatesEitherSide() throws MetadataException {
    Pair pair = primary();
    pair.write(0, 9, 9);
    pair.ok(0, new AdminCommand.InvalidateRemote(0));
    pair.await(() -> pair.state(1).disk() == DiskState.INCONSISTENT, "the resync to start");
    pair.awaitUpToDate();
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void skipsTheInitialSync() throws MetadataException {
    Pair pair = Pair.up("C");
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
    pair.ok(1, new AdminCommand.NewCurrentUuid(0, true));
    pair.awaitUpToDate();
    pair.ok(0, new AdminCommand.Primary(0, false));
    pair.write(0, 2, 2);
    assertThat(pair.onDisk(1, 2)).isEqualTo(2);
  }

  @Test
  void aFlushWithTwoNodesIsAnsweredWhenThePeerIsLost() throws MetadataException {
    Pair pair = primary();
    pair.network.open(0, false);
    long write = pair.startWrite(0, 40, 4, false);
    pair.flush(0);
    pair.done(write);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppDone.class);
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(1);
  }

  private static Pair primary() throws MetadataException {
    Pair pair = Pair.up("C");
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
    pair.ok(0, new AdminCommand.Primary(0, true));
    pair.awaitUpToDate();
    return pair;
  }
}
