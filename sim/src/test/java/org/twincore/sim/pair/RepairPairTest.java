package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminCommand.Side;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.meta.MetadataException;

/// `repair` copies what a verify has marked and nothing else, from the side that was named.
///
/// Promise: what is not marked stays as it is, a Primary is never overwritten, and a node that dies
/// in the middle never calls its disk UpToDate before all was copied.
@Tag("slow")
class RepairPairTest {
  private static final int ROT = 99;

  private static Pair verified(long... blocks) throws MetadataException {
    Pair pair =
        new Pair.Setup()
            .net(Option.VERIFY_ALG, "crc32c")
            .disk(Option.C_PLAN_AHEAD, 0)
            .disk(Option.C_MIN_RATE, 0)
            .disk(Option.RESYNC_RATE, 40_000)
            .primary();
    for (long block : blocks) {
      pair.write(0, block, (int) (block % 50) + 1);
      pair.write(0, block + 1, 77);
    }
    pair.flush(0);
    for (long block : blocks) {
      byte[] bytes = new byte[Pair.BLOCK];
      Arrays.fill(bytes, (byte) ROT);
      pair.nodes[1].drive(0).data().write(block * Pair.BLOCK, bytes, 0, Pair.BLOCK, true);
    }
    pair.ok(0, new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty()));
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.awaitConn(1, ConnectionState.CONNECTED);
    pair.run(100);
    assertMarked(pair, blocks.length);
    return pair;
  }

  private static void assertMarked(Pair pair, long blocks) {
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(blocks);
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(blocks);
  }

  private static void awaitRepaired(Pair pair) {
    pair.run(50);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertMarked(pair, 0);
    pair.assertEqualDisks();
  }

  private static long received(Pair pair, int id) {
    return pair.volume(id).counters().receivedSectors();
  }

  /// Asked on either node, with the Primary's blocks as the right ones.
  @ParameterizedTest
  @CsvSource({"0,LOCAL", "1,PEER"})
  void thePrimarysBlocksGoToTheOther(int asks, Side source) throws MetadataException {
    Pair pair = verified(10, 700, 1500);
    long before = received(pair, 1);
    pair.ok(asks, new AdminCommand.Repair(0, source));
    awaitRepaired(pair);
    assertThat(pair.onDisk(1, 10)).isEqualTo(11);
    assertThat(pair.onDisk(0, 10)).isEqualTo(11);
    assertThat(received(pair, 1) - before).as("only the three blocks").isEqualTo(3 * 8);
    pair.write(0, 10, 5);
    assertThat(pair.onDisk(1, 10)).isEqualTo(5);
  }

  /// The admin knows better than the roles of yesterday: both Secondary, either side may be right.
  @ParameterizedTest
  @CsvSource({"0,LOCAL,11", "0,PEER,99", "1,LOCAL,99", "1,PEER,11"})
  void betweenSecondariesTheNamedSideIsRight(int asks, Side source, int right)
      throws MetadataException {
    Pair pair = verified(10);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(asks, new AdminCommand.Repair(0, source));
    awaitRepaired(pair);
    assertThat(pair.onDisk(0, 10)).isEqualTo(right);
    assertThat(pair.onDisk(1, 10)).isEqualTo(right);
    assertThat(pair.onDisk(0, 11)).isEqualTo(77);
    // Both agree on the generation: nothing is copied at the next meeting.
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    assertMarked(pair, 0);
  }

  @ParameterizedTest
  @CsvSource({"0,PEER", "1,LOCAL"})
  void aPrimaryIsNeverOverwritten(int asks, Side source) throws MetadataException {
    Pair pair = verified(10);
    AdminResult result = pair.admin(asks, new AdminCommand.Repair(0, source));
    assertThat(result.isSuccess()).isFalse();
    assertThat(result.toString()).contains("Primary");
    pair.run(1000);
    assertThat(pair.onDisk(0, 10)).isEqualTo(11);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    assertMarked(pair, 1);
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void withoutMarksOrPeerThereIsNothingToRepair(Side source) throws MetadataException {
    Pair pair = verified(10);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    assertThat(pair.admin(0, new AdminCommand.Repair(0, source)))
        .isEqualTo(new AdminResult.State(StateResult.NEED_CONNECTION, ""));
    Pair clean = new Pair.Setup().primary();
    clean.ok(0, new AdminCommand.Secondary(0));
    assertThat(clean.admin(0, new AdminCommand.Repair(0, source)))
        .isEqualTo(
            new AdminResult.State(StateResult.NOTHING_TO_DO, "no block is marked out of sync"));
  }

  /// Writes go on at the Primary while its peer is repaired.
  @Test
  void aRepairUnderLoadLosesNoWrite() throws MetadataException {
    for (int seed = 0; seed < 4; seed++) {
      Pair pair = verified(10, 11, 400, 1500);
      Load load = new Load(pair, 0, 0, seed, 16);
      pair.ok(seed % 2, new AdminCommand.Repair(0, seed % 2 == 0 ? Side.LOCAL : Side.PEER));
      pair.run(2000);
      load.stop();
      assertThat(load.failed()).isZero();
      awaitRepaired(pair);
    }
  }

  /// The node that is overwritten loses its power at any moment: it is Inconsistent or as before,
  /// never UpToDate with half of the blocks, and comes back to equal disks.
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 2, 5, 10, 20, 50, 100})
  void aPowerCutInTheMiddleIsMadeUpFor(long millis) throws MetadataException {
    Pair pair = verified(10, 11, 400, 1500);
    pair.begin(1, new AdminCommand.Repair(0, Side.PEER));
    pair.run(millis);
    pair.powerCut(1);
    pair.write(0, 20, 3);
    pair.start(1);
    pair.run(50);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
    assertThat(pair.onDisk(1, 20)).isEqualTo(3);
    assertThat(pair.onDisk(1, 10)).isEqualTo(11);
    pair.assertEqualDisks();
  }

  /// Alone, what was to be overwritten may not be used.
  @Test
  void halfRepairedDataIsNotPromoted() throws MetadataException {
    Pair pair = verified(10, 11, 400, 1500);
    pair.ok(1, new AdminCommand.Repair(0, Side.PEER));
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.INCONSISTENT);
    pair.kill(0);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(pair.admin(1, new AdminCommand.Primary(0, false)))
        .isEqualTo(new AdminResult.State(StateResult.NO_UP_TO_DATE_DISK, ""));
  }
}
