package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;

/// `read-balancing`: who serves a read when both can, and that nobody reads anything older than
/// what was answered, whatever docs/durability.md lets the peer's disk have by then.
class ReadBalancePairTest {
  /// Of 1,024 blocks, how many the peer reads.
  @ParameterizedTest
  @CsvSource({
    "prefer-local, 0",
    "prefer-remote, 1024",
    "round-robin, 512",
    "32K-striping, 512",
    "64K-striping, 512",
    "128K-striping, 512",
    "256K-striping, 512",
    "512K-striping, 512",
    "1M-striping, 512",
    "least-pending, 0",
    "when-congested-remote, 0"
  })
  void eachModeChoosesItsShare(String mode, int atPeer) throws MetadataException {
    Pair pair = balancing(mode).primary();
    long before = pair.volume(1).counters().diskReadSectors();
    for (int block = 0; block < 1024; block++) {
      pair.read(0, block);
    }
    long read = pair.volume(1).counters().diskReadSectors() - before;
    assertThat(read).isEqualTo(atPeer * 8L);
  }

  @ParameterizedTest
  @CsvSource({"32K-striping, 8", "64K-striping, 16", "512K-striping, 128", "1M-striping, 256"})
  void theSecondStripeIsThePeers(String mode, int blocks) throws MetadataException {
    Pair pair = balancing(mode).primary();
    assertThat(readsAtPeer(pair, 0)).isFalse();
    assertThat(readsAtPeer(pair, blocks - 1)).isFalse();
    assertThat(readsAtPeer(pair, blocks)).isTrue();
    assertThat(readsAtPeer(pair, 2 * blocks - 1)).isTrue();
    assertThat(readsAtPeer(pair, 2 * blocks)).isFalse();
  }

  /// As soon as more wait for the own disk than for the peer, the peer helps.
  @ParameterizedTest
  @CsvSource({"least-pending, 3", "when-congested-remote, 150"})
  void aBusyDiskIsHelped(String mode, int requests) throws MetadataException {
    Pair pair = balancing(mode).primary();
    pair.withheld.hold(pair.nodes[0], Effect.ReadLocal.class::isInstance);
    List<Long> reads = new ArrayList<>();
    for (int block = 0; block < requests; block++) {
      reads.add(startRead(pair, block));
    }
    assertThat(pair.volume(0).counters().peerPending()).isPositive();
    pair.withheld.release(pair.nodes[0]);
    reads.forEach(pair::awaitAnswer);
  }

  /// In A and B the answer comes before the peer has written: such a block is read here.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void anAnsweredWriteIsSeenWhateverThePeersDiskHas(String protocol) throws MetadataException {
    Pair pair = balancing("prefer-remote").protocol(protocol).primary();
    pair.write(0, 7, 1);
    pair.awaitQuiet();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    long write = pair.startWrite(0, 7, 2, false);
    if (!protocol.equals("C")) {
      pair.done(write);
      assertThat(pair.read(0, 7)).isEqualTo(2);
    }
    pair.withheld.release(pair.nodes[1]);
    pair.done(write);
    assertThat(pair.read(0, 7)).isEqualTo(2);
  }

  @Test
  void whatThePeerCannotReadIsReadHere() throws MetadataException {
    Pair pair = balancing("prefer-remote").primary();
    pair.write(0, 7, 3);
    pair.awaitQuiet();
    pair.withheld.fail(pair.nodes[1], Effect.ReadLocal.class::isInstance);
    assertThat(pair.read(0, 7)).isEqualTo(3);
  }

  /// A read that is lost with the connection is served by the own disk.
  @Test
  void aReadThatIsLostOnItsWayIsAnswered() throws MetadataException {
    Pair pair = balancing("prefer-remote").primary();
    pair.write(0, 7, 3);
    pair.awaitQuiet();
    pair.withheld.hold(pair.nodes[1], Effect.ReadLocal.class::isInstance);
    long read = startRead(pair, 7);
    pair.run(50);
    assertThat(pair.answer(read)).isNull();
    pair.kill(1);
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppReadDone.class);
  }

  /// A resync's target is not asked for what it does not have yet.
  @Test
  void aTargetIsNotAsked() throws MetadataException {
    Pair pair = balancing("prefer-remote").resyncKibPerSecond(1000).primary();
    pair.kill(1);
    for (int block = 0; block < 1000; block++) {
      pair.write(0, block, 9);
    }
    pair.start(1);
    pair.run(1500);
    assertThat(pair.read(0, 999)).isEqualTo(9);
    pair.awaitUpToDate();
    assertThat(readsAtPeer(pair, 999)).isTrue();
    pair.ok(0, new AdminCommand.DiskOptions(0, pair.diskOptions()));
  }

  private static Pair.Setup balancing(String mode) {
    return new Pair.Setup().disk(Option.READ_BALANCING, mode);
  }

  private static long startRead(Pair pair, long block) {
    return pair.start(0, cookie -> new Event.AppRead(0, cookie, new Extent(block * 8, Pair.BLOCK)));
  }

  private static boolean readsAtPeer(Pair pair, long block) {
    long before = pair.volume(1).counters().diskReadSectors();
    pair.read(0, block);
    return pair.volume(1).counters().diskReadSectors() > before;
  }
}
