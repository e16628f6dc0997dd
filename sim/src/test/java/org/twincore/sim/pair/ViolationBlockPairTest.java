package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// What DATA brings about blocks that are not there, in lengths that there are not, with digests
/// that are not theirs, or that nobody asked for: a ProtocolError (`read_in_block`,
/// `receive_DataRequest`, `receive_DataReply`), and the disk stays as it is.
///
/// Stricter than the kernel's: it drops what P_OUT_OF_SYNC says of blocks behind the end, writes
/// what P_RS_DATA_REPLY and P_RS_DEALLOCATED bring unasked, and compares with any P_OV_REPLY.
@Tag("slow")
class ViolationBlockPairTest {
  private static final long END = 1968;
  private static final long FAR = 1L << 52;
  private static final int DATA_BYTES_MAX = 1 << 20;
  private static final int DISCARD_BYTES_MAX = 128 << 20;

  /// Blocks that no packet may be about.
  private enum Where {
    ONE_SECTOR_BEHIND_THE_END(END - 7, Pair.BLOCK),
    AT_THE_END(END, Pair.BLOCK),
    FAR_AWAY(FAR, Pair.BLOCK),
    BEFORE_THE_START(-8, Pair.BLOCK),
    NOTHING(Violator.MARKED_SECTOR, 0),
    HALF_A_SECTOR(Violator.MARKED_SECTOR, 256),
    A_SECTOR_AND_A_HALF(Violator.MARKED_SECTOR, 768),
    TOO_LONG(0, 0);

    private final long sector;
    private final int bytes;

    Where(long sector, int bytes) {
      this.sector = sector;
      this.bytes = bytes;
    }

    int bytes(PacketType type) {
      if (this != TOO_LONG) {
        return bytes;
      }
      return switch (type) {
        case TRIM, ZEROES, OUT_OF_SYNC, RS_DEALLOCATED -> DISCARD_BYTES_MAX + Extent.SECTOR_BYTES;
        default -> DATA_BYTES_MAX + Extent.SECTOR_BYTES;
      };
    }
  }

  private static final List<PacketType> ABOUT_BLOCKS =
      List.of(
          PacketType.DATA,
          PacketType.DATA_REPLY,
          PacketType.RS_DATA_REPLY,
          PacketType.TRIM,
          PacketType.ZEROES,
          PacketType.OUT_OF_SYNC,
          PacketType.RS_DEALLOCATED,
          PacketType.DATA_REQUEST,
          PacketType.RS_DATA_REQUEST,
          PacketType.RS_THIN_REQ,
          PacketType.CSUM_RS_REQUEST,
          PacketType.OV_REQUEST,
          PacketType.OV_REPLY);

  static Stream<Arguments> rows() {
    return ABOUT_BLOCKS.stream()
        .flatMap(type -> Arrays.stream(Where.values()).map(where -> Arguments.of(type, where)));
  }

