package org.twincore.host.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.testkit.Certificates;
import org.twincore.testkit.Prng;

/// What goes through TLS and LZ4 arrives as it was, and a peer that is not wrapped alike, or is not
/// who its certificate must say, gets no byte of the protocol. Certificates are openssl's.
@Timeout(120)
@Tag("slow")
final class WrappedLinkTest {
  private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final String HERE = "IP:127.0.0.1";

  @TempDir private static Path folder;
  private static Certificates made;

  private final Collected fromA = new Collected();
  private final Collected fromB = new Collected();
  private final List<TcpLink> open = new ArrayList<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    made = new Certificates(folder);
    made.authority("ca");
    made.certificate("node", "ca", HERE);
    made.certificate("named", "ca", "DNS:core-02.example.org");
    made.certificate("expired", "ca", HERE, "faketime", "-f", "-2y");
    made.certificate("elsewhere", "ca", "IP:127.0.0.9,DNS:core-09.example.org");
    made.authority("other-ca");
    made.certificate("foreign", "other-ca", HERE);
    node().check(); // what the JDK loads at first takes a while
  }

  private static TlsFiles node() {
    return files("node", Optional.empty());
  }

  /// The files of `name`, which trusts `ca`.
  private static TlsFiles files(String name, Optional<String> peer) {
    return new TlsFiles(made.certificate(name), made.key(name), made.certificate("ca"), peer);
  }

  private static Wrapping tls(TlsFiles files) {
    return new Wrapping(Optional.of(files), false);
  }

  private static final Wrapping COMPRESSED = new Wrapping(Optional.empty(), true);

  private static List<Wrapping> wrappings() {
    return List.of(tls(node()), COMPRESSED, new Wrapping(Optional.of(node()), true));
  }

  /// A link that listens and one that dials it.
  private record Pair(TcpLink a, TcpLink b) {}

  private Pair links(Wrapping listens, Wrapping dials) throws IOException {
    List<Integer> ports = FreePorts.find(2);
    InetSocketAddress addressA = new InetSocketAddress(LOOPBACK, ports.get(0));
    InetSocketAddress addressB = new InetSocketAddress(LOOPBACK, ports.get(1));
    TcpLink a = listening(addressA, addressB, listens);
    TcpLink b = new TcpLink("b", new TcpLink.Ends(addressB, addressA, 0, 0), dials, fromB);
    open.add(b);
    b.carryOut(new Effect.Dial(1, 20 * SECOND_NANOS));
    return new Pair(a, b);
  }

  private TcpLink listening(InetSocketAddress own, InetSocketAddress peer, Wrapping wrapping) {
    TcpLink a = new TcpLink("a", new TcpLink.Ends(own, peer, 0, 0), wrapping, fromA);
    open.add(a);
    a.carryOut(new Effect.Listen());
    return a;
  }

  /// One that listens for whoever connects to the port.
  private int listenFor(Wrapping wrapping) throws IOException {
    List<Integer> ports = FreePorts.find(2);
    listening(
        new InetSocketAddress(LOOPBACK, ports.get(0)),
        new InetSocketAddress(LOOPBACK, ports.get(1)),
        wrapping);
    return ports.get(0);
  }

  @AfterEach
  void close() {
    open.forEach(TcpLink::close);
    open.clear();
  }

  // ---- what goes through

  /// Both ways at once, in all sizes, what can be compressed and what cannot.
  @ParameterizedTest
  @MethodSource("wrappings")
  void everyByteArrivesInOrder(Wrapping wrapping) throws Exception {
    Pair pair = links(wrapping, wrapping);
    long atB = fromB.next(Event.Dialed.class).socket();
    long atA = fromA.next(Event.Accepted.class).socket();
    pair.a.carryOut(new Effect.LimitBody(atA, 2 << 20));
    pair.b.carryOut(new Effect.LimitBody(atB, 2 << 20));
    int rounds = 60;
    for (int round = 0; round < rounds; round++) {
      send(pair.a, fromA, atA, payload(round));
      send(pair.b, fromB, atB, payload(round + 1_000));
    }
    pair.a.flush(fromA);
    pair.b.flush(fromB);
    for (int round = 0; round < rounds; round++) {
      expect(fromB, payload(round));
      expect(fromA, payload(round + 1_000));
    }
  }

  private static void send(TcpLink link, Collected sent, long socket, Payload payload) {
    Packet data = new Packet.Data(PacketType.DATA, 8, 9, 10, 0, payload.lengthBytes());
    link.carryOut(new Effect.Send(socket, Framing.H100, 3, data, payload, 0));
    if (payload.lengthBytes() % 3 == 0) {
      link.flush(sent);
    }
  }

  private static void expect(Collected from, Payload payload) throws InterruptedException {
    Event.PacketArrived arrived = from.next(Event.PacketArrived.class);
    assertThat(Objects.requireNonNull(arrived.payload()).toByteArray())
        .isEqualTo(payload.toByteArray());
  }

  /// Random bytes, a pattern, or one over the other; 1 byte to 1 MiB.
  private static Payload payload(int seed) {
    Prng random = new Prng(seed);
    byte[] bytes = new byte[(int) (1L << random.nextInt(21)) + random.nextInt(3) % 2];
    boolean isRandom = seed % 2 == 0;
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = isRandom || i % 5_000 == 0 ? (byte) random.nextInt() : (byte) (i / 700);
    }
    return Payload.of(bytes);
  }

  /// The last bytes before a close are not lost, and the peer hears of the end.
  @ParameterizedTest
  @MethodSource("wrappings")
  void whatWasSentBeforeACloseArrives(Wrapping wrapping) throws Exception {
    Pair pair = links(wrapping, wrapping);
    long atB = fromB.next(Event.Dialed.class).socket();
    long atA = fromA.next(Event.Accepted.class).socket();
    pair.a.carryOut(new Effect.LimitBody(atA, 2 << 20));
    Payload last = payload(20);
    send(pair.b, fromB, atB, last);
    pair.b.carryOut(new Effect.CloseSocket(atB));
    pair.b.flush(fromB);
    expect(fromA, last);
    assertThat(fromA.next(Event.SocketClosed.class).socket()).isEqualTo(atA);
  }

  @Test
  void theNameOfACertificateMayStandForTheAddress() throws Exception {
    TlsFiles named = files("named", Optional.of("core-02.example.org"));
    links(tls(named), tls(named));
    fromB.next(Event.Dialed.class);
    fromA.next(Event.Accepted.class);
  }

  // ---- who is refused

  /// The listener's certificate is wrong: the dial fails and says why.
  private void dialFails(Wrapping listens, Wrapping dials, String because) throws Exception {
    links(listens, dials);
    assertThat(fromB.next(Event.DialFailed.class).cause()).containsIgnoringCase(because);
    assertThat(fromA.events).isEmpty();
  }

  @Test
  void aCertificateOfAnotherAuthorityIsRefused() throws Exception {
    dialFails(tls(files("foreign", Optional.empty())), tls(node()), "path");
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    dialFails(tls(files("expired", Optional.empty())), tls(node()), "NotAfter");
  }

  @Test
  void aCertificateOfAnotherHostIsRefused() throws Exception {
    dialFails(tls(files("elsewhere", Optional.empty())), tls(node()), "127.0.0.1");
    close();
    dialFails(
        tls(files("named", Optional.of("core-02.example.org"))),
        tls(files("named", Optional.of("core-01.example.org"))),
        "core-01.example.org");
  }

  /// In TLS 1.3 the dialer is done before the listener has seen its certificate: it learns from an
  /// alert, the listener's engine nothing at all.
  @Test
  void aDialerWithAWrongCertificateReachesNobody() throws Exception {
    for (String name : List.of("foreign", "expired", "elsewhere")) {
      links(tls(node()), tls(files(name, Optional.empty())));
      long atB = fromB.next(Event.Dialed.class).socket();
      assertThat(fromB.next(Event.SocketClosed.class).socket()).as(name).isEqualTo(atB);
      assertThat(fromA.events).as(name).isEmpty();
      close();
    }
  }

  /// It may finish its half of TLS 1.3; then it is told that a certificate is required, and has got
  /// no byte.
  @Test
  void aDialerWithoutACertificateReachesNobody() throws Exception {
    assertThatThrownBy(() -> firstByte("TLSv1.3")).hasMessageContaining("certificate_required");
    assertThat(fromA.events).isEmpty();
  }

  @Test
  void aDialerOfTls12ReachesNobody() throws Exception {
    assertThatThrownBy(() -> firstByte("TLSv1.2")).hasMessageContaining("protocol_version");
    assertThat(fromA.events).isEmpty();
  }

  /// What a listening node says to one that believes any certificate, has none, and speaks only
  /// that version.
  private int firstByte(String version) throws Exception {
    int port = listenFor(tls(node()));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new BelievesAll()}, null);
    try (SSLSocket dialer = (SSLSocket) context.getSocketFactory().createSocket(LOOPBACK, port)) {
      dialer.setSoTimeout(60_000);
      dialer.setEnabledProtocols(new String[] {version});
      dialer.startHandshake();
      return dialer.getInputStream().read();
    }
  }

  private static final class BelievesAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void whoDoesNotWrapAlikeIsRefused() throws Exception {
    dialFails(COMPRESSED, tls(node()), "TLS");
    close();
    dialFails(tls(node()), COMPRESSED, "LZ4");
  }

  /// A peer that speaks DRBD at once, as a kernel's does.
  @Test
  void aPeerInClearIsNeverTaken() throws Exception {
    for (Wrapping wrapping : wrappings()) {
      int port = listenFor(wrapping);
      try (Socket clear = new Socket(LOOPBACK, port)) {
        clear.setSoTimeout(60_000);
        byte[] hello = new byte[64];
        hello[0] = (byte) 0x83;
        hello[1] = 0x74;
        clear.getOutputStream().write(hello);
        byte[] answer = clear.getInputStream().readAllBytes();
        assertThat(new String(answer, StandardCharsets.ISO_8859_1))
            .as("%s says nothing of DRBD", wrapping)
            .doesNotContain("\u0083\u0074");
      } catch (IOException reset) {
        assertThat(reset).hasMessageContaining("reset");
      }
      assertThat(fromA.events).isEmpty();
      close();
    }
  }

  /// Blocks that promise more than there may be.
  @Test
  void hostileBlocksEndTheConnection() throws Exception {
    byte[][] heads = {
      {0x7f, -1, -1, -1, 0, 0, 0, 8},
      {-1, -1, -1, -1, 0, 0, 0, 8},
      {0, 0, 0, 0, 0, 0, 0, 0},
      {0, 0, 0, 8, 0, 0, 1, 0},
      {0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4},
    };
    for (byte[] head : heads) {
      int port = listenFor(COMPRESSED);
      try (Socket hostile = new Socket(LOOPBACK, port)) {
        hostile.getOutputStream().write("TWINCORE LZ4 1\r\n".getBytes(StandardCharsets.US_ASCII));
        hostile.getOutputStream().write(head);
        fromA.next(Event.Accepted.class);
        assertThat(fromA.next(Event.SocketClosed.class).cause()).contains("block");
      }
      close();
    }
  }

  // ---- files

  @Test
  void filesThatCannotBeUsedAreNamed() throws Exception {
    made.certificate("open", "ca", HERE);
    TlsFiles open = files("open", Optional.empty());
    Files.setPosixFilePermissions(open.key(), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(open::check).hasMessageContaining("chmod 600 " + open.key());

    Path text = Files.writeString(folder.resolve("text"), "no PEM at all\n");
    Files.setPosixFilePermissions(text, PosixFilePermissions.fromString("rw-------"));
    TlsFiles good = node();
    assertThatThrownBy(() ->
            new TlsFiles(good.certificate(), text, good.authorities(), Optional.empty()).check())
        .hasMessageContaining(text + ": no line '-----BEGIN PRIVATE KEY-----'");
    assertThatThrownBy(
            () -> new TlsFiles(text, good.key(), good.authorities(), Optional.empty()).check())
        .hasMessageContaining(text + ": no certificate in it");
    Path gone = folder.resolve("gone");
    assertThatThrownBy(
            () -> new TlsFiles(good.certificate(), good.key(), gone, Optional.empty()).check())
        .hasMessageContaining(gone.toString());
  }
}
