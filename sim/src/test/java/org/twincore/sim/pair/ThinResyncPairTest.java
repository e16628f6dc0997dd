package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// A resync with `rs-discard-granularity`: zeroes are not sent, and read as zeroes where something
/// else was.
///
/// Promise (docs/durability.md): after a resync both disks are equal byte by byte; a node whose
/// power goes in the middle never calls its disk UpToDate; nothing is discarded that was not asked
/// for.
@Tag("slow")
class ThinResyncPairTest {
  private static final int GRANULARITY = 65_536;
  private static final int BLOCKS = GRANULARITY / Pair.BLOCK;

  private static Pair.Setup setup() {
    return new Pair.Setup()
        .disk(Option.RS_DISCARD_GRANULARITY, GRANULARITY)
        .disk(Option.C_PLAN_AHEAD, 0)
        .disk(Option.C_MIN_RATE, 0)
        .disk(Option.RESYNC_RATE, 80_000);
  }

  /// Mostly zeroes at `source`, and old data everywhere at the other.
  private static void fill(Pair pair, int source) {
    byte[] old = new byte[Pair.BLOCK];
    Arrays.fill(old, (byte) 99);
    byte[] zeroes = new byte[Pair.BLOCK];
    for (long block = 0; block < blocks(pair); block++) {
      boolean isData = block % 200 == 7;
      pair.nodes[source]
          .drive(0)
          .data()
          .write(
              block * Pair.BLOCK,
              isData ? filled((int) (block % 90) + 1) : zeroes,
              0,
              Pair.BLOCK,
              true);
      pair.nodes[1 - source].drive(0).data().write(block * Pair.BLOCK, old, 0, Pair.BLOCK, true);
    }
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[Pair.BLOCK];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static long blocks(Pair pair) {
    return pair.volume(0).sizeSectors() / 8;
  }

  private static void assertCounted(Pair pair) {
    for (int id = 0; id < 2; id++) {
      assertThat(pair.volume(id).outOfSyncBlocks()).isZero();
      assertThat(pair.volume(id).counters().peerPending()).isZero();
      assertThat(pair.volume(id).counters().unacked()).isZero();
    }
  }

  /// Each node as the source once.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void zeroesAreNotSentAndReadAsZeroes(int source) throws MetadataException {
    Pair pair = setup().primary();
    pair.ok(0, new AdminCommand.Secondary(0));
    fill(pair, source);
    Overheard overheard = Overheard.of(pair);
    long before = pair.volume(1 - source).counters().receivedSectors();
    pair.ok(1 - source, new AdminCommand.Invalidate(0));
    pair.run(50);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1 - source, 7)).isEqualTo(8);
    assertThat(pair.onDisk(1 - source, 8)).isZero();
    assertCounted(pair);
    long withData = (blocks(pair) - 7 + 199) / 200;
    long requests = blocks(pair) / BLOCKS;
    assertThat(overheard.of(PacketType.RS_THIN_REQ)).hasSize((int) requests);
    assertThat(overheard.of(PacketType.RS_DEALLOCATED)).hasSize((int) (requests - withData));
    long received = pair.volume(1 - source).counters().receivedSectors() - before;
    long rest = blocks(pair) % BLOCKS;
    assertThat(received).isEqualTo((withData * BLOCKS + rest) * 8);
    assertThat(overheard.of(PacketType.RS_THIN_REQ))
        .allMatch(it -> ((Packet.BlockRequest) it).sizeBytes() == GRANULARITY);
  }

  /// Without the option, with csums, with a granularity that no request reaches, or beside a peer
  /// that does not know it, everything is sent as before.
  @ParameterizedTest
  @CsvSource({"0,'',101", "65536,md5,101", "1048577,'',101", "65536,'',99"})
  void otherwiseEverythingIsSent(long granularity, String csums, int version)
      throws MetadataException {
    Pair pair =
        setup()
            .disk(Option.RS_DISCARD_GRANULARITY, granularity)
            .net(Option.CSUMS_ALG, csums)
            .speaking(version, 101)
            .primary();
    fill(pair, 0);
    Overheard overheard = Overheard.of(pair);
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.run(50);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(overheard.has(PacketType.RS_THIN_REQ)).isFalse();
    assertThat(overheard.has(PacketType.RS_DEALLOCATED)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4096, 5000, 1 << 20})
  void anyGranularityGoesOnWholeBlocks(long granularity) throws MetadataException {
    Pair pair = setup().disk(Option.RS_DISCARD_GRANULARITY, granularity).primary();
    fill(pair, 0);
    Overheard overheard = Overheard.of(pair);
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.run(50);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(overheard.has(PacketType.RS_THIN_REQ)).isTrue();
    assertCounted(pair);
  }

  /// Writes go on at the source, of zeroes and of others, where zeroes are being skipped.
  @Test
  void writesMeanwhileAreNotDiscarded() throws MetadataException {
    for (int seed = 0; seed < 2; seed++) {
      Pair pair = setup().disk(Option.RESYNC_RATE, 20_000).primary();
      fill(pair, 0);
      Load load = new Load(pair, 0, 0, seed, 4);
      pair.ok(1, new AdminCommand.Invalidate(0));
      pair.run(50);
      pair.awaitUpToDate();
      load.stop();
      assertThat(load.failed()).isZero();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertCounted(pair);
    }
  }

  /// The power of the target goes at some moment.
  @ParameterizedTest
  @ValueSource(longs = {0, 10, 50, 100, 150})
  void aPowerCutIsMadeUpFor(long millis) throws MetadataException {
    Pair pair = setup().primary();
    fill(pair, 0);
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.run(millis);
    pair.powerCut(1);
    pair.write(0, 20, 3);
    pair.start(1);
    pair.run(50);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 20)).isEqualTo(3);
    pair.assertEqualDisks();
  }

  /// P_RS_DEALLOCATED for what nobody asked for, of another size, beyond the device, or in the
  /// place of data that was asked for plainly: the connection is lost, the blocks stay as they are.
  @ParameterizedTest
  @CsvSource({
    "65536,      8,   65536", // no request begins there
    "65536,    128,    4096", // another size
    "65536,    128,  131072",
    "65536, 999992,   65536", // beyond the device
    "65536,    128,   65537", // no whole sectors
    "0,       2048, 1048576", // asked for, but plainly
  })
  void aLieDiscardsNothing(long granularity, long sector, int bytes) throws MetadataException {
    Pair pair = setup().disk(Option.RS_DISCARD_GRANULARITY, granularity).primary();
    for (long block = 0; block < blocks(pair); block++) {
      pair.nodes[0].drive(0).data().write(block * Pair.BLOCK, filled(5), 0, Pair.BLOCK, true);
      pair.nodes[1].drive(0).data().write(block * Pair.BLOCK, filled(6), 0, Pair.BLOCK, true);
    }
    List<Effect.DiscardLocal> discards = new ArrayList<>();
    pair.nodes[1].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.DiscardLocal discard) {
              discards.add(discard);
            }
          }
        });
    Packet lie = new Packet.BlockDescription(PacketType.RS_DEALLOCATED, sector, bytes, 0);
    pair.withheld.say(pair.nodes[0], PacketType.RS_DATA_REPLY, lie, null);
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    assertThat(pair.withheld.hasSaid(pair.nodes[0])).isTrue();
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(discards).isEmpty();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, sector / 8 % blocks(pair))).isEqualTo(5);
  }
}
