package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.testkit.Golden;
import org.twincore.testkit.HexVector;

/// Each packet type has written-down bytes, captured or worked out by hand: `P_NAME.hex`.
class PacketVectorTest {
  static List<HexVector> vectorsOf(PacketType type) throws IOException {
    Path file = Golden.moduleFolder().resolve("src/test/vectors").resolve(type.wireName() + ".hex");
    assertThat(file).as("each packet type needs a vector").isRegularFile();
    List<HexVector> vectors = HexVector.readAll(file);
    assertThat(vectors).isNotEmpty();
    return vectors;
  }

  /// The head's `packet:` line was made from the bytes without this codec.
  @ParameterizedTest
  @EnumSource
  void decodesToWhatTheHeadSaysAndEncodesToTheSameBytes(PacketType type) throws Exception {
    for (HexVector vector : vectorsOf(type)) {
      FrameDecoder.Decoded decoded = Frames.one(vector.bytes());
      assertThat(decoded.packet().type()).isEqualTo(type);
      assertThat(decoded.packet().toString()).isEqualTo(vector.about("packet"));
      assertThat(Frames.encode(decoded)).isEqualTo(vector.bytes());
    }
  }

  @ParameterizedTest
  @EnumSource
  void isIncompleteUntilTheLastByte(PacketType type) throws Exception {
    for (HexVector vector : vectorsOf(type)) {
      FrameDecoder decoder = Frames.trustingDecoder();
      byte[] bytes = vector.bytes();
      int last = bytes.length - 1;
      for (int i = 0; i < last; i++) {
        assertThat(decoder.decode(Frames.part(bytes, i, 1))).isNull();
        assertThat(decoder.isBetweenPackets()).isFalse();
      }
      FrameDecoder.Decoded decoded = decoder.decode(Frames.part(bytes, last, 1));
      assertThat(decoded).isEqualTo(Frames.one(bytes));
      assertThat(decoder.isBetweenPackets()).isTrue();
      assertThat(decoder.positionBytes()).isEqualTo(bytes.length);
    }
  }

  @Test
  void noVectorIsLeftWithoutItsType() throws IOException {
    Path folder = Golden.moduleFolder().resolve("src/test/vectors");
    try (var files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              Arrays.stream(PacketType.values()).map(type -> type.wireName() + ".hex").toList());
    }
  }
}
