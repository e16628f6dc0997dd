package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Cuts one socket's byte stream into packets, whatever sizes the bytes arrive in.
///
/// Knows no connection state: each header says by its magic which of the three it is. A body longer
/// than the limit in force is refused from its header alone, so nothing is allocated that a sender
/// merely claims; the limit starts small and is raised when the peer is known. One owner at a time.
///
/// ```
/// HEADER --all bytes--> BODY --all bytes--> [PAYLOAD] --all bytes--> HEADER
/// ```
public final class FrameDecoder {
  /// What a socket accepts until [#limitBody] raises it: every handshake packet fits.
  public static final int INITIAL_LIMIT_BYTES = 4096;

  private static final int MAGIC_H80 = 0x83740267;
  private static final int MAGIC_H95 = 0x835a;
  private static final int MAGIC_H100 = 0x8620ec20;
  private static final int FIXED_BYTES_MAX = 4088;

  /// One packet as it came.
  public record Decoded(Framing framing, int volume, Packet packet, @Nullable Payload payload) {}

  private final ByteBuffer fixed = ByteBuffer.allocate(16 + FIXED_BYTES_MAX);
  private long position;
  private int limitBodyBytes = INITIAL_LIMIT_BYTES;
  private @Nullable PacketType type;
  private Framing framing = Framing.H80;
  private int volume;
  private int wanted = Framing.H80.headerBytes();
  private int payloadBytes;
  private byte @Nullable [] payload;
  private int payloadFilled;
  private @Nullable Packet packet;

  /// From now on bodies, payload included, may have up to `bytes`.
  public void limitBody(int bytes) {
    limitBodyBytes = bytes;
  }

  /// Takes bytes from `in` until a packet is whole, and returns it; null when `in` is used up
  /// first. Call again with the same buffer after a packet.
  public @Nullable Decoded decode(ByteBuffer in) throws WireFormatException {
    while (true) {
      if (packet != null && payload != null) {
        int part = Math.min(in.remaining(), payload.length - payloadFilled);
        in.get(payload, payloadFilled, part);
        payloadFilled += part;
        position += part;
        if (payloadFilled < payload.length) {
          return null;
        }
        return finish(Payload.of(payload));
      }
      take(in);
      if (fixed.position() < wanted) {
        return null;
      }
      if (type == null) {
        header();
      } else {
        Decoded whole = body(type);
        if (whole != null) {
          return whole;
        }
      }
    }
  }

  /// Bytes of the payload that the stream still owes: a reader may put them straight into
  /// [#payloadArray] at [#payloadOffset] and then call [#payloadFilled].
  public int payloadMissing() {
    return payload == null ? 0 : payload.length - payloadFilled;
  }

  /// The array that is being filled; only while [#payloadMissing] is positive.
  public byte[] payloadArray() {
    if (payload == null) {
      throw new IllegalStateException("no payload is due");
    }
    return payload;
  }

  public int payloadOffset() {
    return payloadFilled;
  }

  /// `count` bytes were put into the array; the packet if that completes it.
  public @Nullable Decoded payloadFilled(int count) {
    payloadFilled += count;
    position += count;
    return payload != null && payloadFilled == payload.length ? finish(Payload.of(payload)) : null;
  }

  private void take(ByteBuffer in) {
    int part = Math.min(in.remaining(), wanted - fixed.position());
    int limit = in.limit();
    in.limit(in.position() + part);
    fixed.put(in);
    in.limit(limit);
    position += part;
  }

  private void header() throws WireFormatException {
    int magic = fixed.getInt(0);
    if (magic == MAGIC_H100) {
      framing = Framing.H100;
      wanted = Framing.H100.headerBytes();
      if (fixed.position() < wanted) {
        return;
      }
      if (fixed.getInt(12) != 0) {
        throw new WireFormatException(position - 4, "header padding 0", hex(fixed.getInt(12)));
      }
      volume = fixed.getShort(4) & 0xffff;
      startBody(fixed.getShort(6) & 0xffff, fixed.getInt(8) & 0xffffffffL);
    } else if (magic == MAGIC_H80) {
      framing = Framing.H80;
      volume = 0;
      startBody(fixed.getShort(4) & 0xffff, fixed.getShort(6) & 0xffff);
    } else if (magic >>> 16 == MAGIC_H95) {
      framing = Framing.H95;
      volume = 0;
      startBody(magic & 0xffff, fixed.getInt(4) & 0xffffffffL);
    } else {
      throw new WireFormatException(position - fixed.position(), "a DRBD magic", hex(magic));
    }
  }

  private void startBody(int command, long length) throws WireFormatException {
    PacketType known =
        PacketType.ofCode(command)
            .orElseThrow(() -> new WireFormatException(position, "a known command", hex(command)));
    boolean fits =
        length >= known.bodyBytesMin() && (known.hasPayload() || length <= known.bodyBytesMax());
    if (!fits) {
      throw new WireFormatException(
          position,
          known.wireName() + " of " + known.bodyBytesMin() + ".." + known.bodyBytesMax() + " bytes",
          length + " bytes");
    }
    if (length > limitBodyBytes) {
      throw new WireFormatException(
          position, "at most " + limitBodyBytes + " bytes now", length + " bytes");
    }
    type = known;
    payloadBytes = known.hasPayload() ? (int) length - known.bodyBytesMin() : 0;
    wanted = (int) length - payloadBytes;
    fixed.clear();
  }

  private @Nullable Decoded body(PacketType known) throws WireFormatException {
    packet = PacketDecoder.decode(known, fixed.flip(), payloadBytes, position - fixed.limit());
    if (payloadBytes == 0) {
      return finish(null);
    }
    payload = new byte[payloadBytes];
    payloadFilled = 0;
    return null;
  }

  private Decoded finish(@Nullable Payload bytes) {
    Packet whole = packet;
    if (whole == null) {
      throw new IllegalStateException("no packet");
    }
    fixed.clear();
    type = null;
    packet = null;
    payload = null;
    wanted = Framing.H80.headerBytes();
    return new Decoded(framing, volume, whole, bytes);
  }

  private static String hex(int value) {
    return "0x" + Integer.toHexString(value);
  }
}