  private static Payload bytes(int count) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, (byte) 99);
    return Payload.of(bytes);
  }

  /// Without payload but for those that cannot be without.
  private static void say(Violator violator, PacketType type, long sector, int bytes) {
    Payload payload =
        switch (type) {
          case DATA, DATA_REPLY, RS_DATA_REPLY -> bytes(bytes);
          case CSUM_RS_REQUEST, OV_REPLY -> bytes(4);
          default -> null;
        };
    violator.say(packet(type, sector, bytes), payload == null || bytes == 0 ? null : payload);
  }

  private static Packet packet(PacketType type, long sector, int bytes) {
    return switch (type) {
      case DATA, DATA_REPLY, RS_DATA_REPLY ->
          new Packet.Data(type, sector, Packet.RESYNC_BLOCK_ID, 1, DpFlags.SEND_WRITE_ACK, bytes);
      case TRIM, ZEROES, WSAME ->
          new Packet.Range(type, sector, 4711, 1, DpFlags.SEND_WRITE_ACK, bytes, 0);
      case OUT_OF_SYNC, RS_DEALLOCATED -> new Packet.BlockDescription(type, sector, bytes, 0);
      case CSUM_RS_REQUEST, OV_REPLY ->
          new Packet.BlockRequest(
              type, sector, Packet.RESYNC_BLOCK_ID, bytes, 0, bytes == 0 ? 0 : 4);
      default -> new Packet.BlockRequest(type, sector, Packet.RESYNC_BLOCK_ID, bytes);
    };
  }

  private static Violator against(int victim, Pair.Setup setup) throws MetadataException {
    return Violator.against(victim, setup);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void aboutNoBlocks(PacketType type, Where where) throws MetadataException {
    Violator violator = against(1, new Pair.Setup().net(Option.CSUMS_ALG, "crc32c"));
    assertThat(violator.pair.volume(1).sizeSectors()).isEqualTo(END);
    int bytes = where.bytes(type);
    say(violator, type, where.sector, bytes);
    String found =
        where == Where.TOO_LONG && !type.hasPayload() || bytes <= DATA_BYTES_MAX
            ? "sector " + where.sector + ", " + bytes + " bytes"
            : "";
    violator.assertEndsWithoutTrace(PROTOCOL_ERROR, type.wireName(), found, expected(where));
  }

  private static String expected(Where where) {
    return switch (where) {
      case ONE_SECTOR_BEHIND_THE_END, AT_THE_END -> "expected blocks before sector " + END;
      case FAR_AWAY, BEFORE_THE_START -> "expected a sector from 0 to";
      case NOTHING, HALF_A_SECTOR, A_SECTOR_AND_A_HALF, TOO_LONG ->
          "expected whole sectors, 512 to";
    };
  }

  /// Answers that nobody awaits, about blocks that there are.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"DATA_REPLY", "RS_DATA_REPLY", "RS_DEALLOCATED", "OV_REPLY"})
  void unasked(PacketType type) throws MetadataException {
    Violator violator = against(1, new Pair.Setup());
    say(violator, type, Violator.MARKED_SECTOR, Pair.BLOCK);
    violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR, type.wireName(), "answers nothing", "sector 80, 4096 bytes");
  }

  /// Our P_SIZES says that it cannot be done.
  @Test
  void writeSame() throws MetadataException {
    Violator violator = against(1, new Pair.Setup());
    violator.say(new Packet.Range(PacketType.WSAME, 8, 4711, 1, 0, Pair.BLOCK, 512), bytes(512));
    violator.assertEndsWithoutTrace(PROTOCOL_ERROR, "P_WSAME", "not spoken here");
  }

  /// The kernel refuses none, and may be asked for blocks that the asker marks as its own then.
  @Test
  void blocksThatAreBeingServed() throws MetadataException {
    Violator violator = against(0, new Pair.Setup());
    violator.pair.withheld.hold(violator.pair.nodes[0], Effect.ReadLocal.class::isInstance);
    Packet ask = packet(PacketType.RS_DATA_REQUEST, Violator.MARKED_SECTOR, Pair.BLOCK);
    violator.say(ask);
    violator.say(ask);
    violator.assertEnds(PROTOCOL_ERROR, "P_RS_DATA_REQUEST", "already being served: sector 80");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
    violator.pair.withheld.release(violator.pair.nodes[0]);
    violator.pair.awaitUpToDate();
    violator.pair.assertEqualDisks();
  }

  /// A node that is not asked to verify has no digests to tell; the kernel tells them.
  @Test
  void aVerifyThatNobodyBegan() throws MetadataException {
    Violator violator = against(1, new Pair.Setup());
    Overheard overheard = Overheard.of(violator.pair);
    violator.say(packet(PacketType.OV_REQUEST, 8, Pair.BLOCK));
    violator.pair.await(() -> overheard.has(PacketType.NEG_RS_DREPLY), "the refusal");
    assertThat(overheard.has(PacketType.OV_REPLY)).isFalse();
  }

  // ---- digests

  /// The data is whole; its digest is of other data.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"DATA", "DATA_REPLY", "RS_DATA_REPLY"})
  void ofOtherData(PacketType type) throws MetadataException {
    Violator violator = against(1, new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "crc32c"));
    int sealed = 4 + Pair.BLOCK;
    violator.say(new Packet.Data(type, 16, 4711, 1, DpFlags.SEND_WRITE_ACK, sealed), bytes(sealed));
    violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR, type.wireName(), "sector 16", "digest", "crc32c");
  }

  /// Shorter than a digest.
  @Test
  void withoutRoomForADigest() throws MetadataException {
    Violator violator = against(1, new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "sha1"));
    violator.say(new Packet.Data(PacketType.DATA, 16, 4711, 1, 0, 19), bytes(19));
    violator.assertEndsWithoutTrace(PROTOCOL_ERROR, "P_DATA", "sector 16", "digest", "sha1");
  }

  @Test
  void aReplyToAReadWithAnotherDigest() throws MetadataException {
    Pair pair = new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "crc32c").primary();
    pair.write(0, 3, 33);
    pair.ok(0, new AdminCommand.Detach(0, false));
    Violator violator = Violator.of(pair, 0);
    pair.withheld.garble(pair.nodes[1], PacketType.DATA_REPLY);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(24, Pair.BLOCK)));
    violator.assertEnds(PROTOCOL_ERROR, "P_DATA_REPLY", "sector 24", "digest");
    pair.awaitAnswer(read);
  }

  /// Of the target's blocks, in a length that csums-alg does not have.
  @ParameterizedTest
  @MethodSource("lengths")
  void aDigestOfAnotherLength(int length) throws MetadataException {
    Violator violator = against(0, new Pair.Setup().net(Option.CSUMS_ALG, "md5"));
    violator.say(
        new Packet.BlockRequest(
            PacketType.CSUM_RS_REQUEST, Violator.MARKED_SECTOR, -1, Pair.BLOCK, 0, length),
        length == 0 ? null : bytes(length));
    violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR,
        "P_CSUM_RS_REQUEST",
        "expected a digest of 16 bytes (csums-alg), found " + length);
  }

  static Stream<Integer> lengths() {
    return Stream.of(0, 1, 15, 17, 64);
  }

  /// The same of a verify, in answer to a real question.
  @ParameterizedTest
  @MethodSource("verifyLengths")
  void aVerifyDigestOfAnotherLength(int length) throws MetadataException {
    Violator violator = against(0, new Pair.Setup());
    violator.pair.nodes[1].tamper(new CutDigest(length));
    violator.pair.begin(0, new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty()));
    violator.pair.awaitConn(0, ConnectionState.VERIFY_S);
    violator.watchFromNowOn();
    violator.assertEnds(
        PROTOCOL_ERROR, "P_OV_REPLY", "expected a digest of 4 bytes (verify-alg), found " + length);
  }

  static Stream<Integer> verifyLengths() {
    return Stream.of(0, 3, 5, 20);
  }

  /// Each digest of a verify goes in another length.
  private record CutDigest(int length) implements Tamper {
    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (!(effect instanceof Effect.Send send)
          || !(send.packet() instanceof Packet.BlockRequest request)
          || request.type() != PacketType.OV_REPLY) {
        return List.of(effect);
      }
      @Nullable Payload payload = length == 0 ? null : bytes(length);
      return List.of(
          new Effect.Send(
              send.socket(),
              send.framing(),
              send.volume(),
              new Packet.BlockRequest(
                  request.type(),
                  request.sector(),
                  request.blockId(),
                  request.sizeBytes(),
                  0,
                  length),
              payload,
              send.token()));
    }
  }
}
