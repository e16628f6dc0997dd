package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// A node of today beside one of each age: all that a connection is for works at every agreed
/// version, and nothing travels that the version does not know.
@Tag("slow")
class VersionPairTest {
  private static final int MIB = 1 << 20;
  private static final int NEW = Features.PROTOCOL_MAX;

  static IntStream versions() {
    return IntStream.rangeClosed(Features.PROTOCOL_MIN, Features.PROTOCOL_MAX);
  }

  private static int limit(int version) {
    return version >= 100 ? MIB : version >= 95 ? 128 << 10 : 32 << 10;
  }

  /// Up, fully synced from the first node, which is Primary.
  private static Pair primary(Pair.Setup setup, int version) throws MetadataException {
    Pair pair = setup.up();
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.ok(0, new AdminCommand.Primary(0, true));
    pair.awaitUpToDate();
    assertThat(pair.nodes[0].status().orElseThrow().agreedVersion()).isEqualTo(version);
    assertThat(pair.nodes[1].status().orElseThrow().agreedVersion()).isEqualTo(version);
    return pair;
  }

  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static long write(Pair pair, long sector, int length, int value, boolean fua) {
    return pair.start(
        0, cookie -> new Event.AppWrite(0, cookie, sector, Payload.of(bytes(length, value)), fua));
  }

  private static void assertSpoken(Overheard overheard, int version) {
    assertThat(overheard.tooNew(version)).isEmpty();
    assertThat(overheard.withWrongHeader(version)).isEmpty();
    assertThat(overheard.most(PacketType.DATA, Packet::payloadBytes))
        .isLessThanOrEqualTo(limit(version));
    assertThat(overheard.most(PacketType.RS_DATA_REPLY, Packet::payloadBytes))
        .isLessThanOrEqualTo(limit(version));
    for (Packet each : overheard.of(PacketType.DATA)) {
      int flags = ((Packet.Data) each).flags();
      int known = version >= 100 ? -1 : version >= 95 ? ~(128 | 256) : 2 | 4;
      assertThat(flags & ~known).as("dp_flags").isZero();
    }
  }

  /// Full sync, writes of all sizes, a resync after each of the nodes was away, roles swapped.
  @ParameterizedTest
  @ValueSource(ints = {86, 89, 94, 95, 99})
  void allGoesOnAtAnOldVersion(int version) throws MetadataException {
    allGoesOnAt(version);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void allGoesOnAtEveryVersion(int version) throws MetadataException {
    allGoesOnAt(version);
  }

  private static void allGoesOnAt(int version) throws MetadataException {
    for (String protocol : new String[] {"A", "B", "C"}) {
      boolean firstIsOld = version % 2 == 0;
      Pair.Setup setup =
          new Pair.Setup()
              .protocol(protocol)
              .speaking(firstIsOld ? version : NEW, firstIsOld ? NEW : version);
      Pair pair = setup.up();
      Overheard overheard = Overheard.of(pair);
      pair.awaitConn(0, ConnectionState.CONNECTED);
      pair.ok(0, new AdminCommand.Primary(0, true));
      pair.awaitUpToDate();
      for (int size = 512; size <= MIB; size *= 2) {
        pair.done(write(pair, 8L * 400, size, size / 512, false));
      }
      Load load = new Load(pair, 0, 0, version, 8);
      pair.run(500);
      load.stop();
      assertThat(load.failed()).isZero();
      pair.awaitQuiet();
      pair.assertEqualDisks();

      pair.kill(1);
      pair.awaitConn(0, ConnectionState.WF_CONNECTION);
      for (int block = 0; block < 300; block += 3) {
        pair.write(0, block, version);
      }
      pair.start(1);
      pair.awaitUpToDate();
      pair.flush(0);
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
      assertThat(pair.volume(1).outOfSyncBlocks()).isZero();

      pair.ok(0, new AdminCommand.Secondary(0));
      pair.ok(1, new AdminCommand.Primary(0, false));
      pair.kill(0);
      pair.awaitConn(1, ConnectionState.WF_CONNECTION);
      pair.write(1, 77, 78);
      pair.start(0);
      pair.awaitUpToDate();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertSpoken(overheard, version);
      assertThat(overheard.has(PacketType.COMPRESSED_BITMAP)).isEqualTo(version >= 90);
      assertThat(overheard.has(PacketType.SYNC_PARAM)).isEqualTo(version <= 88);
      assertThat(overheard.has(PacketType.TRIM)).isEqualTo(version >= 100);

      pair.ok(0, new AdminCommand.Disconnect(false));
      assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.STAND_ALONE);
      pair.awaitConn(1, ConnectionState.WF_CONNECTION);
      assertThat(overheard.has(PacketType.CONN_ST_CHG_REQ)).isEqualTo(version >= 100);
    }
  }

