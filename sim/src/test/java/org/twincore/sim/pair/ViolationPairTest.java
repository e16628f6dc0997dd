package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.PacketType.Stream;

/// Each packet type in a wrong place: what the node makes of it is what `drbdd` and
/// `drbd_ack_receiver` of drbd_receiver.c do, but for the rows that docs/wire.md calls stricter.
///
/// DATA: ProtocolError. META: Disconnecting (StandAlone) for a packet that is none of META,
/// NetworkFailure for everything else but a wrong P_BARRIER_ACK, which is a ProtocolError.
@Tag("slow")
class ViolationPairTest {
  private static final int STRANGE_VOLUME = 5;
  private static final int UNKNOWN_COMMAND = 0x35;
  private static final int SIZES_BYTES = 56;
  private static final int SYNC_PARAM_BYTES = 148;

  /// The connection as it is reported where a packet of that socket has a fault.
  private static ConnectionState faultOn(Stream stream) {
    return stream == Stream.META ? NETWORK_FAILURE : PROTOCOL_ERROR;
  }

  /// As long as both nodes send it at protocol 101.
  private static int bodyBytes(PacketType type) {
    return switch (type) {
      case SIZES -> SIZES_BYTES;
      case SYNC_PARAM89 -> SYNC_PARAM_BYTES;
      default -> type.bodyBytesMin();
    };
  }

  private static byte[] frame(PacketType type, int volume) {
    return Violator.frame(type.code(), volume, bodyBytes(type));
  }

  private static Violator against(int victim) throws MetadataException {
    return Violator.against(victim, new Pair.Setup());
  }

  // ---- volumes

