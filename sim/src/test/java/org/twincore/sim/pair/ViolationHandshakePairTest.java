package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// A peer that violates the protocol before both know each other (`drbd_do_features`,
/// `drbd_do_auth`): what another program or another configuration says ends in StandAlone, what a
/// cut connection leaves in a NetworkFailure; and afterwards, in the exchange of bitmaps.
@Tag("slow")
class ViolationHandshakePairTest {
  private static final int MAGIC = 0x83740267;
  private static final long OLD_BLOCK = 7;

  /// Says something else in the place of each packet of a type, until it is over.
  private static final class InPlaceOf implements Tamper {
    private final PacketType type;
    private final Function<Effect.Send, Effect> lie;
    private final Set<Long> spoilt = new TreeSet<>();
    private boolean isOver;

    /// A packet, with its payload.
    InPlaceOf(PacketType type, Packet packet, @Nullable Payload payload) {
      this.type = type;
      lie =
          send -> new Effect.Send(send.socket(), send.framing(), 0, packet, payload, send.token());
    }

    /// Bytes, and nothing more on that socket.
    InPlaceOf(PacketType type, SimNode liar, byte[] bytes) {
      this.type = type;
      lie =
          send -> {
            if (spoilt.add(send.socket())) {
              liar.simulation().after(0, () -> liar.noise(send.socket(), bytes));
            }
            return new Effect.Log(Effect.Level.INFO, "a lie");
          };
    }

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (isOver || !(effect instanceof Effect.Send send)) {
        return List.of(effect);
      }
      boolean lies = send.packet().type() == type || spoilt.contains(send.socket());
      return List.of(lies ? lie.apply(send) : send);
    }
  }

  private @Nullable InPlaceOf lie;

  private static byte[] frame(PacketType type, int bodyBytes) {
    return ByteBuffer.allocate(Framing.H80.headerBytes() + bodyBytes)
        .putInt(MAGIC)
        .putShort((short) type.code())
        .putShort((short) bodyBytes)
        .array();
  }

  /// Both nodes know each other and have parted; the second one meets the first anew with `bytes`
  /// in the place of its packets of that type.
  private Violator meet(Pair.Setup setup, PacketType type, byte[] bytes) throws MetadataException {
    Pair pair = parted(setup);
    return meet(pair, new InPlaceOf(type, pair.nodes[1], bytes), ConnectionState.WF_CONNECTION);
  }

  private static Pair parted(Pair.Setup setup) throws MetadataException {
    Pair pair = setup.primary();
    pair.write(0, OLD_BLOCK, 71);
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    return pair;
  }

  /// Watches from that state on.
  private Violator meet(Pair pair, InPlaceOf told, ConnectionState from) {
    lie = told;
    pair.nodes[1].tamper(told);
    Violator violator = Violator.of(pair, 0);
    pair.connect(0);
    pair.await(() -> violator.has(from), from.toString());
    violator.watchFromNowOn();
    return violator;
  }

  private void endsWell(Violator violator) {
    InPlaceOf told = lie;
    if (told != null) {
      told.isOver = true;
    }
    violator.pair.awaitUpToDate();
    assertThat(violator.pair.onDisk(0, OLD_BLOCK)).isEqualTo(71);
    violator.pair.assertEqualDisks();
  }

  private static Pair.Setup secret() {
    return new Pair.Setup().net(Option.CRAM_HMAC_ALG, "sha1").net(Option.SHARED_SECRET, "sesame");
  }

  // ---- versions

  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"PROTOCOL", "STATE", "AUTH_CHALLENGE", "INITIAL_DATA", "PING", "UNPLUG_REMOTE"})
  void anotherPacketThanTheFeatures(PacketType type) throws MetadataException {
    Violator violator =
        meet(new Pair.Setup(), PacketType.CONNECTION_FEATURES, frame(type, type.bodyBytesMin()));
    violator.assertEnds(DISCONNECTING, "expected P_CONNECTION_FEATURES, found " + type.wireName());
    endsWell(violator);
  }

  @ParameterizedTest
  @CsvSource({"71", "73"})
  void featuresOfAnotherLength(int bytes) throws MetadataException {
    Violator violator =
        meet(
            new Pair.Setup(),
            PacketType.CONNECTION_FEATURES,
            frame(PacketType.CONNECTION_FEATURES, bytes));
    violator.assertEnds(
        DISCONNECTING, "expected P_CONNECTION_FEATURES of 72 bytes, found " + bytes + " bytes");
    endsWell(violator);
  }

  @Test
  void anUnknownPacketInTheirPlace() throws MetadataException {
    byte[] unknown = frame(PacketType.PING, 0);
    unknown[5] = 0x35;
    Violator violator = meet(new Pair.Setup(), PacketType.CONNECTION_FEATURES, unknown);
    violator.assertEnds(DISCONNECTING, "expected a known command, found 0x35");
    endsWell(violator);
  }

  @Test
  void noPacketInTheirPlace() throws MetadataException {
    Violator violator =
        meet(
            new Pair.Setup(),
            PacketType.CONNECTION_FEATURES,
            "GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
    violator.assertEnds(NETWORK_FAILURE, "expected a DRBD magic, found 0x47455420");
    endsWell(violator);
  }

  // ---- secrets

  @ParameterizedTest
  @CsvSource({"63", "129"})
  void aChallengeOfAnotherLength(int bytes) throws MetadataException {
    Violator violator =
        meet(secret(), PacketType.AUTH_CHALLENGE, frame(PacketType.AUTH_CHALLENGE, bytes));
    violator.assertEnds(DISCONNECTING, "P_AUTH_CHALLENGE of 64 to 128 bytes, found " + bytes);
    endsWell(violator);
  }

  @Test
  void noChallengeWhereOneIsDue() throws MetadataException {
    Violator violator =
        meet(secret(), PacketType.AUTH_CHALLENGE, frame(PacketType.CONNECTION_FEATURES, 72));
    violator.assertEnds(DISCONNECTING, "expected P_AUTH_CHALLENGE, found P_CONNECTION_FEATURES");
    endsWell(violator);
  }

  /// The kernel calls that a broken connection and tries again.
  @ParameterizedTest
  @CsvSource({"AUTH_RESPONSE, 19", "AUTH_RESPONSE, 64", "AUTH_RESPONSE, 65", "PING, 0"})
  void noResponseOfItsAlgorithm(PacketType type, int bytes) throws MetadataException {
    Violator violator = meet(secret(), PacketType.AUTH_RESPONSE, frame(type, bytes));
    violator.assertEnds(
        NETWORK_FAILURE, bytes == 0 ? "found " + type.wireName() : "P_AUTH_RESPONSE");
    endsWell(violator);
  }

  @Test
  void aWrongResponse() throws MetadataException {
    Violator violator =
        meet(secret(), PacketType.AUTH_RESPONSE, frame(PacketType.AUTH_RESPONSE, 20));
    violator.assertEnds(DISCONNECTING, "the peer does not know the shared-secret");
    endsWell(violator);
  }

  // ---- behind the features

  private Violator behindFeatures(PacketType type, Packet packet, @Nullable Payload payload)
      throws MetadataException {
    Pair pair = parted(new Pair.Setup());
    return meet(pair, new InPlaceOf(type, packet, payload), ConnectionState.WF_REPORT_PARAMS);
  }

  private static Packet sample(PacketType type) {
    return switch (type) {
      case DATA ->
          new Packet.Data(type, OLD_BLOCK * 8, 1234, 1, DpFlags.SEND_WRITE_ACK, Pair.BLOCK);
      case TRIM ->
          new Packet.Range(type, OLD_BLOCK * 8, 1234, 1, DpFlags.SEND_WRITE_ACK, Pair.BLOCK, 0);
      case OUT_OF_SYNC -> new Packet.BlockDescription(type, 0, Pair.BLOCK, 0);
      case STATE -> new Packet.State(0xc882);
      case BARRIER -> new Packet.Barrier(1, 0);
      case CONNECTION_FEATURES -> new Packet.ConnectionFeatures(86, 0, 101);
      default -> new Packet.BlockRequest(type, 0, 1234, Pair.BLOCK);
    };
  }

  private static @Nullable Payload payload(PacketType type) {
    byte[] block = new byte[Pair.BLOCK];
    Arrays.fill(block, (byte) 99);
    return type == PacketType.DATA ? Payload.of(block) : null;
  }

  /// The kernel takes whatever comes first then, also a write.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"DATA", "STATE", "BARRIER", "CONNECTION_FEATURES"})
  void anotherPacketThanTheProtocol(PacketType type) throws MetadataException {
    Violator violator = behindFeatures(PacketType.PROTOCOL, sample(type), payload(type));
    violator.assertEnds(PROTOCOL_ERROR, "expected P_PROTOCOL, found " + type.wireName());
    endsWell(violator);
  }

  /// As in the kernel, for which it is an unknown packet: only the node that asks gives up.
  @Test
  void aChallengeWhereNoSecretIsConfigured() throws MetadataException {
    Packet challenge = new Packet.Bytes(PacketType.AUTH_CHALLENGE, new byte[64]);
    Violator violator = behindFeatures(PacketType.PROTOCOL, challenge, null);
    violator.assertEnds(PROTOCOL_ERROR, "is cram-hmac-alg set on both nodes?");
    endsWell(violator);
  }

  /// What belongs to blocks, before the peer has said how its disk stands; the kernel would take
  /// it.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"DATA", "TRIM", "DATA_REQUEST", "RS_DATA_REQUEST", "OUT_OF_SYNC"})
  void blocksBeforeTheStateOfTheDisk(PacketType type) throws MetadataException {
    Violator violator = behindFeatures(PacketType.STATE, sample(type), payload(type));
    violator.assertEnds(PROTOCOL_ERROR, type.wireName(), "before the handshake of the disks");
    endsWell(violator);
  }

  // ---- bitmaps

  /// `chunk` in the place of the second node's bitmap, which is 2038 bits long.
  private Violator exchange(Packet chunk) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.write(0, OLD_BLOCK, 71);
    return meet(
        pair,
        new InPlaceOf(PacketType.COMPRESSED_BITMAP, chunk, null),
        ConnectionState.WF_BITMAP_S);
  }

  private static Packet chunk(PacketType type, int... bytes) {
    byte[] body = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      body[i] = (byte) bytes[i];
    }
    return new Packet.Bytes(type, body);
  }

  @ParameterizedTest
  @CsvSource({"248", "257", "264", "4080"})
  void aPlainChunkOfAnotherLength(int bytes) throws MetadataException {
    Violator violator = exchange(chunk(PacketType.BITMAP, new int[bytes]));
    violator.assertEnds(
        PROTOCOL_ERROR, "P_BITMAP", "expected 256 bytes of bitmap, found " + bytes + " bytes");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
    endsWell(violator);
  }

  @Test
  void aChunkOfAnotherCode() throws MetadataException {
    Violator violator = exchange(chunk(PacketType.COMPRESSED_BITMAP, 0x83, 0, 0));
    violator.assertEnds(
        PROTOCOL_ERROR, "P_COMPRESSED_BITMAP", "expected bitmap code 2, found code 3");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
    endsWell(violator);
  }

  /// Set bits up to the 16th million.
  @Test
  void aRunPastTheEnd() throws MetadataException {
    Violator violator =
        exchange(chunk(PacketType.COMPRESSED_BITMAP, 0x82, 0xbf, 0xff, 0xff, 0xff, 0, 0x7f));
    violator.assertEnds(PROTOCOL_ERROR, "P_COMPRESSED_BITMAP", "a run of at most 2038 bits");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
    endsWell(violator);
  }

  @Test
  void aCodeWordThatBreaksOff() throws MetadataException {
    Violator violator = exchange(chunk(PacketType.COMPRESSED_BITMAP, 0x02, 0x7f));
    violator.assertEnds(
        PROTOCOL_ERROR, "P_COMPRESSED_BITMAP", "expected a code word of 29 bits, found 8 bits");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
    endsWell(violator);
  }
}
