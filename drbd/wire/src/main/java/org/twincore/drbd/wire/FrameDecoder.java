package org.twincore.drbd.wire;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Invariant;

/// Cuts one socket's byte stream into packets, whatever sizes the bytes arrive in.
///
/// Knows no connection state: each header says by its magic which of the three it is. A body longer
/// than the limit in force is refused from its header alone, so nothing is allocated that a sender
/// merely claims; the limit starts small and is raised when the peer is known. Each payload gets a
/// fresh array, filled with one copy, or with none by a reader that uses [#payloadArray]. After an
/// exception the stream is lost: each further call throws it again. One owner at a time.
///
/// ```
/// HEADER --all bytes--> BODY --all bytes--> [PAYLOAD] --all bytes--> HEADER
/// ```
public final class FrameDecoder {
  /// What a socket accepts until [#limitBody] raises it: every handshake packet fits.
  public static final int INITIAL_LIMIT_BYTES = 4096;

  /// The longest body there is at version 100: P_WSAME's or P_DATA's fields, digest, 1 MiB.
  public static final int LIMIT_BYTES_MAX = 28 + DigestAlgorithm.SIZE_BYTES_MAX + (1 << 20);

  private static final int FIXED_BYTES_MAX = 4088;

  /// One packet as it came; `payload` is there exactly if `packet.payloadBytes()` is not 0.
  public record Decoded(Framing framing, int volume, Packet packet, @Nullable Payload payload) {}

  private final ByteBuffer fixed = ByteBuffer.allocate(FIXED_BYTES_MAX);
  private long position;
  private int limitBodyBytes = INITIAL_LIMIT_BYTES;
  private @Nullable WireFormatException failure;

  // The packet at hand: its header's fields, then its body's, then its payload as far as it came.
  private Framing framing = Framing.H80;
  private int volume;
  private int wanted = Framing.H80.headerBytes();
  private @Nullable PacketType type;
  private int payloadBytes;
  private @Nullable Packet packet;
  private byte @Nullable [] payload;
  private int payloadFilled;

  /// From now on bodies, payload included, may have up to `bytes`; not more than [#LIMIT_BYTES_MAX]
  /// is ever needed.
  public void limitBody(int bytes) {
    limitBodyBytes = bytes;
  }

  /// Bytes taken from the stream so far.
  public long positionBytes() {
    return position;
  }

  /// Whether the stream stands between two packets: only here may it end.
  public boolean isBetweenPackets() {
    return type == null && fixed.position() == 0;
  }

  /// Takes bytes from `in` until a packet is whole, and returns it; null when `in` is used up
  /// first. Call again with the same buffer after a packet.
  public @Nullable Decoded decode(ByteBuffer in) throws WireFormatException {
    if (failure != null) {
      throw failure;
    }
    try {
      return next(in);
    } catch (WireFormatException e) {
      failure = e;
      throw e;
    }
  }

  private @Nullable Decoded next(ByteBuffer in) throws WireFormatException {
    while (true) {
      if (payload != null) {
        int part = Math.min(in.remaining(), payloadMissing());
        in.get(payload, payloadFilled, part);
        return payloadFilled(part);
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

  /// Where in [#payloadArray] the next byte goes.
  public int payloadOffset() {
    return payloadFilled;
  }

  /// `count` bytes were put into the array; the packet if that completes it.
  public @Nullable Decoded payloadFilled(int count) {
    Invariant.check(
        count >= 0 && count <= payloadMissing(),
        "payload filled with %d of %d bytes",
        count,
        payloadMissing());
    payloadFilled += count;
    position += count;
    return payload != null && payloadFilled == payload.length ? finish(Payload.of(payload)) : null;
  }

  private void take(ByteBuffer in) {
    int part = Math.min(in.remaining(), wanted - fixed.position());
    fixed.put(fixed.position(), in, in.position(), part).position(fixed.position() + part);
    in.position(in.position() + part);
    position += part;
  }

  private void header() throws WireFormatException {
    int magic = fixed.getInt(0);
    if (magic == Framing.H100.magic()) {
      framing = Framing.H100;
      wanted = Framing.H100.headerBytes();
      if (fixed.position() < wanted) {
        return;
      }
      if (fixed.getInt(12) != 0) {
        throw new WireFormatException(
            WireFormatException.Fault.HEADER,
            position - 4,
            "header padding 0",
            hex(fixed.getInt(12)));
      }
      volume = fixed.getShort(4) & 0xffff;
      startBody(fixed.getShort(6) & 0xffff, fixed.getInt(8) & 0xffffffffL);
    } else if (magic == Framing.H80.magic()) {
      framing = Framing.H80;
      volume = 0;
      startBody(fixed.getShort(4) & 0xffff, fixed.getShort(6) & 0xffff);
    } else if (magic >>> 16 == Framing.H95.magic()) {
      framing = Framing.H95;
      volume = 0;
      startBody(magic & 0xffff, fixed.getInt(4) & 0xffffffffL);
    } else {
      throw new WireFormatException(
          WireFormatException.Fault.HEADER, position - wanted, "a DRBD magic", hex(magic));
    }
  }

  private void startBody(int command, long length) throws WireFormatException {
    PacketType known =
        PacketType.ofCode(command)
            .orElseThrow(() ->
                new WireFormatException(
                    WireFormatException.Fault.COMMAND,
                    position - wanted,
                    "a known command",
                    hex(command)));
    boolean fits =
        length >= known.bodyBytesMin() && (known.hasPayload() || length <= known.bodyBytesMax());
    if (!fits) {
      throw new WireFormatException(
          position - wanted, known.wireName() + " of " + sizes(known), length + " bytes");
    }
    if (length > limitBodyBytes) {
      throw new WireFormatException(
          position - wanted,
          known.wireName() + " of at most " + limitBodyBytes + " bytes now",
          length + " bytes");
    }
    type = known;
    payloadBytes = known.hasPayload() ? (int) length - known.bodyBytesMin() : 0;
    wanted = (int) length - payloadBytes;
    fixed.clear();
  }

  private static String sizes(PacketType type) {
    if (type.hasPayload()) {
      return "at least " + type.bodyBytesMin() + " bytes";
    }
    return type.bodyBytesMin() == type.bodyBytesMax()
        ? type.bodyBytesMin() + " bytes"
        : type.bodyBytesMin() + " to " + type.bodyBytesMax() + " bytes";
  }

  private @Nullable Decoded body(PacketType known) throws WireFormatException {
    packet = PacketDecoder.decode(known, fixed.flip(), payloadBytes, position - wanted);
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
