package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.testkit.PcapFile;

/// All that our node and a real kernel DRBD node said in the scenarios beside one passes through
/// the codec unchanged, at each agreed version and with each kind of packet.
class KernelCaptureTest {
  static List<PcapFile> captures() throws IOException {
    return PcapFile.besideAKernel();
  }

  @ParameterizedTest
  @MethodSource("captures")
  void decodesAndEncodesByteForByte(PcapFile capture) throws Exception {
    List<PcapFile.Connection> connections = capture.connections();
    assertThat(connections).isNotEmpty();
    int packets = 0;
    for (PcapFile.Connection connection : connections) {
      packets += passes(connection.there().bytes());
      packets += passes(connection.back().bytes());
    }
    assertThat(packets).as("a handshake at least").isGreaterThan(4);
  }

  /// How many packets there are.
  private static int passes(byte[] bytes) throws WireFormatException {
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    FrameDecoder decoder = Frames.trustingDecoder();
    List<FrameDecoder.Decoded> packets = Frames.all(decoder, bytes);
    packets.forEach(packet -> encoded.writeBytes(Frames.encode(packet)));
    assertThat(decoder.isBetweenPackets()).isTrue();
    assertThat(encoded.toByteArray()).isEqualTo(bytes);
    return packets.size();
  }
}
