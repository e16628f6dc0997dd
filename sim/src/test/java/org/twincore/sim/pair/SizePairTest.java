package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.SimStore;

/// Devices that get another size while the two nodes work: what was acknowledged stays, and disks
/// that are called UpToDate are equal, in a new area too.
@Tag("slow")
class SizePairTest {
  private static final long SMALL_SECTORS = 8 << 11;
  private static final long BACKING_BYTES = 16 << 20;

  /// The Primary is source, whoever's admin it was.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aNewAreaIsCopied(int admin) throws MetadataException {
    Pair pair = small().primary();
    pair.write(0, 100, 5);
    resize(pair, admin, PacketType.STATE);
    pair.ok(admin, new AdminCommand.PauseSync(0));
    awaitResize(pair, admin);
    pair.await(() -> pair.volume(0).sizeSectors() > SMALL_SECTORS, "the growth of the first");
    pair.await(() -> pair.volume(1).sizeSectors() > SMALL_SECTORS, "the growth of the second");
    pair.await(() -> pair.volume(0).outOfSyncBlocks() > 0, "the marks");
    pair.ok(admin, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    pair.write(0, 3000, 6);
    assertThat(pair.read(0, 100)).isEqualTo(5);
    assertThat(pair.onDisk(1, 3000)).isEqualTo(6);
  }

