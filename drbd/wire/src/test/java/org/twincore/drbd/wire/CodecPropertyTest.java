package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.Gen;

/// Whatever is encoded comes back, however the stream is cut.
class CodecPropertyTest {
  /// One packet, ready to be sent.
  private record Sent(Framing framing, int volume, Packet packet, @Nullable Payload payload) {
    static Sent any(Gen gen) {
      Packet packet = PacketGen.ofAnyType(gen);
      boolean isLong = packet.payloadBytes() > 30_000;
      Framing framing = isLong ? gen.oneOf(Framing.H95, Framing.H100) : gen.oneOf(Framing.values());
      int volume = framing == Framing.H100 ? gen.intIn(0, 0xffff) : 0;
      int bytes = packet.payloadBytes();
      return new Sent(framing, volume, packet, bytes == 0 ? null : Payload.of(gen.bytes(bytes)));
    }

    byte[] bytes() {
      return Frames.encode(framing, volume, packet, payload);
    }

    FrameDecoder.Decoded expected() {
      return new FrameDecoder.Decoded(framing, volume, packet, payload);
    }
  }

  @Test
  void aStreamCutAnywhereComesBack() {
    Set<PacketType> seen = EnumSet.noneOf(PacketType.class);
    Gen.check(
        150,
        gen -> {
          List<FrameDecoder.Decoded> expected = new ArrayList<>();
          ByteBuffer stream = ByteBuffer.allocate(1 << 20);
          for (int i = 0; i < 8; i++) {
            Sent sent = Sent.any(gen);
            stream.put(sent.bytes());
            expected.add(sent.expected());
            seen.add(sent.packet().type());
          }
          stream.flip();
          assertThat(readInPieces(gen, stream)).isEqualTo(expected);
        });
    assertThat(seen).containsExactlyInAnyOrder(PacketType.values());
  }

  /// Reads as a socket would: pieces of any size, now and then straight into the payload's array.
  private static List<FrameDecoder.Decoded> readInPieces(Gen gen, ByteBuffer stream)
      throws WireFormatException {
    FrameDecoder decoder = Frames.trustingDecoder();
    List<FrameDecoder.Decoded> found = new ArrayList<>();
    while (stream.hasRemaining()) {
      int piece = Math.min(stream.remaining(), gen.oneOf(1, 7, 16, gen.intIn(1, 5000)));
      FrameDecoder.Decoded whole;
      if (decoder.payloadMissing() > 0 && gen.bool()) {
        int part = Math.min(piece, decoder.payloadMissing());
        stream.get(decoder.payloadArray(), decoder.payloadOffset(), part);
        whole = decoder.payloadFilled(part);
      } else {
        ByteBuffer in = stream.slice(stream.position(), piece);
        whole = decoder.decode(in);
        stream.position(stream.position() + in.position());
      }
      if (whole != null) {
        found.add(whole);
      }
    }
    return found;
  }

  /// 16 bits cannot say such a length; it must not be cut.
  @Test
  void aBodyTooLongForH80GoesOutAsH95() throws Exception {
    Packet packet = new Packet.Data(PacketType.DATA, 8, 1, 2, 3, 1 << 16);
    byte[] bytes = Frames.encode(Framing.H80, 0, packet, Payload.of(new byte[1 << 16]));
    FrameDecoder.Decoded decoded = Frames.one(bytes);
    assertThat(decoded.framing()).isEqualTo(Framing.H95);
    assertThat(decoded.packet()).isEqualTo(packet);
  }

  @Test
  void theHeaderFollowsVersionAndLength() {
    assertThat(Framing.of(94, 32769)).isEqualTo(Framing.H80);
    assertThat(Framing.of(95, 32768)).isEqualTo(Framing.H80);
    assertThat(Framing.of(99, 32769)).isEqualTo(Framing.H95);
    assertThat(Framing.of(100, 0)).isEqualTo(Framing.H100);
  }
}
