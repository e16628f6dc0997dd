package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.meta.MetadataException;

/// What a barrier's acknowledgement says: the peer's disk keeps these writes, or the sender has
/// marked them (a WRITE answered in protocol C survives the loss of either node).
class BarrierPairTest {
  /// Their barrier comes when the disk is gone.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void writesOfADiskThatFailedUnflushedStayMarked(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long first = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.onDisk(1, 7) == 71, "the peer's write");
    pair.run(20);
    pair.withheld.fail(pair.nodes[1], Withheld::isWrite);
    long second = pair.startWrite(0, 500, 72, false);
    pair.await(() -> pair.state(1).disk() == DiskState.DISKLESS, "the end of the disk");
    pair.withheld.release(pair.nodes[0]);
    pair.done(first);
    pair.done(second);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(2);
    powerCutAndBack(pair);
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// It took the write before it failed, and answers after.
  @Test
  void aWriteThatAFailedDiskAnswersLateIsNotSafe() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    long first = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.onDisk(1, 7) == 71, "the peer's write");
    pair.withheld.fail(pair.nodes[1], Withheld::isWrite);
    long second = pair.startWrite(0, 500, 72, false);
    pair.await(() -> pair.state(1).disk() == DiskState.FAILED, "the failure");
    pair.withheld.release(pair.nodes[1]);
    pair.done(first);
    pair.done(second);
    powerCutAndBack(pair);
  }

  /// One connection-wide epoch; the other volume's disk is well.
  @Test
  void aFailedDiskOfOneVolumeIsNotHiddenByAnotherVolume() throws MetadataException {
    Pair pair = new Pair.Setup().volumes(2).primary();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long first = pair.startWrite(0, 1, 7, 71, false);
    pair.await(() -> pair.onDisk(1, 1, 7) == 71, "the peer's write");
    pair.run(20);
    pair.withheld.fail(pair.nodes[1], effect -> Withheld.isWriteTo(effect, 1));
    long second = pair.startWrite(0, 1, 500, 72, false);
    pair.await(() -> pair.volume(1, 1).state().disk() == DiskState.DISKLESS, "the end of a disk");
    pair.withheld.release(pair.nodes[0]);
    pair.done(first);
    pair.done(second);
    pair.write(0, 0, 3, 33);
    pair.run(300);
    assertThat(pair.volume(1, 0).state().disk()).isEqualTo(DiskState.UP_TO_DATE);
    powerCutAndBack(pair);
  }

  /// It is flushed before it is let go, but the barrier must wait for that.
  @Test
  void aDiskThatIsBeingDetachedStillHasToFlush() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.onDisk(1, 7) == 71, "the peer's write");
    pair.run(20);
    pair.withheld.lose(pair.nodes[1], Withheld::isFlush);
    List<AdminResult> detach = pair.begin(1, new AdminCommand.Detach(0, false));
    pair.await(() -> pair.state(1).disk() == DiskState.FAILED, "the detach");
    pair.withheld.release(pair.nodes[0]);
    pair.done(write);
    pair.run(300);
    assertThat(detach).isEmpty();
    powerCutAndBack(pair);
  }

  /// What it answered is durable: no reason to start over with the peer.
  @Test
  void aDetachInGoodOrderKeepsTheConnection() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.onDisk(1, 7) == 71, "the peer's write");
    pair.run(20);
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.withheld.release(pair.nodes[0]);
    pair.done(write);
    pair.awaitQuiet();
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    powerCutAndBack(pair);
  }

  /// A disk that cannot be flushed is given up, whatever `on-io-error` says, and not tried for
  /// ever.
  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on", "call-local-io-error"})
  void aDiskThatFailsItsFlushIsGivenUp(String policy) throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.ON_IO_ERROR, policy).primary();
    pair.awaitQuiet();
    pair.withheld.fail(pair.nodes[1], Withheld::isFlush);
    pair.write(0, 7, 71);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.write(0, 8, 81);
    pair.run(3000);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    powerCutAndBack(pair);
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
    assertThat(pair.onDisk(1, 8)).isEqualTo(81);
  }

  /// Nor does a Primary go on with one.
  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on"})
  void aPrimaryGivesUpADiskThatFailsItsFlush(String policy) throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.ON_IO_ERROR, policy).primary();
    pair.write(0, 7, 71);
    pair.awaitQuiet();
    pair.withheld.fail(pair.nodes[0], Withheld::isFlush);
    pair.flush(0);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.write(0, 8, 81);
    pair.powerCut(0);
    pair.withheld.release(pair.nodes[0]);
    pair.start(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(0, 8)).isEqualTo(81);
  }

  private static void powerCutAndBack(Pair pair) throws MetadataException {
    pair.run(300);
    pair.powerCut(1);
    pair.withheld.release(pair.nodes[1]);
    pair.start(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }
}
