package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimDrive;

/// Online verify: finds what differs and only that, whoever asks and whatever else goes on; changes
/// no data.
@Tag("slow")
class VerifyPairTest {
  private static final AdminCommand.Verify ALL =
      new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty());

  private static Pair.Setup setup() {
    return new Pair.Setup()
        .net(Option.VERIFY_ALG, "crc32c")
        .disk(Option.C_PLAN_AHEAD, 0)
        .disk(Option.C_MIN_RATE, 0)
        .disk(Option.RESYNC_RATE, 40_000);
  }

  private static AdminCommand.Verify range(long start, long stop) {
    return new AdminCommand.Verify(0, OptionalLong.of(start), OptionalLong.of(stop));
  }

  /// Changes a block behind the node's back.
  private static void rot(Pair pair, int id, long block) {
    byte[] bytes = new byte[Pair.BLOCK];
    Arrays.fill(bytes, (byte) 99);
    pair.nodes[id].drive(0).data().write(block * Pair.BLOCK, bytes, 0, Pair.BLOCK, true);
  }

  private static void verify(Pair pair, int id, AdminCommand.Verify command) {
    pair.ok(id, command);
    assertThat(pair.state(id).conn()).isEqualTo(ConnectionState.VERIFY_S);
    assertThat(pair.state(1 - id).conn()).isEqualTo(ConnectionState.VERIFY_T);
    pair.awaitConn(id, ConnectionState.CONNECTED);
    pair.awaitConn(1 - id, ConnectionState.CONNECTED);
    pair.run(100);
  }

  private static void assertMarked(Pair pair, long blocks) {
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(blocks);
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(blocks);
  }

  @ParameterizedTest
  @CsvSource({"0,md5", "1,md5", "0,crc32c", "1,sha1", "0,sha256", "1,sha512"})
  void marksWhatDiffersOnBothSides(int asks, String algorithm) throws MetadataException {
    Pair pair = setup().net(Option.VERIFY_ALG, algorithm).primary();
    pair.write(0, 10, 5);
    pair.write(0, 900, 6);
    pair.flush(0);
    rot(pair, 1, 10);
    rot(pair, 1, 11);
    rot(pair, 0, 1500);
    verify(pair, asks, ALL);
    assertMarked(pair, 3);
    assertThat(pair.onDisk(1, 10)).as("a verify changes nothing").isEqualTo(99);
    assertThat(pair.volume(0).counters().peerPending()).isZero();
    assertThat(pair.volume(1).counters().peerPending()).isZero();

    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertMarked(pair, 0);
  }

  /// No write that is under way looks like a difference, in any protocol and from either side.
  @ParameterizedTest
  @CsvSource({"A,0", "A,1", "B,0", "B,1", "C,0", "C,1"})
  void findsNothingUnderLoad(String protocol, int asks) throws MetadataException {
    for (int seed = 0; seed < 4; seed++) {
      Pair pair = setup().protocol(protocol).primary();
      Load load = new Load(pair, 0, 0, seed, 16);
      verify(pair, asks, ALL);
      load.stop();
      assertThat(load.failed()).isZero();
      assertThat(load.answered()).isGreaterThan(50);
      pair.awaitQuiet();
      assertMarked(pair, 0);
      pair.assertEqualDisks();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void looksOnlyWhereItIsTold(int asks) throws MetadataException {
    Pair pair = setup().primary();
    for (long block : new long[] {99, 100, 199, 200}) {
      rot(pair, 1, block);
    }
    verify(pair, asks, range(800, 1600));
    assertMarked(pair, 2);
    verify(pair, asks, range(1600, Long.MAX_VALUE));
    assertMarked(pair, 3);
    verify(pair, asks, range(0, 800));
    assertMarked(pair, 4);
  }

  @Test
  void aStartBehindTheEndIsTheLastBlock() throws MetadataException {
    Pair pair = setup().primary();
    long blocks = pair.volume(0).sizeSectors() / 8;
    rot(pair, 1, blocks - 1);
    rot(pair, 1, blocks - 2);
    verify(pair, 0, range(Long.MAX_VALUE - 100, Long.MAX_VALUE));
    assertMarked(pair, 1);
  }

  /// A cut verify goes on where it was, unless it is told where to begin.
  @Test
  void aCutVerifyGoesOnWhereItWas() throws MetadataException {
    Pair pair = setup().disk(Option.RESYNC_RATE, 4000).primary();
    rot(pair, 1, 1);
    pair.ok(0, ALL);
    pair.run(600);
    ResourceStatus.Progress half = pair.volume(0).progress().orElseThrow();
    assertThat(half.leftBlocks()).isBetween(100L, half.totalBlocks() - 100);
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    assertMarked(pair, 0); // what was found was fetched
    pair.assertEqualDisks();

    rot(pair, 1, 2);
    rot(pair, 1, 1900);
    verify(pair, 0, ALL);
    assertMarked(pair, 1);
    verify(pair, 0, ALL);
    assertMarked(pair, 2);
  }

  @Test
  void showsHowFarItIs() throws MetadataException {
    Pair pair = setup().disk(Option.RESYNC_RATE, 4000).primary();
    pair.ok(0, ALL);
    pair.run(600);
    for (int id = 0; id < 2; id++) {
      ResourceStatus.Progress progress = pair.volume(id).progress().orElseThrow();
      assertThat(progress.totalBlocks()).isEqualTo(pair.volume(id).sizeSectors() / 8);
      assertThat(progress.leftBlocks()).isBetween(100L, progress.totalBlocks() - 100);
    }
    assertThat(pair.volume(0).progress().orElseThrow().positionSectors()).isPositive();
  }

  @Test
  void refusesWhatCannotBe() throws MetadataException {
    Pair without = new Pair.Setup().primary();
    assertThat(without.admin(0, ALL)).isEqualTo(state(StateResult.NO_VERIFY_ALG));

    Pair pair = setup().disk(Option.RESYNC_RATE, 1000).primary();
    pair.ok(0, ALL);
    assertThat(pair.admin(0, ALL)).isEqualTo(state(StateResult.NOTHING_TO_DO));
    assertThat(pair.admin(1, ALL)).isEqualTo(state(StateResult.RESYNC_RUNNING));
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    assertThat(pair.admin(0, ALL)).isEqualTo(state(StateResult.NEED_CONNECTION));
  }

  private static AdminResult state(StateResult result) {
    return new AdminResult.State(result, "");
  }

  /// A disk that fails in the middle ends it on both sides.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aDiskThatFailsEndsIt(int fails) throws MetadataException {
    for (int asks = 0; asks < 2; asks++) {
      Pair pair = setup().disk(Option.RESYNC_RATE, 2000).primary();
      Load load = new Load(pair, 0, 0, 3, 4);
      pair.ok(asks, ALL);
      pair.run(300);
      pair.nodes[fails].drive(0).health().failing(SimDrive.Failing.EVERYTHING);
      pair.awaitConn(0, ConnectionState.CONNECTED);
      pair.awaitConn(1, ConnectionState.CONNECTED);
      pair.run(500);
      assertThat(load.failed()).isZero();
      load.stop();
      pair.awaitQuiet();
    }
  }
}
