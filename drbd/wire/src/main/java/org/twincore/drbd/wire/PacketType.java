package org.twincore.drbd.wire;

import java.util.Optional;

/// Every packet of DRBD 8.4: number, socket, size of its body (drbd-wire section 3).
///
/// The body is the fixed part plus, for types with a payload, any number of further bytes that
/// travel beside the packet.
public enum PacketType {
  DATA(0x00, Stream.DATA, 24, 24, true),
  DATA_REPLY(0x01, Stream.DATA, 24, 24, true),
  RS_DATA_REPLY(0x02, Stream.DATA, 24, 24, true),
  BARRIER(0x03, Stream.DATA, 8, 8, false),
  BITMAP(0x04, Stream.DATA, 0, 4088, false),
  UNPLUG_REMOTE(0x07, Stream.DATA, 0, 0, false),
  DATA_REQUEST(0x08, Stream.DATA, 24, 24, false),
  RS_DATA_REQUEST(0x09, Stream.DATA, 24, 24, false),
  SYNC_PARAM(0x0a, Stream.DATA, 4, 68, false),
  PROTOCOL(0x0b, Stream.DATA, 24, 88, false),
  UUIDS(0x0c, Stream.DATA, 48, 48, false),
  SIZES(0x0d, Stream.DATA, 32, 56, false),
  STATE(0x0e, Stream.DATA, 4, 4, false),
  SYNC_UUID(0x0f, Stream.DATA, 8, 8, false),
  AUTH_CHALLENGE(0x10, Stream.DATA, 64, 128, false),
  AUTH_RESPONSE(0x11, Stream.DATA, 1, 64, false),
  STATE_CHG_REQ(0x12, Stream.DATA, 8, 8, false),
  PING(0x13, Stream.META, 0, 0, false),
  PING_ACK(0x14, Stream.META, 0, 0, false),
  RECV_ACK(0x15, Stream.META, 24, 24, false),
  WRITE_ACK(0x16, Stream.META, 24, 24, false),
  RS_WRITE_ACK(0x17, Stream.META, 24, 24, false),
  SUPERSEDED(0x18, Stream.META, 24, 24, false),
  NEG_ACK(0x19, Stream.META, 24, 24, false),
  NEG_DREPLY(0x1a, Stream.META, 24, 24, false),
  NEG_RS_DREPLY(0x1b, Stream.META, 24, 24, false),
  BARRIER_ACK(0x1c, Stream.META, 8, 8, false),
  STATE_CHG_REPLY(0x1d, Stream.META, 4, 4, false),
  OV_REQUEST(0x1e, Stream.DATA, 24, 24, false),
  OV_REPLY(0x1f, Stream.DATA, 24, 24, true),
  OV_RESULT(0x20, Stream.META, 24, 24, false),
  CSUM_RS_REQUEST(0x21, Stream.DATA, 24, 24, true),
  RS_IS_IN_SYNC(0x22, Stream.META, 24, 24, false),
  SYNC_PARAM89(0x23, Stream.DATA, 132, 148, false),
  COMPRESSED_BITMAP(0x24, Stream.DATA, 2, 4088, false),
  DELAY_PROBE(0x27, Stream.BOTH, 8, 8, false),
  OUT_OF_SYNC(0x28, Stream.DATA, 16, 16, false),
  RS_CANCEL(0x29, Stream.META, 24, 24, false),
  CONN_ST_CHG_REQ(0x2a, Stream.DATA, 8, 8, false),
  CONN_ST_CHG_REPLY(0x2b, Stream.META, 4, 4, false),
  RETRY_WRITE(0x2c, Stream.META, 24, 24, false),
  PROTOCOL_UPDATE(0x2d, Stream.DATA, 24, 88, false),
  TRIM(0x31, Stream.DATA, 28, 28, false),
  RS_THIN_REQ(0x32, Stream.DATA, 24, 24, false),
  RS_DEALLOCATED(0x33, Stream.DATA, 16, 16, false),
  WSAME(0x34, Stream.DATA, 28, 28, true),
  ZEROES(0x36, Stream.DATA, 28, 28, false),
  INITIAL_META(0xfff1, Stream.META, 0, 0, false),
  INITIAL_DATA(0xfff2, Stream.DATA, 0, 0, false),
  CONNECTION_FEATURES(0xfffe, Stream.DATA, 72, 72, false);

  /// Which of the two sockets carries the packet.
  public enum Stream {
    DATA,
    META,
    BOTH
  }

  private static final PacketType[] ALL = values();

  private final int code;
  private final Stream stream;
  private final int bodyBytesMin;
  private final int bodyBytesMax;
  private final boolean hasPayload;

  PacketType(int code, Stream stream, int bodyBytesMin, int bodyBytesMax, boolean hasPayload) {
    this.code = code;
    this.stream = stream;
    this.bodyBytesMin = bodyBytesMin;
    this.bodyBytesMax = bodyBytesMax;
    this.hasPayload = hasPayload;
  }

  /// The command number in the header.
  public int code() {
    return code;
  }

  public Stream stream() {
    return stream;
  }

  /// Bytes of the fixed part, at least.
  public int bodyBytesMin() {
    return bodyBytesMin;
  }

  /// Bytes of the fixed part, at most; a payload comes on top.
  public int bodyBytesMax() {
    return bodyBytesMax;
  }

  public boolean hasPayload() {
    return hasPayload;
  }

  /// As DRBD spells it: `P_DATA`.
  public String wireName() {
    return "P_" + name();
  }

  /// The type of a command number; empty for unknown ones and those of DRBD 9 only.
  public static Optional<PacketType> ofCode(int code) {
    for (PacketType type : ALL) {
      if (type.code == code) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }
}
