package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketGen;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

/// Somebody at the peer's address who means no good, against a real Primary: it goes on serving its
/// application, says what was wrong, and takes an honest peer in the end.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HostileDrbdTest {
  private static final int DISK_BYTES = 8 << 20;
  private static final long SECTORS = 16_304;
  private static final int CONNECTS = Boolean.getBoolean("twincore.full") ? 10_000 : 1_500;
  private static final int SHUFFLED_SESSIONS = Boolean.getBoolean("twincore.full") ? 200 : 12;
  private static final int CONNECTS_AT_ONCE = 24;
  private static final int CONNECT_MILLIS = 100;

  @TempDir static Path folder;

  private TappedPair pair;
  private InetSocketAddress node;
  private NbdClient application;
  private byte[] data;

  /// `a` is up and Primary; `b` waits for its time.
  @BeforeAll
  void serve() throws Exception {
    pair = new TappedPair(folder, DISK_BYTES, "");
    pair.b.drbdadm("disconnect", "r0");
    pair.a.awaitVolume("to be alone", it -> it.connection().equals("WFConnection"));
    pair.a.drbdadm("primary", "--force", "r0");
    node = pair.addressOfA();
    application = pair.a.nbd();
    data = new byte[1 << 20];
    new SplittableRandom(3).nextBytes(data);
    application.pwrite(data, 0);
  }

  @AfterEach
  void itStillServesAndSeeks() throws Exception {
    byte[] back = new byte[data.length];
    application.pread(back, 0);
    assertThat(Arrays.equals(back, data)).isTrue();
    application.pwriteDurably(Arrays.copyOf(data, 4096), 4 << 20);
    pair.a.awaitVolume(
        "WFConnection or StandAlone",
        it -> it.connection().equals("WFConnection") || it.connection().equals("StandAlone"));
    if (pair.a.volume().orElseThrow().connection().equals("StandAlone")) {
      pair.a.drbdadm("connect", "r0");
    }
    assertThat(Files.readString(pair.a.log())).doesNotContain("frozen").doesNotContain("Exception");
  }

  /// In the end the honest peer syncs, and while it is there nobody else gets in.
  @AfterAll
  void theHonestPeerIsTaken() throws Exception {
    pair.b.drbdadm("connect", "r0");
    pair.b.awaitState("Connected", "UpToDate/UpToDate");
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> new RawPeer(node).close()).isInstanceOf(ConnectException.class);
    }
    application.pwriteDurably(data, 2 << 20);
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
    application.close();
    pair.close();
    assertThat(Files.mismatch(pair.disk("a"), pair.disk("b")))
        .isGreaterThan(DISK_BYTES - (256L << 10));
  }

  @Test
  void noiseBeforeTheFirstPacket() throws Exception {
    for (int seed = 0; seed < 60; seed++) {
      try (RawPeer peer = new RawPeer(node)) {
        peer.raw(noise(seed, 1 + seed * 50));
        if (seed % 3 == 0) {
          peer.awaitEnd();
        }
      } catch (IOException _) {
        // closed while we were speaking: as good
      }
    }
  }

  @Test
  void headersThatClaimTooMuch() throws Exception {
    for (long length : new long[] {4097, 1 << 20, 1L << 31, 0xffffffffL}) {
      try (RawPeer peer = new RawPeer(node)) {
        peer.raw(
            ByteBuffer.allocate(16)
                .putInt(0x8620ec20)
                .putInt(PacketType.DATA.code())
                .putInt((int) length)
                .putInt(0)
                .array());
        peer.awaitEnd();
      }
    }
  }

  /// They are thrown out after their time, and then there is room again.
  @Test
  void silentAndSlowConnections() throws Exception {
    List<RawPeer> silent = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      RawPeer peer = new RawPeer(node);
      try {
        peer.raw(new byte[] {(byte) 0x83});
        silent.add(peer);
      } catch (IOException _) {
        // no place left: the others are enough
      }
    }
    for (RawPeer peer : silent) {
      peer.awaitEnd();
      peer.close();
    }
    withEstablished((_, _) -> {});
  }

  @Test
  void packetsOutOfTurn() throws Exception {
    for (Packet packet :
        List.of(
            new Packet.Empty(PacketType.PING),
            new Packet.State(0xc882),
            new Packet.StateChange(PacketType.CONN_ST_CHG_REQ, 0x1f0, 0x10),
            new Packet.Empty(PacketType.INITIAL_DATA))) {
      try (RawPeer peer = new RawPeer(node, PacketType.INITIAL_DATA)) {
        peer.send(packet);
        peer.awaitEnd();
      }
    }
  }

  @Test
  void noiseInTheMiddleOfASession() throws Exception {
    isThrownOut((data, _) -> data.raw(noise(1, 5000)));
    isThrownOut((_, meta) -> meta.raw(noise(2, 5000)));
  }

  /// To META it is unknown, and who says so is no DRBD: as the kernel, the node goes to StandAlone.
  @Test
  void packetsOnTheWrongSocket() throws Exception {
    isThrownOut((data, _) -> data.send(new Packet.Empty(PacketType.PING_ACK)));
    isThrownOut((_, meta) -> meta.send(new Packet.State(0xc882)));
    pair.a.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    pair.a.awaitLog("P_STATE on META, where it does not belong");
  }

  /// Well-formed packets of all types, in any order, on either socket, and cut off anywhere. Each
  /// session waits for the moment in which the node looks for its peer again.
  @Test
  @Timeout(600)
  void packetsInAnyOrder() throws Exception {
    for (int seed = 0; seed < SHUFFLED_SESSIONS; seed++) {
      Gen gen = Gen.of(new Prng(seed));
      connectAgain();
      try {
        withEstablished((data, meta) -> {
          for (int i = 0; i < 40; i++) {
            Packet packet = PacketGen.ofAnyType(gen);
            byte[] payload = gen.bytes(packet.payloadBytes());
            (gen.bool() ? data : meta).send(gen.intIn(0, 1), packet, payload);
          }
          data.raw(gen.bytes(gen.intIn(0, 16)));
        });
      } catch (IOException _) {
        // thrown out in the middle: as good
      }
    }
  }

  /// Some packets say what no peer of this resource can say, such as an impossible size: then the
  /// node does not look for it again, as the kernel's.
  private void connectAgain() throws IOException {
    pair.a.awaitVolume(
        "to have thrown the peer out",
        it -> List.of("WFConnection", "StandAlone").contains(it.connection()));
    if (pair.a.volume().orElseThrow().connection().equals("StandAlone")) {
      pair.a.drbdadm("connect", "r0");
    }
  }

  /// Out of the device, too long, not asked for, twice.
  @Test
  void packetsThatMakeNoSense() throws Exception {
    byte[] block = new byte[4096];
    isThrownOut((data, _) -> data.send(write(1L << 40, 0x100), block));
    isThrownOut((data, _) -> data.send(write(SECTORS - 1, 0x100), block));
    isThrownOut((data, _) ->
        data.send(
            new Packet.BlockRequest(
                PacketType.RS_DATA_REQUEST, 0, Packet.RESYNC_BLOCK_ID, Integer.MAX_VALUE)));
    isThrownOut((_, meta) -> meta.send(new Packet.BarrierAck(77, 12)));
    isThrownOut(
        (_, meta) -> meta.send(new Packet.BlockAck(PacketType.WRITE_ACK, 8, 4711, 4096, 1)));
    isThrownOut((data, _) ->
        data.send(new Packet.Bytes(PacketType.COMPRESSED_BITMAP, new byte[] {2, -1, -1, -1})));
  }

  /// A write of 1 MiB of which a part never comes.
  @Test
  void aPacketThatBreaksOff() throws Exception {
    isThrownOut((data, _) -> {
      byte[] whole = new byte[16 + 24 + 1000];
      ByteBuffer.wrap(whole).putInt(0x8620ec20).putInt(0).putInt(24 + (1 << 20));
      data.raw(whole);
      data.close();
    });
  }

  @Test
  void anotherProtocolEndsInStandAlone() throws Exception {
    try (RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA);
        RawPeer meta = new RawPeer(node, PacketType.INITIAL_META)) {
      data.await(PacketType.CONNECTION_FEATURES);
      data.send(new Packet.ConnectionFeatures(110, 0, 121));
      data.awaitEnd();
      meta.awaitEnd();
    }
    pair.a.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    pair.a.awaitLog("protocols 110 to 121");
  }

  @Test
  void anotherReplicationProtocolEndsInStandAlone() throws Exception {
    Packet protocolA = new Packet.Protocol(PacketType.PROTOCOL, 1, 0, 0, 0, 0, 0, Optional.of(""));
    endsInStandAlone(protocolA, "protocol differs: here 3, at the peer 1");
  }

  /// As the kernel: who is asked a question that it does not know goes on trying.
  @Test
  void aPeerThatWantsAuthenticationIsTriedAgain() throws Exception {
    try (RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA);
        RawPeer meta = new RawPeer(node, PacketType.INITIAL_META)) {
      data.agree();
      data.send(new Packet.Bytes(PacketType.AUTH_CHALLENGE, noise(4, 64)));
      data.awaitEnd();
      meta.awaitEnd();
    }
    pair.a.awaitLog("connection lost (ProtocolError): P_AUTH_CHALLENGE: expected P_PROTOCOL");
    pair.a.awaitLog("is cram-hmac-alg set on both nodes?");
    pair.a.awaitVolume("WFConnection", it -> it.connection().equals("WFConnection"));
  }

  private void endsInStandAlone(Packet afterFeatures, String logged) throws Exception {
    try (RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA);
        RawPeer meta = new RawPeer(node, PacketType.INITIAL_META)) {
      data.agree();
      data.send(afterFeatures);
      data.awaitEnd();
      meta.awaitEnd();
    }
    pair.a.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    pair.a.awaitLog(logged);
  }

  @Test
  void aDiskThatIsTooSmallEndsInStandAlone() throws Exception {
    try (RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA);
        RawPeer meta = new RawPeer(node, PacketType.INITIAL_META)) {
      data.shakeHands(SECTORS / 2);
      meta.awaitEnd();
    }
    pair.a.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    pair.a.awaitLog("the peer's disk is too small: it has 4076 KiB, the device 8152 KiB");
  }

  /// META may be dialled first; and the peer may have a volume more than we.
  @Test
  void whatIsUnusualButAllowed() throws Exception {
    pair.a.awaitVolume("to be alone", it -> it.connection().equals("WFConnection"));
    try (RawPeer meta = new RawPeer(node, PacketType.INITIAL_META);
        RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA)) {
      data.shakeHands(SECTORS);
      data.send(5, new Packet.State(0xc882), new byte[0]);
      meta.speakH100();
      meta.send(new Packet.Empty(PacketType.PING));
      meta.await(PacketType.PING_ACK);
      data.send(new Packet.BlockRequest(PacketType.DATA_REQUEST, 0, 7, 4096));
      data.await(PacketType.DATA_REPLY);
    }
    pair.a.awaitLog("P_STATE for volume 5, which is not here");
  }

  /// Its own dials come back to itself.
  @Test
  void aPeerThatIsItself() throws Exception {
    pair.reflectA();
    try {
      pair.a.awaitVolume("a retry", it -> it.connection().equals("WFConnection"));
      Thread.sleep(3000); // time for its dials, of which nothing shows outside
    } finally {
      pair.reflectNoMore();
    }
  }

  /// As fast as they go; those that find the backlog full give up soon.
  @Test
  void thousandsOfConnects() throws Exception {
    AtomicInteger taken = new AtomicInteger();
    try (ExecutorService many = Executors.newFixedThreadPool(CONNECTS_AT_ONCE)) {
      for (int i = 0; i < CONNECTS; i++) {
        many.submit(() -> {
          try (Socket socket = new Socket()) {
            socket.connect(node, CONNECT_MILLIS);
            taken.incrementAndGet();
          } catch (IOException _) {
            // too many at once
          }
        });
      }
    }
    assertThat(taken.get()).isPositive();
    withEstablished((_, _) -> {});
  }

  private static Packet write(long sector, int flags) {
    return new Packet.Data(PacketType.DATA, sector, 99, 1, flags, 4096);
  }

  private static byte[] noise(int seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  private interface Mischief {
    void happen(RawPeer data, RawPeer meta) throws Exception;
  }

  /// With a peer that has behaved so far: a Secondary that waits for its first sync.
  private void withEstablished(Mischief mischief) throws Exception {
    pair.a.awaitVolume("to be alone", it -> it.connection().equals("WFConnection"));
    try (RawPeer data = new RawPeer(node, PacketType.INITIAL_DATA);
        RawPeer meta = new RawPeer(node, PacketType.INITIAL_META)) {
      data.shakeHands(SECTORS);
      meta.speakH100();
      meta.send(new Packet.Empty(PacketType.PING));
      meta.await(PacketType.PING_ACK);
      mischief.happen(data, meta);
    }
  }

  private void isThrownOut(Mischief mischief) throws Exception {
    withEstablished((data, meta) -> {
      mischief.happen(data, meta);
      meta.awaitEnd();
    });
  }
}