  /// In each phase of a resync, told to either side.
  @ParameterizedTest
  @CsvSource({
    "0, STATE",
    "0, COMPRESSED_BITMAP",
    "0, SYNC_UUID",
    "0, RS_DATA_REPLY",
    "1, COMPRESSED_BITMAP",
    "1, RS_DATA_REQUEST"
  })
  void growingInTheMiddleOfAResyncLosesNothing(int admin, PacketType behind)
      throws MetadataException {
    Pair pair = small().resyncKibPerSecond(4000).primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    fill(pair);
    resize(pair, admin, behind);
    pair.connect(0);
    awaitResize(pair, admin);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.volume(0).sizeSectors()).isGreaterThan(SMALL_SECTORS);
    assertThat(pair.volume(1).sizeSectors()).isGreaterThan(SMALL_SECTORS);
    pair.assertEqualDisks();
  }

  /// A resync that runs, with writes on the way.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void growingUnderLoadInAResyncLosesNothing(int admin) throws MetadataException {
    Pair pair = small().resyncKibPerSecond(4000).primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    fill(pair);
    pair.connect(0);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    Load load = new Load(pair, 0, 0, admin, 12);
    pair.run(200);
    resize(pair, admin, admin == 0 ? PacketType.DATA : PacketType.RS_DATA_REQUEST);
    awaitResize(pair, admin);
    pair.awaitUpToDate();
    load.stop();
    pair.awaitQuiet();
    assertThat(load.failed()).isZero();
    pair.assertEqualDisks();
  }

  /// UUIDs say nothing of sizes: the handshake of the disks sees no difference.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aDeviceThatGrowsWhenItConnectsIsCopiedToo(int secondaries) throws MetadataException {
    Pair pair = small().primary();
    if (secondaries == 1) {
      pair.ok(0, new AdminCommand.Secondary(0));
    }
    pair.ok(0, new AdminCommand.Disconnect(false));
    unlimited(pair, 0);
    unlimited(pair, 1);
    pair.connect(0);
    pair.await(() -> pair.volume(0).sizeSectors() > SMALL_SECTORS, "the growth");
    pair.run(100);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.volume(1).sizeSectors()).isGreaterThan(SMALL_SECTORS);
    pair.assertEqualDisks();
  }

  /// A disk that is larger than the one it replaces lets the device grow when it is attached.
  @Test
  void aDeviceThatGrowsByAnAttachIsCopiedToo() throws MetadataException {
    Pair pair = small().primary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    unlimited(pair, 0);
    unlimited(pair, 1);
    pair.attach(1);
    pair.await(() -> pair.volume(0).sizeSectors() > SMALL_SECTORS, "the growth");
    pair.run(100);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// A Primary whose disk lacks blocks must not become the source because the device grows.
  @Test
  void aDiskThatIsNotUpToDateIsNoSource() throws MetadataException {
    Pair pair = small().disk(Option.ON_IO_ERROR, "pass_on").resyncKibPerSecond(8000).primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    fill(pair);
    pair.withheld.fail(
        pair.nodes[1],
        effect -> effect instanceof Effect.WriteLocal write && write.sector() == 300 * 8);
    pair.connect(0);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.UP_TO_DATE);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.INCONSISTENT);
    pair.withheld.release(pair.nodes[1]);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Primary(0, false));
    resize(pair, 0, PacketType.STATE);
    pair.ok(0, new AdminCommand.PauseSync(0));
    awaitResize(pair, 0);
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 300)).isEqualTo(1);
  }

  /// It was not connected when it grew: nobody waits for a source.
  @Test
  void aLonelyNodeThatGrowsByAnAttachConnects() throws MetadataException {
    Pair pair = small().primary();
    pair.ok(1, new AdminCommand.Disconnect(false));
    pair.ok(1, new AdminCommand.Detach(0, false));
    unlimited(pair, 0);
    unlimited(pair, 1);
    pair.attach(1);
    pair.connect(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// Whatever size is told at whatever moment: no node breaks, and they find together again.
  @ParameterizedTest
  @CsvSource({
    "1, 8",
    "1, 4096",
    "1, 4611686018427387904",
    "0, 8",
    "0, 4096",
  })
  void aShrunkenPeerBreaksNothing(int teller, long sectors) throws MetadataException {
    for (PacketType behind :
        new PacketType[] {
          PacketType.STATE, PacketType.COMPRESSED_BITMAP, PacketType.DATA, PacketType.UUIDS
        }) {
      Pair pair = small().resyncKibPerSecond(4000).primary();
      pair.ok(0, new AdminCommand.Disconnect(false));
      fill(pair);
      pair.withheld.say(pair.nodes[teller], behind, sizes(sectors, 0, sectors), null);
      Load load = new Load(pair, 0, 0, sectors, 8);
      pair.connect(0);
      pair.run(3000);
      load.stop();
      for (int node = 0; node < 2; node++) {
        assertThat(pair.nodes[node].isRunning()).isTrue();
        if (pair.state(node).conn() == ConnectionState.STAND_ALONE) {
          pair.connect(node);
        }
      }
      pair.run(5000);
      assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
    }
  }

  private static Pair.Setup small() {
    return new Pair.Setup()
        .backing(BACKING_BYTES, BACKING_BYTES)
        .disk(Option.SIZE, SMALL_SECTORS)
        .disk(Option.C_MIN_RATE, 0);
  }

  /// What the admin of a kernel node does: tells the other node that there is no limit any more...
  private static void resize(Pair pair, int admin, PacketType behind) {
    garble(pair);
    long usable = pair.nodes[admin].drive(0).layout().usableSectors();
    pair.withheld.say(pair.nodes[admin], behind, sizes(usable, 0, 0), null);
  }

  /// ...and lifts it.
  private static void awaitResize(Pair pair, int admin) {
    pair.await(() -> pair.withheld.hasSaid(pair.nodes[admin]), "the new size is told");
    unlimited(pair, admin);
  }

  private static void unlimited(Pair pair, int node) {
    OptionValues options = pair.diskOptions().with(Option.SIZE, 0L);
    garble(pair);
    pair.ok(node, new AdminCommand.DiskOptions(0, options));
  }

  /// The disks were never equal behind the end of the small device.
  private static void garble(Pair pair) {
    for (int node = 0; node < 2; node++) {
      SimStore store = pair.nodes[node].drive(0).data();
      byte[] block = new byte[Pair.BLOCK];
      Arrays.fill(block, (byte) (90 + node));
      for (long at = 2500; at < 2600; at++) {
        store.write(at * Pair.BLOCK, block, 0, Pair.BLOCK, true);
      }
    }
  }

  private static Packet sizes(long disk, long wanted, long current) {
    Packet.QueueLimits limits = new Packet.QueueLimits(512, 512, 0, 512, 0, 1, 0, 0, 0);
    return new Packet.Sizes(disk, wanted, current, 1 << 20, 0, 0, Optional.of(limits));
  }

  private static void fill(Pair pair) {
    for (int block = 0; block < 500; block++) {
      pair.startWrite(0, block * 3, 1 + block % 100, false);
    }
    pair.flush(0);
  }
}