  /// Those that have a volume, and belong to a volume that is there. (P_SYNC_PARAM is of protocols
  /// that have none.)
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      mode = Mode.EXCLUDE,
      names = {
        "BARRIER",
        "BARRIER_ACK",
        "UNPLUG_REMOTE",
        "SYNC_PARAM",
        "SYNC_PARAM89",
        "SIZES",
        "UUIDS",
        "STATE",
        "PROTOCOL",
        "PROTOCOL_UPDATE",
        "AUTH_CHALLENGE",
        "AUTH_RESPONSE",
        "PING",
        "PING_ACK",
        "CONN_ST_CHG_REQ",
        "CONN_ST_CHG_REPLY",
        "DELAY_PROBE",
        "INITIAL_META",
        "INITIAL_DATA",
        "CONNECTION_FEATURES"
      })
  void ofAVolumeThatIsNotThere(PacketType type) throws MetadataException {
    Violator violator = against(1);
    violator.noise(type.stream(), frame(type, STRANGE_VOLUME));
    violator.assertEndsWithoutTrace(
        faultOn(type.stream()), type.wireName(), "unknown volume " + STRANGE_VOLUME);
  }

  /// What the peer tells of a volume that it has more is no fault (`config_unknown_volume`).
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"SYNC_PARAM89", "SIZES", "UUIDS", "STATE"})
  void whatIsToldOfAVolumeThatIsNotThere(PacketType type) throws MetadataException {
    Violator violator = against(1);
    violator.noise(type.stream(), frame(type, STRANGE_VOLUME));
    violator.assertGoesOn(0, type.wireName(), "volume " + STRANGE_VOLUME);
  }

  // ---- the other socket

  @ParameterizedTest
  @EnumSource(PacketType.class)
  void onTheOtherSocket(PacketType type) throws MetadataException {
    Violator violator = against(1);
    switch (type.stream()) {
      case DATA -> {
        violator.noise(Stream.META, frame(type, 0));
        violator.assertEndsWithoutTrace(DISCONNECTING, type.wireName() + " on META");
      }
      case META -> {
        violator.noise(Stream.DATA, frame(type, 0));
        violator.assertEndsWithoutTrace(PROTOCOL_ERROR, type.wireName() + " on DATA");
      }
      case BOTH -> {
        violator.noise(Stream.META, frame(type, 0));
        violator.noise(Stream.DATA, frame(type, 0));
        violator.assertGoesOn(0);
      }
    }
  }

  // ---- bytes

  /// One byte less than its least.
  @ParameterizedTest
  @EnumSource(PacketType.class)
  void tooShort(PacketType type) throws MetadataException {
    if (bodyBytes(type) == 0) {
      return; // there is nothing shorter
    }
    Violator violator = against(1);
    Stream on = type.stream() == Stream.META ? Stream.META : Stream.DATA;
    int bytes = type.bodyBytesMin() - 1;
    violator.noise(on, Violator.frame(type.code(), 0, bytes));
    violator.assertEndsWithoutTrace(
        faultOn(on), "on " + on, type.wireName() + " of ", "found " + bytes + " bytes");
  }

  /// One byte more than its most.
  @ParameterizedTest
  @EnumSource(PacketType.class)
  void tooLong(PacketType type) throws MetadataException {
    if (type.hasPayload()) {
      return; // its length depends on what it says
    }
    Violator violator = against(1);
    Stream on = type.stream() == Stream.META ? Stream.META : Stream.DATA;
    int bytes = type.bodyBytesMax() + 1;
    violator.noise(on, Violator.frame(type.code(), 0, bytes));
    violator.assertEndsWithoutTrace(
        faultOn(on), "on " + on, type.wireName() + " of ", "found " + bytes + " bytes");
  }

  @ParameterizedTest
  @CsvSource({"DATA, PROTOCOL_ERROR", "META, DISCONNECTING"})
  void ofAnUnknownNumber(Stream on, ConnectionState ends) throws MetadataException {
    Violator violator = against(1);
    violator.noise(on, Violator.frame(UNKNOWN_COMMAND, 0, 0));
    violator.assertEndsWithoutTrace(ends, "on " + on, "a known command", "0x35");
  }

  @ParameterizedTest
  @CsvSource({"DATA, PROTOCOL_ERROR", "META, NETWORK_FAILURE"})
  void withoutMagic(Stream on, ConnectionState ends) throws MetadataException {
    Violator violator = against(1);
    violator.noise(on, new byte[16]);
    violator.assertEndsWithoutTrace(ends, "on " + on, "a DRBD magic", "0x0");
  }

  @ParameterizedTest
  @CsvSource({"DATA, PROTOCOL_ERROR", "META, NETWORK_FAILURE"})
  void withHeaderPadding(Stream on, ConnectionState ends) throws MetadataException {
    Violator violator = against(1);
    byte[] header = Violator.frame(PacketType.UNPLUG_REMOTE.code(), 0, 0);
    header[15] = 1;
    violator.noise(on, header);
    violator.assertEndsWithoutTrace(ends, "on " + on, "header padding 0", "0x1");
  }

  /// That of protocol 99 and older, which has no volume.
  @ParameterizedTest
  @CsvSource({"DATA, UNPLUG_REMOTE, PROTOCOL_ERROR", "META, PING, NETWORK_FAILURE"})
  void withTheHeaderOfAnotherProtocol(Stream on, PacketType type, ConnectionState ends)
      throws MetadataException {
    Violator violator = against(1);
    violator.noise(on, new byte[] {(byte) 0x83, 0x74, 0x02, 0x67, 0, (byte) type.code(), 0, 0});
    violator.assertEndsWithoutTrace(ends, type.wireName(), "has not the header of protocol 101");
  }

  // ---- moments

  /// The first packets of a connection, said again. The kernel takes a second P_PROTOCOL.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {
        "CONNECTION_FEATURES",
        "AUTH_CHALLENGE",
        "AUTH_RESPONSE",
        "PROTOCOL",
        "INITIAL_DATA"
      })
  void ofTheHandshakeWhenItIsOver(PacketType type) throws MetadataException {
    Violator violator = against(1);
    // A name must follow P_PROTOCOL's numbers; none is one of a NUL.
    int more = type == PacketType.PROTOCOL ? 1 : 0;
    violator.noise(Stream.DATA, Violator.frame(type.code(), 0, type.bodyBytesMin() + more));
    violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR, type.wireName(), "only at the start of a connection");
  }

  @Test
  void theFirstPacketOfMetaWhenItIsOver() throws MetadataException {
    Violator violator = against(1);
    violator.say(new Packet.Empty(PacketType.INITIAL_META));
    violator.assertEndsWithoutTrace(
        DISCONNECTING, "P_INITIAL_META on META, where it does not belong");
  }

  /// Of a form that belongs to another version or feature.
  @Test
  void sizesWithoutTheLimitsThatWereAgreed() throws MetadataException {
    Violator violator = against(1);
    violator.noise(Stream.DATA, Violator.frame(PacketType.SIZES.code(), 0, SIZES_BYTES - 24));
    violator.assertEndsWithoutTrace(PROTOCOL_ERROR, "P_SIZES", "has not the form of protocol 101");
  }

  /// The kernel adds such bits to its own, where no resync clears them.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"BITMAP", "COMPRESSED_BITMAP"})
  void aBitmapThatNobodyAwaits(PacketType type) throws MetadataException {
    Violator violator = against(1);
    byte[] chunk =
        type == PacketType.BITMAP ? new byte[256] : new byte[] {(byte) 0x82, 0x7f, 0x7f, 0x7f};
    violator.say(new Packet.Bytes(type, chunk));
    violator.assertEndsWithoutTrace(PROTOCOL_ERROR, type.wireName(), "in Connected");
  }

  /// The kernel's receiver waits here for a resync, for ever.
  @Test
  void aSyncUuidThatNobodyAwaits() throws MetadataException {
    Violator violator = against(1);
    violator.say(new Packet.SyncUuid(0x1234_5678_9abc_def0L));
    violator.assertGoesOn(0, "P_SYNC_UUID", "Connected");
  }

  /// An epoch in which nothing was written is not acknowledged, whatever its number.
  @Test
  void aBarrierBehindNothing() throws MetadataException {
    Violator violator = against(1);
    Overheard overheard = Overheard.of(violator.pair);
    violator.say(new Packet.Barrier(77, 0));
    violator.say(new Packet.Barrier(76, 0));
    violator.assertGoesOn(0);
    assertThat(overheard.has(PacketType.BARRIER_ACK)).isFalse();
  }
}
