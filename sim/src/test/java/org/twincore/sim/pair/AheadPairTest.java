package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.AHEAD;
import static org.twincore.drbd.ConnectionState.BEHIND;
import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.DiskState.CONSISTENT;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.meta.MetadataException;

/// `on-congestion`: the way Ahead and back. Each keeps what docs/durability.md promises in protocol
/// A ("on the primary's disk"), and order 3: no write that the peer lacks is answered before its
/// generation is durable, so that a peer that is behind is found out whatever happens next.
class AheadPairTest {
  /// What may be in flight: ten blocks.
  private static final int FILL_SECTORS = 80;

  @ParameterizedTest
  @EnumSource
  void aCongestedPrimaryPullsAheadAndLetsThePeerCatchUp(EpochEnd epochs) throws MetadataException {
    Pair pair = congesting("pull-ahead").epochs(epochs).primary();
    congest(pair);
    writeBlocks(pair, 20, 30);
    assertThat(pair.volume(0).outOfSyncBlocks()).isGreaterThanOrEqualTo(10);
    release(pair);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 25)).isEqualTo(25);
    assertThat(uuids(pair, 1)).isEqualTo(uuids(pair, 0));
  }

  /// The kernel's peers stay in one generation, and two Secondaries would call themselves equal.
  @Test
  void twoSecondariesStillKnowWhoIsBehind() throws MetadataException {
    Pair pair = congesting("pull-ahead").primary();
    congest(pair);
    writeBlocks(pair, 20, 30);
    List<AdminResult> demoted = pair.begin(0, new AdminCommand.Secondary(0));
    release(pair);
    pair.await(() -> !demoted.isEmpty(), "the demotion");
    assertThat(pair.state(0).conn()).isEqualTo(AHEAD);
    pair.kill(1);
    pair.start(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 25)).isEqualTo(25);
  }

  @Test
  void aPowerCutWhileAheadLosesNothingThatWasFlushed() throws MetadataException {
    Pair pair = congesting("pull-ahead").primary();
    congest(pair);
    writeBlocks(pair, 20, 30);
    pair.flush(0);
    pair.powerCut(0);
    pair.withheld.release(pair.nodes[1]);
    pair.run(500);
    assertThat(pair.state(1).disk()).isEqualTo(OUTDATED);
    pair.start(0);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 25)).isEqualTo(25);
  }

  @Test
  void whoIsBehindIsNotPromotedAlone() throws MetadataException {
    Pair pair = congesting("pull-ahead").primary();
    congest(pair);
    pair.powerCut(0);
    pair.withheld.release(pair.nodes[1]);
    pair.await(() -> pair.state(1).conn().isBelow(CONNECTED), "the loss");
    assertThat(pair.admin(1, new AdminCommand.Primary(0, false)).isSuccess()).isFalse();
  }

  /// Order 3: the superblock with the new generation is not written, so nothing is answered.
  @Test
  void nothingIsAnsweredAheadBeforeTheGenerationIsDurable() throws MetadataException {
    Pair pair = congesting("pull-ahead").primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    pair.write(0, 0, 1);
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    List<Long> writes = new ArrayList<>();
    for (int block = 1; block < 20; block++) {
      writes.add(pair.startWrite(0, block, block, false));
    }
    pair.await(() -> pair.state(0).conn() == AHEAD, "Ahead");
    pair.run(500);
    assertThat(pair.answer(writes.getFirst())).isInstanceOf(Effect.AppDone.class);
    assertThat(pair.answer(writes.getLast())).isNull();
    release(pair);
    writes.forEach(pair::done);
    pair.awaitUpToDate();
  }

  @Test
  void theOtherPolicyIsToDisconnect() throws MetadataException {
    Pair pair = congesting("disconnect").primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    writeBlocks(pair, 0, 30);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    release(pair);
    pair.connect(0);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// In B and C the peer's answers hold the application back already: refused, as the kernel does.
  @ParameterizedTest
  @ValueSource(strings = {"B", "C"})
  void onlyProtocolAPullsAhead(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol("A").primary();
    OptionValues net =
        OptionValues.DEFAULTS
            .with(Option.PROTOCOL, protocol)
            .with(Option.ON_CONGESTION, "pull-ahead");
    List<AdminResult> answer = pair.begin(0, new AdminCommand.NetOptions(net));
    pair.await(() -> !answer.isEmpty(), "the answer");
    assertThat(answer.getFirst())
        .isInstanceOfSatisfying(
            AdminResult.Config.class, refused -> assertThat(refused.number()).isEqualTo(155));
    assertThat(pair.state(0).conn()).isEqualTo(CONNECTED);
  }

  @Test
  void aResyncIsLeftAndBegunAnew() throws MetadataException {
    Pair pair = congesting("pull-ahead").resyncKibPerSecond(1000).primary();
    pair.kill(1);
    writeBlocks(pair, 0, 1000);
    pair.start(1);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    pair.run(1200);
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    List<Long> writes = new ArrayList<>();
    for (int block = 1000; block < 1040; block++) {
      writes.add(pair.startWrite(0, block, 7, false));
    }
    pair.awaitConn(0, AHEAD);
    pair.awaitConn(1, BEHIND);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.INCONSISTENT);
    release(pair);
    writes.forEach(pair::done);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(uuids(pair, 1)).isEqualTo(uuids(pair, 0));
  }

  /// Blocks that were marked before, here by a verify that found them different, are fetched too.
  @Test
  void thePeerHearsWhatWasMarkedBefore() throws MetadataException {
    Pair pair = congesting("pull-ahead").net(Option.VERIFY_ALG, "crc32c").primary();
    pair.write(0, 500, 5);
    pair.awaitQuiet();
    pair.nodes[1]
        .drive(0)
        .data()
        .write(500 * Pair.BLOCK, new byte[Pair.BLOCK], 0, Pair.BLOCK, true);
    pair.ok(0, new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty()));
    pair.await(() -> pair.volume(0).outOfSyncBlocks() == 1, "the difference");
    pair.awaitConn(0, CONNECTED);
    congest(pair);
    release(pair);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 500)).isEqualTo(5);
  }

  /// Whoever is behind may become Primary while the other node lives: it reads and writes there.
  @Test
  void rolesAreSwappedWhileAhead() throws MetadataException {
    Pair pair = congesting("pull-ahead").primary();
    congest(pair);
    writeBlocks(pair, 20, 30);
    List<AdminResult> demoted = pair.begin(0, new AdminCommand.Secondary(0));
    release(pair);
    pair.await(() -> !demoted.isEmpty(), "the demotion");
    pair.run(100);
    pair.ok(1, new AdminCommand.Primary(0, false));
    assertThat(pair.state(1).conn()).isEqualTo(BEHIND);
    assertThat(pair.read(1, 25)).isEqualTo(25);
    assertThat(pair.read(1, 1)).isEqualTo(1);
    pair.write(1, 26, 99);
    assertThat(pair.read(1, 26)).isEqualTo(99);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(0, 26)).isEqualTo(99);
  }

  /// The active extents are a limit of their own.
  @Test
  void tooManyActiveExtentsAreCongestionToo() throws MetadataException {
    Pair pair =
        congesting("pull-ahead")
            .backing(400 << 20, 400 << 20)
            .net(Option.CONGESTION_FILL, 0)
            .net(Option.CONGESTION_EXTENTS, 67)
            .primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    for (int extent = 0; extent < 75; extent++) {
      pair.write(0, extent * 1024L, extent);
    }
    assertThat(pair.state(0).conn()).isEqualTo(AHEAD);
    release(pair);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  private static Pair.Setup congesting(String policy) {
    return new Pair.Setup()
        .protocol("A")
        .net(Option.ON_CONGESTION, policy)
        .net(Option.CONGESTION_FILL, FILL_SECTORS);
  }

  /// The peer's disk answers nothing until the Primary has pulled ahead.
  private static void congest(Pair pair) throws MetadataException {
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    writeBlocks(pair, 0, 20);
    pair.awaitState(0, AHEAD, UP_TO_DATE, CONSISTENT);
    pair.awaitState(1, BEHIND, OUTDATED, UP_TO_DATE);
  }

  private static void release(Pair pair) {
    pair.withheld.release(pair.nodes[0]);
    pair.withheld.release(pair.nodes[1]);
  }

  private static void writeBlocks(Pair pair, int from, int to) {
    for (int block = from; block < to; block++) {
      pair.write(0, block, block);
    }
  }

  /// Without the role, and without what a resync that was cut left in the oldest place.
  private static GenerationUuids uuids(Pair pair, int id) {
    GenerationUuids uuids = pair.volume(id).uuids().orElseThrow();
    return new GenerationUuids(uuids.current() & ~1, uuids.bitmap() & ~1, uuids.history0() & ~1, 0);
  }
}
