package org.twincore.it;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;

/// One of the two nodes at a [WireTap]: counts what it says, and can be cut short, so that a test
/// decides which node hears of something first.
final class Speaker {
  private final Map<PacketType, Integer> packets = new EnumMap<>(PacketType.class);
  private final Map<PacketType, Long> payloads = new EnumMap<>(PacketType.class);
  private @Nullable PacketType unsaid;

  /// Counts from zero again.
  synchronized void forget() {
    packets.clear();
    payloads.clear();
  }

  /// How many packets of that type it has said.
  synchronized int said(PacketType type) {
    return packets.getOrDefault(type, 0);
  }

  /// How many bytes of payload they had.
  synchronized long saidBytes(PacketType type) {
    return payloads.getOrDefault(type, 0L);
  }

  private synchronized void count(PacketType type, @Nullable Payload payload) {
    packets.merge(type, 1, Integer::sum);
    payloads.merge(type, payload == null ? 0L : payload.lengthBytes(), Long::sum);
  }

  /// On connections from now on a packet of that type, and whatever comes after it on the same
  /// socket, does not arrive.
  synchronized void cutShortAt(PacketType type) {
    unsaid = type;
  }

  /// On connections from now on everything arrives.
  synchronized void speakFreely() {
    unsaid = null;
  }

  private synchronized @Nullable PacketType unsaid() {
    return unsaid;
  }

  /// What it says on one socket.
  final class Stream {
    private final FrameDecoder decoder = new FrameDecoder();
    private final @Nullable PacketType end = unsaid();
    private byte[] kept = new byte[0];
    private long keptFrom;
    private long wholeTo;
    private boolean isForeign;
    private boolean isCut;

    Stream() {
      decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    }

    /// `data` comes by; what of it is handed on, with what was kept of the data before.
    byte[] pass(byte[] data) {
      if (!isForeign && !isCut) {
        read(ByteBuffer.wrap(data));
      }
      if (end == null) {
        return data;
      }
      byte[] all = Arrays.copyOf(kept, kept.length + data.length);
      System.arraycopy(data, 0, all, kept.length, data.length);
      int whole = (int) (wholeTo - keptFrom);
      kept = Arrays.copyOfRange(all, whole, all.length);
      keptFrom = wholeTo;
      return Arrays.copyOf(all, whole);
    }

    /// Counts the packets that are whole now, up to the one that is not to arrive.
    private void read(ByteBuffer in) {
      try {
        FrameDecoder.Decoded next = decoder.decode(in);
        for (; next != null; next = decoder.decode(in)) {
          PacketType type = next.packet().type();
          isCut |= type == end;
          if (isCut) {
            return;
          }
          count(type, next.payload());
          wholeTo = decoder.positionBytes();
        }
      } catch (WireFormatException notDrbd) {
        isForeign = true;
      }
    }
  }
}
