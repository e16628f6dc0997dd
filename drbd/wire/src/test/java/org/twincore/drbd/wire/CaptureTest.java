package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.twincore.testkit.CapturedSession;
import org.twincore.testkit.CapturedSession.Chunk;
import org.twincore.testkit.CapturedSession.Direction;
import org.twincore.testkit.CapturedSession.Stream;
import org.twincore.testkit.Golden;

/// Everything that two kernel nodes said passes through the codec unchanged.
class CaptureTest {
  /// The bytes come in the pieces in which the capture saw them arrive.
  @ParameterizedTest
  @FieldSource("org.twincore.testkit.CapturedSession#DRBD_SESSIONS")
  void decodesAndEncodesByteForByte(String name) throws Exception {
    CapturedSession session = CapturedSession.ofDrbd(name);
    Map<Stream, FrameDecoder> decoders = new LinkedHashMap<>();
    Map<Stream, ByteArrayOutputStream> encoded = new LinkedHashMap<>();
    for (CapturedSession.Event event : session.events()) {
      if (event instanceof Chunk(_, int connection, Direction direction, byte[] bytes)) {
        Stream stream = new Stream(connection, direction);
        FrameDecoder decoder = decoders.computeIfAbsent(stream, _ -> Frames.trustingDecoder());
        ByteArrayOutputStream out =
            encoded.computeIfAbsent(stream, _ -> new ByteArrayOutputStream());
        for (FrameDecoder.Decoded packet : Frames.all(decoder, bytes)) {
          out.writeBytes(Frames.encode(packet));
        }
      }
    }
    assertThat(decoders.values()).allMatch(FrameDecoder::isBetweenPackets);
    Map<Stream, byte[]> original = session.streams();
    assertThat(encoded.keySet()).containsExactlyElementsOf(original.keySet());
    encoded.forEach((stream, bytes) ->
        assertThat(bytes.toByteArray()).as("%s", stream).isEqualTo(original.get(stream)));
  }

  /// The text beside each capture was made by another decoder.
  @ParameterizedTest
  @FieldSource("org.twincore.testkit.CapturedSession#DRBD_SESSIONS")
  void seesTheSamePacketsAsTheTextBesideIt(String name) throws Exception {
    List<String> found = new ArrayList<>();
    for (Map.Entry<Stream, byte[]> stream : CapturedSession.ofDrbd(name).streams().entrySet()) {
      FrameDecoder decoder = Frames.trustingDecoder();
      int offset = 0;
      for (FrameDecoder.Decoded packet : Frames.all(decoder, stream.getValue())) {
        found.add(line(stream.getKey(), offset, packet));
        offset += Frames.encode(packet).length;
      }
    }
    List<String> expected =
        Files.readAllLines(
                Golden.moduleFolder().resolve("src/test/resources/captures/" + name + ".txt"))
            .stream()
            .filter(line -> line.contains("P_") && !line.contains("## "))
            .map(CaptureTest::comparable)
            .toList();
    assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
  }

  private static String line(Stream stream, int offset, FrameDecoder.Decoded packet) {
    int header = packet.framing().headerBytes();
    return "%s [%d]@%d %s%s %s(0x%02x) len=%d"
        .formatted(
            stream.direction().toString().replace('2', '>'),
            stream.connection(),
            offset,
            packet.framing().toString().toLowerCase(Locale.ROOT),
            packet.framing() == Framing.H100 ? " vol=" + packet.volume() : "",
            packet.packet().type().wireName(),
            packet.packet().type().code(),
            Frames.encode(packet).length - header);
  }

  /// ` 1.1593 A>B data[2]@0 h80 P_CONNECTION_FEATURES(0xfffe) len=72 ...` without the time, the
  /// kind of socket and the details.
  private static String comparable(String line) {
    return line.strip()
        .replaceFirst("^[0-9.]+ +", "")
        .replaceFirst("(data|meta|\\?)\\[", "[")
        .replaceAll(" +", " ")
        .replaceFirst("(len=\\d+).*", "$1");
  }
}
