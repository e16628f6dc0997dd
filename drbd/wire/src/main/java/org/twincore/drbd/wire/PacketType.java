package org.twincore.drbd.wire;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Every packet of DRBD 8.4: number, socket, size of its body (drbd-wire section 3).
///
/// The body is the fixed part plus, for types with a payload, any number of further bytes that
/// travel beside the packet. The last column is the least agreed version that may send the type;
/// P_TRIM, P_RS_THIN_REQ, P_RS_DEALLOCATED, P_WSAME and P_ZEROES need a feature bit instead (see
/// [Features]).
public enum PacketType {
  DATA(0x00, Stream.DATA, 24, 24, true, 86),
  DATA_REPLY(0x01, Stream.DATA, 24, 24, true, 86),
  RS_DATA_REPLY(0x02, Stream.DATA, 24, 24, true, 86),
  BARRIER(0x03, Stream.DATA, 8, 8, false, 86),
  BITMAP(0x04, Stream.DATA, 0, 4088, false, 86),
  UNPLUG_REMOTE(0x07, Stream.DATA, 0, 0, false, 86),
  DATA_REQUEST(0x08, Stream.DATA, 24, 24, false, 86),
  RS_DATA_REQUEST(0x09, Stream.DATA, 24, 24, false, 86),
  SYNC_PARAM(0x0a, Stream.DATA, 4, 68, false, 86),
  PROTOCOL(0x0b, Stream.DATA, 24, 88, false, 86),
  UUIDS(0x0c, Stream.DATA, 48, 48, false, 86),
  SIZES(0x0d, Stream.DATA, 32, 56, false, 86),
  STATE(0x0e, Stream.DATA, 4, 4, false, 86),
  SYNC_UUID(0x0f, Stream.DATA, 8, 8, false, 86),
  AUTH_CHALLENGE(0x10, Stream.DATA, 64, 128, false, 86),
  AUTH_RESPONSE(0x11, Stream.DATA, 1, 64, false, 86),
  STATE_CHG_REQ(0x12, Stream.DATA, 8, 8, false, 86),
  PING(0x13, Stream.META, 0, 0, false, 86),
  PING_ACK(0x14, Stream.META, 0, 0, false, 86),
  RECV_ACK(0x15, Stream.META, 24, 24, false, 86),
  WRITE_ACK(0x16, Stream.META, 24, 24, false, 86),
  RS_WRITE_ACK(0x17, Stream.META, 24, 24, false, 86),
  SUPERSEDED(0x18, Stream.META, 24, 24, false, 86),
  NEG_ACK(0x19, Stream.META, 24, 24, false, 86),
  NEG_DREPLY(0x1a, Stream.META, 24, 24, false, 86),
  NEG_RS_DREPLY(0x1b, Stream.META, 24, 24, false, 86),
  BARRIER_ACK(0x1c, Stream.META, 8, 8, false, 86),
  STATE_CHG_REPLY(0x1d, Stream.META, 4, 4, false, 86),
  OV_REQUEST(0x1e, Stream.DATA, 24, 24, false, 88),
  OV_REPLY(0x1f, Stream.DATA, 24, 24, true, 88),
  OV_RESULT(0x20, Stream.META, 24, 24, false, 88),
  CSUM_RS_REQUEST(0x21, Stream.DATA, 24, 24, true, 89),
  RS_IS_IN_SYNC(0x22, Stream.META, 24, 24, false, 89),
  SYNC_PARAM89(0x23, Stream.DATA, 132, 148, false, 89),
  COMPRESSED_BITMAP(0x24, Stream.DATA, 2, 4088, false, 90),
  DELAY_PROBE(0x27, Stream.BOTH, 8, 8, false, 93),
  OUT_OF_SYNC(0x28, Stream.DATA, 16, 16, false, 96),
  RS_CANCEL(0x29, Stream.META, 24, 24, false, 96),
  CONN_ST_CHG_REQ(0x2a, Stream.DATA, 8, 8, false, 100),
  CONN_ST_CHG_REPLY(0x2b, Stream.META, 4, 4, false, 100),
  RETRY_WRITE(0x2c, Stream.META, 24, 24, false, 100),
  PROTOCOL_UPDATE(0x2d, Stream.DATA, 24, 88, false, 100),
  TRIM(0x31, Stream.DATA, 28, 28, false, 86),
  RS_THIN_REQ(0x32, Stream.DATA, 24, 24, false, 86),
  RS_DEALLOCATED(0x33, Stream.DATA, 16, 16, false, 86),
  WSAME(0x34, Stream.DATA, 28, 28, true, 86),
  ZEROES(0x36, Stream.DATA, 28, 28, false, 86),
  INITIAL_META(0xfff1, Stream.META, 0, 0, false, 86),
  INITIAL_DATA(0xfff2, Stream.DATA, 0, 0, false, 86),
  CONNECTION_FEATURES(0xfffe, Stream.DATA, 72, 72, false, 86);

  /// Which of the two sockets carries the packet.
  public enum Stream {
    DATA,
    META,
    BOTH
  }

  private static final int CODES_IN_TABLE = 0x40;
  private static final @Nullable PacketType[] BY_CODE = byCode();

  private final int code;
  private final Stream stream;
  private final int bodyBytesMin;
  private final int bodyBytesMax;
  private final boolean hasPayload;
  private final int versionMin;

  PacketType(
      int code,
      Stream stream,
      int bodyBytesMin,
      int bodyBytesMax,
      boolean hasPayload,
      int versionMin) {
    this.code = code;
    this.stream = stream;
    this.bodyBytesMin = bodyBytesMin;
    this.bodyBytesMax = bodyBytesMax;
    this.hasPayload = hasPayload;
    this.versionMin = versionMin;
  }

  private static @Nullable PacketType[] byCode() {
    @Nullable PacketType[] table = new @Nullable PacketType[CODES_IN_TABLE];
    for (PacketType type : values()) {
      if (type.code < CODES_IN_TABLE) {
        table[type.code] = type;
      }
    }
    return table;
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

  /// The least agreed protocol version at which the type may be sent.
  public int versionMin() {
    return versionMin;
  }

  /// As DRBD spells it: `P_DATA`.
  public String wireName() {
    return "P_" + name();
  }

  /// The type of a command number; empty for unknown ones and those of DRBD 9 only.
  public static Optional<PacketType> ofCode(int code) {
    return Optional.ofNullable(find(code));
  }

  private static @Nullable PacketType find(int code) {
    return switch (code) {
      case 0xfff1 -> INITIAL_META;
      case 0xfff2 -> INITIAL_DATA;
      case 0xfffe -> CONNECTION_FEATURES;
      default -> code >= 0 && code < CODES_IN_TABLE ? BY_CODE[code] : null;
    };
  }
}
