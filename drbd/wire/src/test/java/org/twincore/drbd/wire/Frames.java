package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whole packets to bytes and back, for tests.
final class Frames {
  private Frames() {}

  /// A decoder of a stream whose peer is known.
  static FrameDecoder trustingDecoder() {
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    return decoder;
  }

  static byte[] encode(FrameDecoder.Decoded decoded) {
    return encode(decoded.framing(), decoded.volume(), decoded.packet(), decoded.payload());
  }

  static byte[] encode(Framing framing, int volume, Packet packet, @Nullable Payload payload) {
    ByteBuffer head = ByteBuffer.allocate(PacketEncoder.BYTES_MAX);
    PacketEncoder.encode(framing, volume, packet, head);
    head.flip();
    ByteBuffer all = ByteBuffer.allocate(head.remaining() + packet.payloadBytes());
    all.put(head);
    if (payload != null) {
      payload.copyTo(all);
    }
    assertThat(all.hasRemaining()).isFalse();
    return all.array();
  }

  /// The one packet in all of `bytes`.
  static FrameDecoder.Decoded one(byte[] bytes) throws WireFormatException {
    List<FrameDecoder.Decoded> all = all(trustingDecoder(), bytes);
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  /// The packets that `bytes` complete.
  static List<FrameDecoder.Decoded> all(FrameDecoder decoder, byte[] bytes)
      throws WireFormatException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    List<FrameDecoder.Decoded> all = new ArrayList<>();
    for (FrameDecoder.Decoded next = decoder.decode(in); next != null; next = decoder.decode(in)) {
      all.add(next);
    }
    assertThat(in.hasRemaining()).isFalse();
    return all;
  }

  static ByteBuffer part(byte[] bytes, int offset, int length) {
    return ByteBuffer.wrap(bytes, offset, length);
  }
}
