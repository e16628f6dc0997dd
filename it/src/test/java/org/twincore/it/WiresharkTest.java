package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.PacketGen;
import org.twincore.drbd.wire.PacketType;
import org.twincore.testkit.CapturedSession;
import org.twincore.testkit.CapturedSession.Direction;
import org.twincore.testkit.Gen;
import org.twincore.testkit.PcapFile;
import org.twincore.testkit.PcapWriter;
import org.twincore.testkit.PcapWriter.Sender;

/// Wireshark's dissector, written by DRBD's authors, reads our packets as we do (drbd-wire 17a).
@Timeout(120)
final class WiresharkTest {
  private static final int ROUNDS = 3;
  private static final int PACKETS_OF_A_TYPE = 8;

  @TempDir Path folder;

  @ParameterizedTest
  @FieldSource("org.twincore.testkit.CapturedSession#DRBD_SESSIONS")
  void readsWhatTwoKernelsSaidAsWeDo(String name) throws Exception {
    Map<PacketType, Integer> seen = Dissection.check(pcapOf(CapturedSession.ofDrbd(name)));
    assertThat(seen.keySet()).hasSizeGreaterThan(20);
  }

  /// Random packets of each type, after a handshake that agrees on `version`.
  @ParameterizedTest
  @ValueSource(ints = {94, 99, 100, 101})
  void readsWhateverWeMayWrite(int version) throws Exception {
    Map<PacketType, Integer> all = new EnumMap<>(PacketType.class);
    Gen.check(
        ROUNDS,
        gen -> {
          PcapFile file = pcapOf(gen, version);
          Dissection.check(file).forEach((type, count) -> all.merge(type, count, Integer::sum));
        });
    assertThat(all.keySet())
        .containsAll(
            Arrays.stream(PacketType.values())
                .filter(type -> type.versionMin() <= version && type != PacketType.SYNC_PARAM)
                .toList());
  }

