package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.PacketType;

/// `csums-alg`: a resync sends only what differs. `data-integrity-alg`: what is changed on its way
/// is never written.
@Tag("slow")
class ChecksumPairTest {
  private static final int BLOCKS = 200;

  private static void fill(Pair pair, int value) {
    for (int block = 0; block < BLOCKS; block++) {
      pair.write(0, block, value);
    }
    pair.flush(0);
  }

  @ParameterizedTest
  @CsvSource({"crc32c,A", "md5,B", "sha1,C", "sha256,C"})
  void sendsOnlyWhatDiffers(String algorithm, String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).net(Option.CSUMS_ALG, algorithm).primary();
    fill(pair, 7);
    byte[] bytes = new byte[Pair.BLOCK];
    Arrays.fill(bytes, (byte) 99);
    pair.nodes[1].drive(0).data().write(5 * Pair.BLOCK, bytes, 0, Pair.BLOCK, true);
    long before = pair.volume(1).counters().diskWrittenSectors();
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
    // A request may have up to a MiB, and is sent as a whole.
    assertThat(pair.volume(1).counters().diskWrittenSectors() - before).isBetween(8L, 2048L);
  }

  @Test
  void writesGoOnDuringAResyncByChecksums() throws MetadataException {
    for (int seed = 0; seed < 6; seed++) {
      Pair pair =
          new Pair.Setup()
              .resyncKibPerSecond(20_000)
              .disk(Option.C_MIN_RATE, 0)
              .net(Option.CSUMS_ALG, "crc32c")
              .primary();
      fill(pair, seed);
      pair.ok(1, new AdminCommand.Invalidate(0));
      Load load = new Load(pair, 0, 0, seed, 8);
      pair.awaitUpToDate();
      load.stop();
      assertThat(load.failed()).isZero();
      pair.awaitQuiet();
      pair.assertEqualDisks();
    }
  }

  /// `csums-after-crash-only`: what a plain cut leaves to be copied differs as a rule, and is
  /// fetched as it is; a crashed Primary has much marked that is the same at both.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyACrashedPrimaryComparesDigests(boolean crash) throws MetadataException {
    Pair.Setup setup = new Pair.Setup().net(Option.CSUMS_ALG, "crc32c");
    setup.net = setup.net.with(Option.CSUMS_AFTER_CRASH_ONLY, true);
    Pair pair = setup.primary();
    fill(pair, 7);
    pair.awaitQuiet();
    Overheard overheard = Overheard.of(pair);
    if (crash) {
      pair.kill(0);
      pair.awaitConn(1, ConnectionState.WF_CONNECTION);
      pair.ok(1, new AdminCommand.Primary(0, false));
      pair.write(1, 3, 9);
      pair.start(0);
    } else {
      pair.network.open(0, false);
      pair.awaitConn(0, ConnectionState.WF_CONNECTION);
      fill(pair, 8);
      pair.network.open(0, true);
    }
    pair.await(() -> overheard.has(PacketType.SYNC_UUID), "a resync");
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(overheard.has(PacketType.CSUM_RS_REQUEST)).isEqualTo(crash);
    assertThat(overheard.has(PacketType.RS_DATA_REQUEST)).isEqualTo(!crash);
  }

  @ParameterizedTest
  @CsvSource({"crc32c,A", "md5,B", "sha1,C", "sha256,C"})
  void dataGoesWithItsDigest(String algorithm, String protocol) throws MetadataException {
    Pair pair =
        new Pair.Setup().protocol(protocol).net(Option.DATA_INTEGRITY_ALG, algorithm).primary();
    Load load = new Load(pair, 0, 0, 1, 8);
    pair.run(2000);
    load.stop();
    assertThat(load.failed()).isZero();
    assertThat(load.answered()).isGreaterThan(100);
    pair.awaitQuiet();
    pair.assertEqualDisks();
    pair.kill(1);
    pair.write(0, 3, 3);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    // Reads through the peer.
    pair.ok(0, new AdminCommand.Detach(0, false));
    assertThat(pair.read(0, 3)).isEqualTo(3);
  }

  /// The connection is given up before anything wrong is written, and made again.
  @ParameterizedTest
  @ValueSource(strings = {"DATA", "RS_DATA_REPLY", "DATA_REPLY"})
  void whatChangesOnItsWayIsNotTaken(String type) throws MetadataException {
    Pair pair = new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "crc32c").primary();
    pair.write(0, 3, 3);
    PacketType changed = PacketType.valueOf(type);
    switch (changed) {
      case DATA -> {
        pair.withheld.garble(pair.nodes[0], changed);
        long write = pair.startWrite(0, 3, 4, false);
        pair.awaitConn(1, ConnectionState.WF_CONNECTION);
        assertThat(pair.onDisk(1, 3)).isEqualTo(3);
        pair.done(write);
      }
      case RS_DATA_REPLY -> {
        pair.kill(1);
        pair.write(0, 3, 5);
        pair.withheld.garble(pair.nodes[0], changed);
        pair.start(1);
        pair.awaitConn(1, ConnectionState.SYNC_TARGET);
        pair.awaitConn(1, ConnectionState.WF_CONNECTION);
        assertThat(pair.onDisk(1, 3)).isEqualTo(3);
      }
      case DATA_REPLY -> {
        pair.ok(0, new AdminCommand.Detach(0, false));
        pair.withheld.garble(pair.nodes[1], changed);
        long read =
            pair.start(0, cookie -> new Event.AppRead(0, cookie, new Extent(24, Pair.BLOCK)));
        pair.awaitConn(0, ConnectionState.WF_CONNECTION);
        pair.awaitAnswer(read);
        return;
      }
      default -> throw new IllegalArgumentException(type);
    }
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// One direction after the other changes, and the next connection has both.
  @Test
  void anAdminTurnsDigestsOnAndOff() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    var with = new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "sha1").net;
    var without = new Pair.Setup().net;
    pair.ok(0, new AdminCommand.NetOptions(with));
    pair.awaitUpToDate();
    pair.write(0, 1, 1);
    pair.ok(1, new AdminCommand.NetOptions(without));
    pair.ok(0, new AdminCommand.NetOptions(without));
    pair.awaitUpToDate();
    pair.write(0, 1, 2);
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }
}
