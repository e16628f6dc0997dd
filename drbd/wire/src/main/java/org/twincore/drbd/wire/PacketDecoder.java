package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.twincore.drbd.GenerationUuids;

/// Bodies to packets. Lengths were checked against [PacketType] before; here the contents are.
final class PacketDecoder {
  private static final int SIZES_WITH_LIMITS = 56;
  private static final int SYNC_PARAM_WITH_CONTROLLER = 148;

  private PacketDecoder() {}

  /// The packet in all of `body`; `payloadBytes` follow it in the stream, whose position is `at`.
  static Packet decode(PacketType type, ByteBuffer body, int payloadBytes, long at)
      throws WireFormatException {
    return switch (type) {
      case PING, PING_ACK, UNPLUG_REMOTE, INITIAL_META, INITIAL_DATA -> new Packet.Empty(type);
      case DATA, DATA_REPLY, RS_DATA_REPLY ->
          new Packet.Data(
              type, body.getLong(), body.getLong(), body.getInt(), body.getInt(), payloadBytes);
      case TRIM, WSAME, ZEROES ->
          new Packet.Range(
              type,
              body.getLong(),
              body.getLong(),
              body.getInt(),
              body.getInt(),
              body.getInt(),
              payloadBytes);
      case RECV_ACK,
          WRITE_ACK,
          RS_WRITE_ACK,
          SUPERSEDED,
          NEG_ACK,
          NEG_DREPLY,
          NEG_RS_DREPLY,
          OV_RESULT,
          RS_IS_IN_SYNC,
          RS_CANCEL,
          RETRY_WRITE ->
          new Packet.BlockAck(type, body.getLong(), body.getLong(), body.getInt(), body.getInt());
      case DATA_REQUEST, RS_DATA_REQUEST, RS_THIN_REQ, OV_REQUEST, OV_REPLY, CSUM_RS_REQUEST ->
          new Packet.BlockRequest(
              type, body.getLong(), body.getLong(), body.getInt(), body.getInt(), payloadBytes);
      case OUT_OF_SYNC, RS_DEALLOCATED ->
          new Packet.BlockDescription(type, body.getLong(), body.getInt(), body.getInt());
      case BARRIER -> new Packet.Barrier(body.getInt(), body.getInt());
      case BARRIER_ACK -> new Packet.BarrierAck(body.getInt(), body.getInt());
      case CONNECTION_FEATURES ->
          new Packet.ConnectionFeatures(body.getInt(), body.getInt(), body.getInt());
      case PROTOCOL, PROTOCOL_UPDATE -> protocol(type, body, at);
      case SYNC_PARAM ->
          new Packet.SyncParam(
              body.getInt(),
              body.hasRemaining() ? Optional.of(string(body, at)) : Optional.empty());
      case SYNC_PARAM89 -> syncParam89(body, at);
      case SIZES -> sizes(body, at);
      case UUIDS ->
          new Packet.Uuids(
              new GenerationUuids(body.getLong(), body.getLong(), body.getLong(), body.getLong()),
              body.getLong(),
              body.getLong());
      case STATE -> new Packet.State(body.getInt());
      case SYNC_UUID -> new Packet.SyncUuid(body.getLong());
      case STATE_CHG_REQ, CONN_ST_CHG_REQ ->
          new Packet.StateChange(type, body.getInt(), body.getInt());
      case STATE_CHG_REPLY, CONN_ST_CHG_REPLY -> new Packet.StateChangeReply(type, body.getInt());
      case AUTH_CHALLENGE, AUTH_RESPONSE, BITMAP, COMPRESSED_BITMAP -> bytes(type, body);
      case DELAY_PROBE -> new Packet.DelayProbe(body.getInt(), body.getInt());
    };
  }

  private static Packet bytes(PacketType type, ByteBuffer body) {
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    return new Packet.Bytes(type, bytes);
  }

  private static Packet protocol(PacketType type, ByteBuffer body, long at)
      throws WireFormatException {
    int[] words = new int[6];
    for (int i = 0; i < words.length; i++) {
      words[i] = body.getInt();
    }
    Optional<String> algorithm =
        body.hasRemaining() ? Optional.of(string(body, at)) : Optional.empty();
    return new Packet.Protocol(
        type, words[0], words[1], words[2], words[3], words[4], words[5], algorithm);
  }

  private static Packet syncParam89(ByteBuffer body, long at) throws WireFormatException {
    boolean hasController = body.remaining() == SYNC_PARAM_WITH_CONTROLLER;
    if (!hasController && body.remaining() != PacketType.SYNC_PARAM89.bodyBytesMin()) {
      throw new WireFormatException(at, "132 or 148 bytes", body.remaining() + " bytes");
    }
    int rate = body.getInt();
    String verify = fixed(body, at);
    String csums = fixed(body, at);
    return hasController
        ? new Packet.SyncParam89(
            rate, verify, csums, true, body.getInt(), body.getInt(), body.getInt(), body.getInt())
        : new Packet.SyncParam89(rate, verify, csums, false, 0, 0, 0, 0);
  }

  private static Packet sizes(ByteBuffer body, long at) throws WireFormatException {
    boolean hasLimits = body.remaining() == SIZES_WITH_LIMITS;
    if (!hasLimits && body.remaining() != PacketType.SIZES.bodyBytesMin()) {
      throw new WireFormatException(at, "32 or 56 bytes", body.remaining() + " bytes");
    }
    long disk = body.getLong();
    long configured = body.getLong();
    long current = body.getLong();
    int maxBio = body.getInt();
    int order = body.getShort() & 0xffff;
    int flags = body.getShort() & 0xffff;
    Optional<Packet.QueueLimits> limits =
        hasLimits
            ? Optional.of(
                new Packet.QueueLimits(
                    body.getInt(),
                    body.getInt(),
                    body.getInt(),
                    body.getInt(),
                    body.getInt(),
                    body.get() & 0xff,
                    body.get() & 0xff,
                    body.get() & 0xff,
                    body.get() & 0xff))
            : Optional.empty();
    return new Packet.Sizes(disk, configured, current, maxBio, order, flags, limits);
  }

  /// A NUL-terminated string that fills the rest of the body.
  private static String string(ByteBuffer body, long at) throws WireFormatException {
    byte[] raw = new byte[body.remaining()];
    body.get(raw);
    int end = 0;
    while (end < raw.length && raw[end] != 0) {
      end++;
    }
    if (end == raw.length || end >= Packet.NAME_BYTES) {
      throw new WireFormatException(
          at, "a name of at most 63 bytes with NUL", raw.length + " bytes");
    }
    return new String(raw, 0, end, StandardCharsets.ISO_8859_1);
  }

  private static String fixed(ByteBuffer body, long at) throws WireFormatException {
    byte[] raw = new byte[Packet.NAME_BYTES];
    body.get(raw);
    return string(ByteBuffer.wrap(raw), at);
  }
}