  /// The check can fail: WSAME was agreed, so this P_SIZES is 24 bytes too short.
  @Test
  void seesASizesPacketThatDoesNotFitTheAgreement() throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("wrong.pcap"));
    PcapWriter.Connection data = handshake(writer, 101);
    Packet sizes = new Packet.Sizes(8, 0, 8, 4096, 0, 0, Optional.empty());
    data.send(2, Sender.DIALLER, encode(Framing.H100, 0, sizes, new byte[0]));
    PcapFile file = writer.finish();
    assertThatThrownBy(() -> Dissection.check(file))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Malformed Packet")
        .hasMessageContaining("P_SIZES");
  }

  /// 44818 is EtherNet/IP's, and a kernel may pick it for a connection.
  @Test
  void seesDrbdAtAPortOfAnotherProtocol() throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("port.pcap"));
    handshake(writer, 101, 44818);
    assertThat(Dissection.check(writer.finish())).containsKey(PacketType.CONNECTION_FEATURES);
  }

  private PcapFile pcapOf(Gen gen, int version) throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("random.pcap"));
    PcapWriter.Connection data = handshake(writer, version);
    PcapWriter.Connection meta =
        writer.open(
            1, new InetSocketAddress("10.0.0.2", 40000), new InetSocketAddress("10.0.0.1", 7788));
    meta.send(1, Sender.DIALLER, control(PacketType.INITIAL_META));
    for (PacketType type : PacketType.values()) {
      if (isOutOfPlace(type, version)) {
        continue;
      }
      for (int i = 0; i < PACKETS_OF_A_TYPE; i++) {
        Packet packet = drawn(gen, type, version);
        byte[] payload = gen.bytes(packet.payloadBytes());
        int bodyBytes = encode(Framing.H80, 0, packet, payload).length - 8;
        Framing framing = Framing.of(version, bodyBytes);
        int volume = framing == Framing.H100 ? gen.intIn(0, 0xffff) : 0;
        byte[] bytes = encode(framing, volume, packet, payload);
        boolean isMeta = type.stream() == PacketType.Stream.META;
        (isMeta ? meta : data).send(2 + i, gen.oneOf(Sender.values()), bytes);
      }
    }
    return writer.finish();
  }

  /// A data socket on which both nodes agreed on `version` and all features.
  private static PcapWriter.Connection handshake(PcapWriter writer, int version)
      throws IOException {
    return handshake(writer, version, 40000);
  }

  private static PcapWriter.Connection handshake(PcapWriter writer, int version, int diallersPort)
      throws IOException {
    PcapWriter.Connection data =
        writer.open(
            0,
            new InetSocketAddress("10.0.0.1", diallersPort),
            new InetSocketAddress("10.0.0.2", 7788));
    byte[] features =
        encode(Framing.H80, 0, new Packet.ConnectionFeatures(86, 15, version), new byte[0]);
    data.send(1, Sender.DIALLER, control(PacketType.INITIAL_DATA));
    data.send(1, Sender.LISTENER, features);
    data.send(1, Sender.DIALLER, features);
    return data;
  }

  private static boolean isOutOfPlace(PacketType type, int version) {
    return switch (type) {
      case INITIAL_DATA, INITIAL_META, CONNECTION_FEATURES -> true;
      // For versions up to 88; the dissector takes it for P_SYNC_PARAM89's short form.
      case SYNC_PARAM -> true;
      default -> type.versionMin() > version;
    };
  }

  private static Packet drawn(Gen gen, PacketType type, int version) {
    while (true) {
      Packet packet = PacketGen.of(type, gen);
      if (isOf(packet, version)) {
        return packet;
      }
    }
  }

  /// Whether a node that agreed on `version` and on all features would send it in this form.
  private static boolean isOf(Packet packet, int version) {
    return switch (packet) {
      case Packet.Sizes sizes -> sizes.limits().isPresent();
      case Packet.SyncParam89 param -> param.hasController() == (version >= 95);
      case Packet.Protocol protocol -> protocol.integrityAlg().isPresent();
      default -> version >= 95 || packet.payloadBytes() < 32_000;
    };
  }

  private static byte[] control(PacketType type) {
    return encode(Framing.H80, 0, new Packet.Empty(type), new byte[0]);
  }

  private static byte[] encode(Framing framing, int volume, Packet packet, byte[] payload) {
    ByteBuffer out = ByteBuffer.allocate(PacketEncoder.BYTES_MAX + payload.length);
    PacketEncoder.encode(framing, volume, packet, out);
    out.put(payload);
    return Arrays.copyOf(out.array(), out.position());
  }

  private PcapFile pcapOf(CapturedSession session) throws Exception {
    PcapWriter writer = new PcapWriter(folder.resolve("session.pcap"));
    Map<Integer, Wire> open = new HashMap<>();
    for (CapturedSession.Event event : session.events()) {
      switch (event) {
        case CapturedSession.Opened(double seconds, int number, String from) -> {
          boolean isA = from.equals("A");
          InetSocketAddress dialler =
              new InetSocketAddress(isA ? "10.0.0.1" : "10.0.0.2", 40000 + number);
          InetSocketAddress listener = new InetSocketAddress(isA ? "10.0.0.2" : "10.0.0.1", 7788);
          open.put(number, new Wire(writer.open(seconds, dialler, listener), from));
        }
        case CapturedSession.Chunk(double s, int number, Direction direction, byte[] bytes) ->
            wire(open, number).send(s, direction, bytes);
        // One that was noted before the last bytes would spoil the sequence numbers.
        case CapturedSession.Ended _, CapturedSession.Note _ -> {}
      }
    }
    return writer.finish();
  }

  private static Wire wire(Map<Integer, Wire> open, int number) {
    return Objects.requireNonNull(open.get(number));
  }

  /// A connection that node `dialler` (A or B) made.
  private record Wire(PcapWriter.Connection tcp, String dialler) {
    void send(double seconds, Direction direction, byte[] bytes) throws IOException {
      tcp.send(seconds, sender(direction), bytes);
    }

    private Sender sender(Direction direction) {
      return direction.name().startsWith(dialler) ? Sender.DIALLER : Sender.LISTENER;
    }
  }
}
