package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.testkit.CapturedSession;
import org.twincore.testkit.Gen;

/// Bytes of a peer that is broken or means harm: an answer each, no crash, no memory for a claim.
class HostileBytesTest {
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          # header,                          what is said
          00000000 0000 0000,                'at byte 0: expected a DRBD magic, found 0x0'
          474554202f204854,                  'at byte 0: expected a DRBD magic, found 0x47455420'
          83740267 0005 0000,                'at byte 0: expected a known command, found 0x5'
          83740267 0025 0000,                'at byte 0: expected a known command, found 0x25'
          83740267 0100 0000,                'at byte 0: expected a known command, found 0x100'
          8620ec20 0000 0013 00000000 00000001, 'at byte 12: expected header padding 0, found 0x1'
          8620ec20 0000 0013 00000001 00000000, 'expected P_PING of 0 bytes, found 1 bytes'
          8620ec20 0000 0016 00000017 00000000, 'expected P_WRITE_ACK of 24 bytes, found 23 bytes'
          8620ec20 0000 0016 00000019 00000000, 'expected P_WRITE_ACK of 24 bytes, found 25 bytes'
          8620ec20 0000 0000 00000017 00000000, 'expected P_DATA of at least 24 bytes, found 23 bytes'
          8620ec20 0000 0004 00000ff9 00000000, 'expected P_BITMAP of 0 to 4088 bytes, found 4089 bytes'
          8620ec20 0000 0000 ffffffff 00000000, 'expected P_DATA of at most 4096 bytes now, found 4294967295 bytes'
          8620ec20 0000 0000 00001001 00000000, 'expected P_DATA of at most 4096 bytes now, found 4097 bytes'
          835a 0000 80000000,                'expected P_DATA of at most 4096 bytes now, found 2147483648 bytes'
          8620ec20 0000 000d 00000021 00000000 */33, 'at byte 16: expected 32 or 56 bytes, found 33 bytes'
          8620ec20 0000 0023 00000090 00000000 */144, 'at byte 16: expected 132 or 148 bytes, found 144 bytes'
          8620ec20 0000 000b 0000001b 00000000 */24 414141, 'at byte 16: expected a name of at most 63 bytes with NUL, found 3 bytes'
          """)
  void saysWhatIsWrongAndStaysFailed(String text, String message) {
    byte[] bytes = bytes(text);
    FrameDecoder decoder = new FrameDecoder();
    assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(bytes)))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining(message);
    byte[] ping = bytes("83740267 0013 0000");
    assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(ping))).hasMessageContaining(message);
  }

  /// A header of protocol 100 that says so many bytes, and as many of zero.
  private static ByteBuffer frame(PacketType type, int bodyBytes) {
    return ByteBuffer.allocate(Framing.H100.headerBytes() + bodyBytes)
        .putInt(0x8620ec20)
        .putShort((short) 0)
        .putShort((short) type.code())
        .putInt(bodyBytes)
        .rewind();
  }

  /// From the header alone: not a byte of the body is awaited.
  private static void assertRefused(PacketType type, int bodyBytes) {
    ByteBuffer header = frame(type, bodyBytes).limit(Framing.H100.headerBytes());
    WireFormatException failure =
        catchThrowableOfType(
            WireFormatException.class, () -> Frames.trustingDecoder().decode(header));
    assertThat(failure)
        .as("%s of %d bytes", type.wireName(), bodyBytes)
        .isNotNull()
        .hasMessageContainingAll(
            "expected " + type.wireName() + " of ", "found " + bodyBytes + " bytes");
    assertThat(failure.fault()).isEqualTo(WireFormatException.Fault.BODY);
  }

  /// The lengths that a type has are all that it may have: one byte less, one byte more.
  @ParameterizedTest
  @EnumSource(PacketType.class)
  void eachTypeHasItsLengths(PacketType type) throws Exception {
    if (type.bodyBytesMin() > 0) {
      assertRefused(type, type.bodyBytesMin() - 1);
    }
    if (!type.hasPayload()) {
      assertRefused(type, type.bodyBytesMax() + 1);
    }
    FrameDecoder.Decoded least = Frames.one(frame(type, type.bodyBytesMin()).array());
    assertThat(least.packet().type()).isEqualTo(type);
  }

  @Test
  void tellsAHeaderFromACommandAndABody() {
    assertThat(fault("474554202f204854")).isEqualTo(WireFormatException.Fault.HEADER);
    assertThat(fault("8620ec20 0000 0013 00000000 00000001"))
        .isEqualTo(WireFormatException.Fault.HEADER);
    assertThat(fault("83740267 0035 0000")).isEqualTo(WireFormatException.Fault.COMMAND);
    assertThat(fault("8620ec20 0000 000d 00000021 00000000 */33"))
        .isEqualTo(WireFormatException.Fault.BODY);
  }

  private static WireFormatException.Fault fault(String text) {
    return catchThrowableOfType(
            WireFormatException.class,
            () -> new FrameDecoder().decode(ByteBuffer.wrap(bytes(text))))
        .fault();
  }

  /// Hex, with `*/N` for N bytes of zero.
  private static byte[] bytes(String text) {
    StringBuilder hex = new StringBuilder();
    for (String word : text.split(" ")) {
      hex.append(word.startsWith("*/") ? "00".repeat(Integer.parseInt(word.substring(2))) : word);
    }
    return HexFormat.of().parseHex(hex);
  }

  @Test
  void countsTheOffsetFromTheStartOfTheStream() throws Exception {
    byte[] bytes = bytes("83740267 fff2 0000 83740267 0013 0000 12345678 0000 0000");
    FrameDecoder decoder = new FrameDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    assertThat(decoder.decode(in)).isNotNull();
    assertThat(decoder.decode(in)).isNotNull();
    WireFormatException failure =
        catchThrowableOfType(WireFormatException.class, () -> decoder.decode(in));
    assertThat(failure.offsetBytes()).isEqualTo(16);
  }

  /// 4000 headers that each claim as much as is refused: none may cost what it claims.
  @Test
  void allocatesNothingForARefusedClaim() {
    byte[] header = bytes("8620ec20 0000 0000 7fffffff 00000000");
    int tries = 4000;
    long before = allocatedBytes();
    int refused = 0;
    for (int i = 0; i < tries; i++) {
      FrameDecoder decoder = Frames.trustingDecoder();
      try {
        decoder.decode(ByteBuffer.wrap(header));
      } catch (WireFormatException e) {
        refused++;
      }
    }
    assertThat(refused).isEqualTo(tries);
    assertThat((allocatedBytes() - before) / tries).isLessThan(32_768);
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  @Test
  void randomBytesNeverCrash() {
    Gen.check(
        3000,
        gen -> {
          byte[] bytes = gen.bytes(gen.intIn(0, 300));
          ByteBuffer start = ByteBuffer.wrap(bytes);
          if (bytes.length >= 16 && gen.bool()) {
            start.putInt(gen.oneOf(0x83740267, 0x8620ec20, 0x835a0000 | gen.intIn(0, 0x36)));
            start.putShort((short) gen.intIn(0, 0x40));
            start.putShort((short) gen.intIn(0, 0x40));
          }
          decodeToTheEnd(bytes);
        });
  }

  /// Real conversations with some bytes changed, which reach deeper than noise does.
  @Test
  void damagedConversationsNeverCrash() throws Exception {
    for (String name : CapturedSession.DRBD_SESSIONS) {
      Map<CapturedSession.Stream, byte[]> streams = CapturedSession.ofDrbd(name).streams();
      for (byte[] original : streams.values()) {
        Gen.check(
            20,
            gen -> {
              byte[] bytes = original.clone();
              int damages = gen.intIn(1, 8);
              int reach = gen.bool() ? Math.min(2000, bytes.length) : bytes.length;
              for (int i = 0; i < damages; i++) {
                bytes[gen.intIn(0, reach - 1)] = (byte) gen.intIn(0, 255);
              }
              decodeToTheEnd(bytes);
            });
      }
    }
  }

  private static void decodeToTheEnd(byte[] bytes) {
    FrameDecoder decoder = Frames.trustingDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      int packets = 0;
      while (decoder.decode(in) != null) {
        assertThat(++packets).isLessThanOrEqualTo(bytes.length / 8);
      }
      assertThat(in.hasRemaining()).isFalse();
    } catch (WireFormatException e) {
      assertThat(e.offsetBytes()).isBetween(0L, (long) bytes.length);
    }
  }
}
