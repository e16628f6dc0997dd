package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.VerifyReport;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// A verify looks twice at what differs: a difference that passes by itself is not marked.
///
/// Promise (docs/durability.md): what really differs is marked, on both nodes, whatever happens
/// between the looks; both bitmaps say the same after a verify that ran through; and a verify that
/// is cut forgets no block that was seen to differ.
@Tag("slow")
class VerifyTwicePairTest {
  private static final AdminCommand.Verify ALL =
      new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty());

  /// The first look takes a fifth of a second; then there is a second of rest.
  private static final long IN_THE_PAUSE_MILLIS = 700;

  private static Pair.Setup setup() {
    return new Pair.Setup()
        .net(Option.VERIFY_ALG, "crc32c")
        .disk(Option.C_PLAN_AHEAD, 0)
        .disk(Option.C_MIN_RATE, 0)
        .disk(Option.RESYNC_RATE, 80_000);
  }

  /// What the nodes say and do.
  private static final class Heard implements NodeWatcher {
    final List<String> handlers = new ArrayList<>();
    final List<String> lines = new ArrayList<>();
    final List<Packet.BlockAck> results = new ArrayList<>();
    @Nullable VerifyReport report;

    static Heard of(Pair pair) {
      Heard heard = new Heard();
      pair.nodes[0].watch(heard);
      pair.nodes[1].watch(heard);
      return heard;
    }

    @Override
    public void effect(SimNode node, Effect effect) {
      switch (effect) {
        case Effect.CallHandler call -> handlers.add(call.name());
        case Effect.Log log -> lines.add(log.text());
        case Effect.VerifyEnded ended -> report = ended.report();
        case Effect.Send send
            when send.packet() instanceof Packet.BlockAck ack
                && ack.type() == PacketType.OV_RESULT ->
            results.add(ack);
        default -> {}
      }
    }

    VerifyReport report() {
      VerifyReport last = report;
      assertThat(last).isNotNull();
      return last;
    }

    long outOfSync() {
      return results.stream().filter(it -> it.blockId() == VerifySource.OUT_OF_SYNC).count();
    }
  }

  private static void plant(Pair pair, int id, long block, int value) {
    byte[] bytes = new byte[Pair.BLOCK];
    Arrays.fill(bytes, (byte) value);
    pair.nodes[id].drive(0).data().write(block * Pair.BLOCK, bytes, 0, Pair.BLOCK, true);
  }

  private static void awaitEnd(Pair pair, int asks) {
    pair.awaitConn(asks, ConnectionState.CONNECTED);
    pair.awaitConn(1 - asks, ConnectionState.CONNECTED);
    pair.run(100);
  }

  private static void assertMarked(Pair pair, long blocks) {
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(blocks);
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(blocks);
  }

  private static long lastBlock(Pair pair) {
    return pair.volume(0).sizeSectors() / 8 - 1;
  }

  /// Blocks anywhere, also the first and the last: what is equal at the second look is dropped, and
  /// nobody is alarmed.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatPassesByItselfIsDropped(int asks) throws MetadataException {
    Pair pair = setup().primary();
    Heard heard = Heard.of(pair);
    long[] blocks = {0, 1, 700, lastBlock(pair)};
    for (long block : blocks) {
      plant(pair, 1, block, 99);
    }
    pair.ok(asks, ALL);
    pair.run(IN_THE_PAUSE_MILLIS);
    assertThat(pair.state(asks).conn()).isEqualTo(ConnectionState.VERIFY_S);
    assertMarked(pair, 0);
    for (long block : blocks) {
      plant(pair, 1, block, 0);
    }
    awaitEnd(pair, asks);
    assertMarked(pair, 0);
    assertThat(heard.handlers).doesNotContain("out-of-sync");
    assertThat(heard.report().droppedBlocks()).isEqualTo(4);
    assertThat(heard.report().outOfSyncBlocks()).isZero();
    assertThat(heard.lines)
        .anyMatch(it -> it.contains("Not out of sync: start=5600, size=8 (sectors)"));
    assertThat(heard.outOfSync()).isZero();
    assertThat(pair.volume(0).counters().peerPending()).isZero();
    assertThat(pair.volume(1).counters().peerPending()).isZero();
  }

  /// What differs twice is marked and counted, also where it stands between false alarms.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void whatDiffersTwiceIsMarkedOnBothSides(int asks) throws MetadataException {
    Pair pair = setup().primary();
    Heard heard = Heard.of(pair);
    for (long block = 10; block < 16; block++) {
      plant(pair, 1, block, 99);
    }
    plant(pair, 0, lastBlock(pair), 5);
    pair.ok(asks, ALL);
    pair.run(IN_THE_PAUSE_MILLIS);
    plant(pair, 1, 10, 0);
    plant(pair, 1, 13, 0);
    awaitEnd(pair, asks);
    assertMarked(pair, 5);
    VerifyReport report = heard.report();
    assertThat(report.droppedBlocks()).isEqualTo(2);
    assertThat(report.outOfSyncBlocks()).isEqualTo(5);
    assertThat(report.isInterrupted()).isFalse();
    assertThat(report.comparedSectors()).isEqualTo(pair.volume(0).sizeSectors());
    assertThat(report.reachedSector()).isEqualTo(report.endSector());
    assertThat(report.ranges())
        .containsExactly(
            new Extent(88, 2 * Pair.BLOCK),
            new Extent(112, 2 * Pair.BLOCK),
            new Extent(lastBlock(pair) * 8, Pair.BLOCK));
    assertThat(heard.handlers).contains("out-of-sync");
    assertThat(heard.outOfSync()).isEqualTo(5);
    assertThat(heard.results).hasSize((int) lastBlock(pair) + 1 + 7);
  }

  /// An application writes the block between both looks: wholly, and nothing differs any more; in
  /// part, and the rest of the block still does.
  @Test
  void aWriteBetweenTheLooksIsNoAlarmUnlessTheBlockStillDiffers() throws MetadataException {
    Pair pair = setup().primary();
    Heard heard = Heard.of(pair);
    plant(pair, 1, 20, 99);
    plant(pair, 1, 30, 99);
    pair.ok(0, ALL);
    pair.run(IN_THE_PAUSE_MILLIS);
    pair.write(0, 20, 7);
    byte[] sector = new byte[512];
    Arrays.fill(sector, (byte) 8);
    long part =
        pair.start(0, cookie -> new Event.AppWrite(0, cookie, 30 * 8, Payload.of(sector), false));
    pair.done(part);
    awaitEnd(pair, 0);
    assertMarked(pair, 1);
    assertThat(heard.report().ranges()).containsExactly(new Extent(240, Pair.BLOCK));
    assertThat(pair.onDisk(1, 20)).isEqualTo(7);
  }

  /// Under load, with differences that come and go and one that stays.
  @ParameterizedTest
  @CsvSource({"A,0", "A,1", "C,0", "C,1"})
  void theLooksAreRightUnderLoad(String protocol, int asks) throws MetadataException {
    Pair pair = setup().protocol(protocol).primary();
    Load load = new Load(pair, 0, 0, 1, 2);
    long stays = lastBlock(pair) - 1; // the load writes below
    plant(pair, 1, stays, 99);
    plant(pair, 1, stays - 1, 99);
    pair.ok(asks, ALL);
    pair.run(IN_THE_PAUSE_MILLIS);
    plant(pair, 1, stays - 1, 0);
    awaitEnd(pair, asks);
    load.stop();
    assertThat(load.failed()).isZero();
    pair.awaitQuiet();
    assertMarked(pair, 1);
  }

  /// Cut before the second look, whenever: what differed is marked, and the next meeting fetches
  /// it.
  @ParameterizedTest
  @ValueSource(longs = {150, 300, 700, 1200, 1210, 1220})
  void aCutForgetsNothing(long millis) throws MetadataException {
    for (int asks = 0; asks < 2; asks++) {
      Pair pair = setup().primary();
      Heard heard = Heard.of(pair);
      for (long block : new long[] {1, 2, 900}) {
        plant(pair, 1, block, 99);
      }
      pair.ok(asks, ALL);
      pair.run(millis);
      boolean isCut = pair.state(asks).conn() == ConnectionState.VERIFY_S;
      boolean hasSeenAll = millis >= 700;
      pair.network.open(0, false);
      pair.awaitConn(0, ConnectionState.WF_CONNECTION);
      pair.awaitConn(1, ConnectionState.WF_CONNECTION);
      if (hasSeenAll) {
        assertThat(pair.volume(asks).outOfSyncBlocks()).isEqualTo(3);
        assertThat(heard.report().outOfSyncBlocks()).isEqualTo(3);
      } else {
        assertThat(pair.volume(asks).outOfSyncBlocks()).isBetween(2L, 3L);
      }
      assertThat(heard.report().isInterrupted()).isEqualTo(isCut);
      pair.network.open(0, true);
      pair.awaitUpToDate();
      assertMarked(pair, 0);
      if (hasSeenAll) {
        pair.assertEqualDisks();
      }
    }
  }

  /// A part of the device, up to the last block and not: the peer's count of blocks runs out, or
  /// does not.
  @ParameterizedTest
  @CsvSource({"0,80", "80,160", "1992,2000"})
  void partsAreLookedAtTwiceToo(long from, long stop) throws MetadataException {
    Pair pair = setup().primary();
    Heard heard = Heard.of(pair);
    plant(pair, 1, from, 99);
    plant(pair, 1, stop - 1, 99);
    plant(pair, 1, stop, 99);
    pair.ok(0, new AdminCommand.Verify(0, OptionalLong.of(from * 8), OptionalLong.of(stop * 8)));
    pair.run(IN_THE_PAUSE_MILLIS);
    plant(pair, 1, from, 0);
    awaitEnd(pair, 0);
    assertMarked(pair, 1);
    assertThat(heard.report().ranges()).containsExactly(new Extent((stop - 1) * 8, Pair.BLOCK));
  }

  /// The peer's admin wants something himself in the moment between the looks: the peer is asked
  /// again until it is ready.
  @Test
  void aBusyPeerIsAskedAgain() throws MetadataException {
    Pair pair = setup().primary();
    Heard heard = Heard.of(pair);
    plant(pair, 1, 5, 99);
    pair.ok(0, ALL);
    List<List<AdminResult>> answers = new ArrayList<>();
    while (pair.state(0).conn() == ConnectionState.VERIFY_S) {
      answers.add(pair.begin(1, ALL));
      pair.run(1);
      assertThat(answers.size()).isLessThan(10_000);
    }
    awaitEnd(pair, 0);
    pair.run(3_000);
    assertMarked(pair, 1);
    assertThat(heard.report().outOfSyncBlocks()).isEqualTo(1);
  }

  /// A peer that cannot be told of an early end (before 97, and 100) gets all results at once.
  @ParameterizedTest
  @ValueSource(ints = {90, 96, 100})
  void anOldPeerHearsOfADifferenceAtOnce(int version) throws MetadataException {
    Pair pair = setup().speaking(101, version).primary();
    Heard heard = Heard.of(pair);
    plant(pair, 1, 5, 99);
    pair.ok(0, ALL);
    awaitEnd(pair, 0);
    assertMarked(pair, 1);
    assertThat(heard.outOfSync()).isEqualTo(1);
    assertThat(heard.results).hasSize((int) lastBlock(pair) + 1);
  }

  /// Either disk goes in the pause or in the second look.
  @ParameterizedTest
  @CsvSource({"0,0", "0,1", "1,0", "1,1"})
  void aDiskThatGoesEndsIt(int asks, int fails) throws MetadataException {
    for (long millis : new long[] {700, 1200, 1206, 1212}) {
      Pair pair = setup().primary();
      plant(pair, 1, 5, 99);
      pair.ok(asks, ALL);
      pair.run(millis);
      pair.ok(fails, new AdminCommand.Detach(0, true));
      awaitEnd(pair, asks);
      if (fails != asks) {
        assertThat(pair.volume(asks).outOfSyncBlocks()).isEqualTo(1);
      }
    }
  }

  /// A verify with a rate takes its time, the second look included.
  @Test
  void aRateIsKept() throws MetadataException {
    Pair pair = setup().primary();
    long kib = pair.volume(0).sizeSectors() / 2;
    plant(pair, 1, 5, 99);
    long begun = pair.simulation.nowNanos();
    pair.ok(
        0,
        new AdminCommand.Verify(
            0, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.of(kib / 10)));
    awaitEnd(pair, 0);
    double seconds = (pair.simulation.nowNanos() - begun) / 1e9;
    assertThat(seconds).isBetween(9.8, 13.0);
    assertMarked(pair, 1);
  }
}