  /// A resync under load ends with equal disks and no mark, whoever of the two is old.
  @ParameterizedTest
  @MethodSource("versions")
  void writesGoOnDuringAResync(int version) throws MetadataException {
    for (String protocol : new String[] {"A", "B", "C"}) {
      boolean firstIsOld = version % 2 == 1;
      Pair pair =
          primary(
              new Pair.Setup()
                  .protocol(protocol)
                  .speaking(firstIsOld ? version : NEW, firstIsOld ? NEW : version)
                  .resyncKibPerSecond(20_000)
                  .disk(Option.C_MIN_RATE, 0),
              version);
      Overheard overheard = Overheard.of(pair);
      pair.ok(1, new AdminCommand.Invalidate(0));
      Load load = new Load(pair, 0, 0, version, 8);
      pair.awaitUpToDate();
      load.stop();
      assertThat(load.failed()).isZero();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
      assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
      assertSpoken(overheard, version);
    }
  }

  /// docs/durability.md: a FUA write answered OK survives power loss of both nodes in protocol C,
  /// also where the wire has no FUA.
  @ParameterizedTest
  @MethodSource("versions")
  void aDurableWriteSurvivesThePowerOfBoth(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(NEW, version), version);
    pair.write(0, 5, 1);
    pair.flush(0);
    pair.done(pair.startWrite(0, 5, 2, true));
    pair.done(write(pair, 8 * 500, MIB, 3, true));
    pair.powerCut(0);
    pair.powerCut(1);
    for (int id = 0; id < 2; id++) {
      assertThat(pair.onDisk(id, 5)).isEqualTo(2);
      assertThat(pair.onDisk(id, 500)).isEqualTo(3);
      assertThat(pair.onDisk(id, 755)).isEqualTo(3);
    }
  }

  /// Reads through the peer are cut to what one reply may carry, and put together again.
  @ParameterizedTest
  @MethodSource("versions")
  void aDisklessNodeReadsThroughItsPeer(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(version, NEW), version);
    for (int part = 0; part < 256; part++) {
      pair.write(0, 100 + part, part);
    }
    pair.flush(0);
    pair.ok(0, new AdminCommand.Detach(0, false));
    Overheard overheard = Overheard.of(pair);
    long cookie = pair.start(0, it -> new Event.AppRead(0, it, new Extent(800, MIB)));
    pair.awaitAnswer(cookie);
    byte[] read = ((Effect.AppReadDone) pair.answer(cookie)).payload().toByteArray();
    assertThat(read).hasSize(MIB);
    for (int part = 0; part < 256; part++) {
      assertThat(read[part * Pair.BLOCK]).isEqualTo((byte) part);
      assertThat(read[part * Pair.BLOCK + Pair.BLOCK - 1]).isEqualTo((byte) part);
    }
    assertThat(overheard.of(PacketType.DATA_REQUEST)).hasSize(MIB / limit(version));
    pair.write(0, 3, 4);
    assertThat(pair.read(0, 3)).isEqualTo(4);
    pair.attach(0);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// The receiver answers as its own `protocol` says where no flag does.
  @ParameterizedTest
  @ValueSource(ints = {86, 94, 95, 99, 100, 101})
  void acksAreThoseOfTheProtocol(int version) throws MetadataException {
    for (String protocol : new String[] {"A", "B", "C"}) {
      Pair pair = primary(new Pair.Setup().protocol(protocol).speaking(version, NEW), version);
      Overheard overheard = Overheard.of(pair);
      pair.write(0, 9, 1);
      pair.run(100);
      assertThat(overheard.has(PacketType.RECV_ACK)).isEqualTo(protocol.equals("B"));
      assertThat(overheard.has(PacketType.WRITE_ACK)).isEqualTo(protocol.equals("C"));
      int asked =
          version < 100 || protocol.equals("A")
              ? 0
              : protocol.equals("B") ? DpFlags.SEND_RECEIVE_ACK : DpFlags.SEND_WRITE_ACK;
      Packet.Data data = (Packet.Data) overheard.of(PacketType.DATA).getFirst();
      assertThat(data.flags() & (DpFlags.SEND_RECEIVE_ACK | DpFlags.SEND_WRITE_ACK))
          .isEqualTo(asked);
    }
  }

  /// Before 96 the peer takes no marks behind the bitmap: nothing is written until it is exchanged.
  @ParameterizedTest
  @ValueSource(ints = {86, 90, 95, 96, 101})
  void writesWaitForTheBitmapsWhereTheyMust(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(NEW, version), version);
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 1, 2);
    pair.startProcess(1);
    pair.attach(1);
    // The target takes its time: the source stands in WFBitMapS.
    pair.withheld.hold(pair.nodes[1], Withheld::isMetadata);
    Overheard overheard = Overheard.of(pair);
    pair.connect(1);
    pair.awaitConn(0, ConnectionState.WF_BITMAP_S);
    long write = pair.startWrite(0, 600, 3, false);
    pair.run(5);
    boolean stillWaits = pair.state(0).conn() == ConnectionState.WF_BITMAP_S;
    if (stillWaits) {
      assertThat(pair.answer(write) == null).isEqualTo(version < 96);
    }
    pair.withheld.release(pair.nodes[1]);
    pair.done(write);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(overheard.has(PacketType.OUT_OF_SYNC) && version < 96).isFalse();
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
  }
}
