package org.twincore.it;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.WireFormatException;

/// One socket to a node's DRBD port, in the hands of a test that may say anything on it.
final class RawPeer implements AutoCloseable {
  private static final int READ_MILLIS = 15_000;
  private static final int BUFFER_BYTES = 64 << 10;

  private final Socket socket;
  private final FrameDecoder decoder = new FrameDecoder();
  private ByteBuffer in = ByteBuffer.allocate(0);
  private Framing framing = Framing.H80;

  /// Dials; says nothing yet.
  RawPeer(InetSocketAddress node) throws IOException {
    socket = new Socket();
    socket.setSoTimeout(READ_MILLIS);
    socket.setTcpNoDelay(true);
    socket.connect(node, READ_MILLIS);
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
  }

  /// Dials and says which socket it is to be.
  RawPeer(InetSocketAddress node, PacketType first) throws IOException {
    this(node);
    send(new Packet.Empty(first));
  }

  void send(Packet packet) throws IOException {
    send(packet, new byte[0]);
  }

  void send(Packet packet, byte[] payload) throws IOException {
    send(0, packet, payload);
  }

  void send(int volume, Packet packet, byte[] payload) throws IOException {
    ByteBuffer out = ByteBuffer.allocate(PacketEncoder.BYTES_MAX + payload.length);
    PacketEncoder.encode(framing, volume, packet, out);
    raw(Arrays.copyOf(out.put(payload).array(), out.position()));
  }

  void raw(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  /// The next packet of the node; empty at the end of the stream.
  Optional<Packet> next() throws IOException, WireFormatException {
    InputStream stream = socket.getInputStream();
    while (true) {
      FrameDecoder.Decoded whole = decoder.decode(in);
      if (whole != null) {
        return Optional.of(whole.packet());
      }
      byte[] bytes = new byte[BUFFER_BYTES];
      int got;
      try {
        got = stream.read(bytes);
      } catch (SocketException _) {
        return Optional.empty(); // reset: it closed with something unread
      }
      if (got < 0) {
        return Optional.empty();
      }
      in = ByteBuffer.wrap(bytes, 0, got);
    }
  }

  /// Reads up to a packet of that type.
  Packet await(PacketType type) throws IOException, WireFormatException {
    while (true) {
      Packet packet =
          next().orElseThrow(() -> new IOException("closed instead of " + type.wireName()));
      if (packet.type() == type) {
        return packet;
      }
    }
  }

  /// Reads until the node closes.
  void awaitEnd() throws IOException, WireFormatException {
    while (next().isPresent()) {
      // what it says meanwhile does not matter
    }
  }

  /// Both features packets.
  void agree() throws IOException, WireFormatException {
    await(PacketType.CONNECTION_FEATURES);
    send(new Packet.ConnectionFeatures(86, 15, 101));
    framing = Framing.H100;
  }

  /// The handshake of a Secondary with a fresh disk of `sectors`, up to its state, as the peer's
  /// own packets come.
  void shakeHands(long sectors) throws IOException, WireFormatException {
    agree();
    await(PacketType.PROTOCOL);
    send(new Packet.Protocol(PacketType.PROTOCOL, 3, 0, 0, 0, 0, 0, Optional.of("")));
    send(new Packet.SyncParam89(250, "", "", true, 20, 10, 100, 102400));
    Packet.QueueLimits limits = new Packet.QueueLimits(512, 512, 0, 512, 0, 1, 0, 0, 0);
    send(new Packet.Sizes(sectors, 0, sectors, 1 << 20, 0, 0, Optional.of(limits)));
    send(new Packet.Uuids(GenerationUuids.FRESH, (sectors + 7) / 8, 0));
    send(new Packet.State(0xc882));
    await(PacketType.STATE);
  }

  /// After the handshake of the data socket the meta socket speaks the long header too.
  void speakH100() {
    framing = Framing.H100;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
