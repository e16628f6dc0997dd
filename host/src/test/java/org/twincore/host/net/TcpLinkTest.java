package org.twincore.host.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;

/// Two links on loopback; each test ends by an event, never by a pause.
@Timeout(30)
final class TcpLinkTest {
  private static final Packet.Empty HELLO = new Packet.Empty(PacketType.INITIAL_DATA);
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Collected fromA = new Collected();
  private final Collected fromB = new Collected();
  private TcpLink a;
  private TcpLink b;
  private InetSocketAddress addressA;

  @BeforeEach
  void makeLinks() throws IOException {
    addressA = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), freePort());
    InetSocketAddress addressB = new InetSocketAddress(addressA.getAddress(), freePort());
    a = new TcpLink("a", new TcpLink.Ends(addressA, addressB, 0, 0), Wrapping.NONE, fromA);
    b = new TcpLink("b", new TcpLink.Ends(addressB, addressA, 65536, 65536), Wrapping.NONE, fromB);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @AfterEach
  void close() {
    a.close();
    b.close();
  }

  private record Pair(long atA, long atB) {}

  private Pair connect() throws InterruptedException {
    a.carryOut(new Effect.Listen());
    b.carryOut(new Effect.Dial(7, 5 * SECOND_NANOS));
    Event.Dialed dialed = fromB.next(Event.Dialed.class);
    assertThat(dialed.attempt()).isEqualTo(7);
    return new Pair(fromA.next(Event.Accepted.class).socket(), dialed.socket());
  }

  private static Effect.Send send(
      long socket, Packet packet, @Nullable Payload payload, long token) {
    return new Effect.Send(socket, Framing.H100, 3, packet, payload, token);
  }

  private static void sendNow(TcpLink link, Collected sent, Effect.Send effect) {
    link.carryOut(effect);
    link.flush(sent);
  }

  private static Payload pattern(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 7 + (i >> 11));
    }
    return Payload.of(bytes);
  }

  @Test
  void aPacketArrivesAsItWasSentAndItsTokenIsReported() throws Exception {
    Pair pair = connect();
    sendNow(b, fromB, new Effect.Send(pair.atB, Framing.H80, 0, HELLO, null, 0));
    assertThat(fromA.next(Event.PacketArrived.class))
        .isEqualTo(new Event.PacketArrived(pair.atA, Framing.H80, 0, HELLO, null));

    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    Payload payload = pattern(1 << 20);
    Packet data = new Packet.Data(PacketType.DATA, 8, 9, 10, 0, payload.lengthBytes());
    sendNow(b, fromB, send(pair.atB, data, payload, 77));
    assertThat(fromA.next(Event.PacketArrived.class))
        .isEqualTo(new Event.PacketArrived(pair.atA, Framing.H100, 3, data, payload));
    assertThat(fromB.next(Event.Sent.class)).isEqualTo(new Event.Sent(pair.atB, 77));
  }

  @Test
  void aPeerThatDoesNotReadBlocksNobodyAndLosesNothing() throws Exception {
    Pair pair = connect();
    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    a.carryOut(new Effect.PauseReading(pair.atA));
    Payload payload = pattern(1 << 20);
    int count = 40;
    for (int i = 0; i < count; i++) {
      Packet data = new Packet.Data(PacketType.DATA, i, i, i, 0, payload.lengthBytes());
      sendNow(b, fromB, send(pair.atB, data, payload, i + 1));
    }
    // The other direction is alive meanwhile.
    sendNow(a, fromA, new Effect.Send(pair.atA, Framing.H80, 0, HELLO, null, 0));
    fromB.next(Event.PacketArrived.class);

    a.carryOut(new Effect.ResumeReading(pair.atA));
    for (int i = 0; i < count; i++) {
      Event.PacketArrived arrived = fromA.next(Event.PacketArrived.class);
      assertThat(((Packet.Data) arrived.packet()).sector()).isEqualTo(i);
      assertThat(arrived.payload()).isEqualTo(payload);
    }
    long token = 0;
    while (token < count) {
      token = fromB.next(Event.Sent.class).token();
    }
  }

  @Test
  void aBlockIsReportedOnceAndEndsNothing() throws Exception {
    Pair pair = connect();
    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    a.carryOut(new Effect.PauseReading(pair.atA));
    b.carryOut(new Effect.LimitBlocked(pair.atB, 400_000_000));
    Payload payload = pattern(1 << 20);
    Packet data = new Packet.Data(PacketType.DATA, 0, 0, 0, 0, payload.lengthBytes());
    int count = 40;
    for (int i = 0; i < count; i++) {
      sendNow(b, fromB, send(pair.atB, data, payload, 0));
    }
    assertThat(fromB.next(Event.SendBlocked.class).socket()).isEqualTo(pair.atB);
    assertThat(fromB.events.poll(900, TimeUnit.MILLISECONDS)).as("told once").isNull();
    a.carryOut(new Effect.ResumeReading(pair.atA));
    for (int i = 0; i < count; i++) {
      fromA.next(Event.PacketArrived.class);
    }
  }

  @Test
  void whatMovesIsNoBlock() throws Exception {
    Pair pair = connect();
    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    b.carryOut(new Effect.LimitBlocked(pair.atB, 400_000_000));
    sendNow(b, fromB, new Effect.Send(pair.atB, Framing.H80, 0, HELLO, null, 0));
    fromA.next(Event.PacketArrived.class);
    assertThat(fromB.events.poll(900, TimeUnit.MILLISECONDS)).as("nothing waits").isNull();
  }

  /// A peer that asks and never reads the answers must not fill this node's memory.
  @Test
  void aPeerThatReadsNothingIsGivenUpBeforeMemoryIs() throws Exception {
    Pair pair = connect();
    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    a.carryOut(new Effect.PauseReading(pair.atA));
    Payload payload = pattern(1 << 20);
    Packet data = new Packet.Data(PacketType.DATA, 0, 0, 0, 0, payload.lengthBytes());
    for (int i = 0; i < 16; i++) {
      sendNow(b, fromB, send(pair.atB, data, payload, 0));
    }
    for (int i = 0; i <= SendQueue.QUEUED_MAX; i++) {
      b.carryOut(new Effect.Send(pair.atB, Framing.H80, 0, HELLO, null, 0));
    }
    assertThat(fromB.next(Event.SocketClosed.class).cause()).contains("takes nothing");
  }

  @Test
  void closeSendsWhatIsQueuedAndOnlyThePeerHearsOfIt() throws Exception {
    Pair pair = connect();
    a.carryOut(new Effect.LimitBody(pair.atA, 2 << 20));
    Payload payload = pattern(1 << 20);
    Packet data = new Packet.Data(PacketType.DATA, 0, 0, 0, 0, payload.lengthBytes());
    for (int i = 0; i < 8; i++) {
      b.carryOut(send(pair.atB, data, payload, 0));
    }
    b.carryOut(new Effect.CloseSocket(pair.atB));
    b.flush(fromB);
    for (int i = 0; i < 8; i++) {
      assertThat(fromA.next(Event.PacketArrived.class).payload()).isEqualTo(payload);
    }
    assertThat(fromA.next(Event.SocketClosed.class).fault()).isNull();
    assertThat(fromB.events).isEmpty();
    // A send to a socket that is gone is dropped.
    sendNow(b, fromB, send(pair.atB, data, payload, 5));
    assertThat(fromB.events).isEmpty();
  }

  @Test
  void bytesThatAreNoPacketCloseTheSocketAsMalformed() throws Exception {
    a.carryOut(new Effect.Listen());
    try (Socket raw = new Socket(addressA.getAddress(), addressA.getPort())) {
      long socket = fromA.next(Event.Accepted.class).socket();
      raw.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes("US-ASCII"));
      Event.SocketClosed closed = fromA.next(Event.SocketClosed.class);
      assertThat(closed.socket()).isEqualTo(socket);
      assertThat(closed.fault()).isEqualTo(WireFormatException.Fault.HEADER);
      assertThat(raw.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aBodyAboveTheLimitIsRefusedFromItsHeader() throws Exception {
    Pair pair = connect();
    Packet data = new Packet.Data(PacketType.DATA, 0, 0, 0, 0, 1 << 20);
    b.carryOut(send(pair.atB, data, pattern(1 << 20), 0));
    b.flush(fromB);
    assertThat(fromA.next(Event.SocketClosed.class).fault())
        .isEqualTo(WireFormatException.Fault.BODY);
  }

  @Test
  void aStrangersConnectionIsClosedUnheard() throws Exception {
    a.carryOut(new Effect.Listen());
    try (Socket raw = new Socket()) {
      raw.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.3"), 0));
      raw.connect(addressA);
      assertThat(raw.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(fromA.events).isEmpty();
  }

  @Test
  void nobodyListensUnlessAsked() throws Exception {
    b.carryOut(new Effect.Dial(1, 5 * SECOND_NANOS));
    assertThat(fromB.next(Event.DialFailed.class).attempt()).isEqualTo(1);
    a.carryOut(new Effect.Listen());
    a.carryOut(new Effect.StopListening());
    b.carryOut(new Effect.Dial(2, 5 * SECOND_NANOS));
    assertThat(fromB.next(Event.DialFailed.class).attempt()).isEqualTo(2);
    connect();
  }

  @Tag("slow")
  @Test
  void hundredsOfSilentConnectionsAreBounded() throws Exception {
    a.carryOut(new Effect.Listen());
    List<Socket> sockets = new java.util.ArrayList<>();
    for (int i = 0; i < 200; i++) {
      sockets.add(new Socket(addressA.getAddress(), addressA.getPort()));
    }
    // The last is closed at once, since the first ones hold all places.
    assertThat(sockets.getLast().getInputStream().read()).isEqualTo(-1);
    assertThat(fromA.events).hasSize(32);
    for (Socket socket : sockets) {
      socket.close();
    }
    for (int i = 0; i < 32; i++) {
      fromA.next(Event.Accepted.class);
    }
    for (int i = 0; i < 32; i++) {
      fromA.next(Event.SocketClosed.class);
    }
    connect();
  }
}
