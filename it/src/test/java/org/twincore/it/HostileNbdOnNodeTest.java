package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// NBD clients that mean no good, at a Primary with a peer: it goes on answering its peer's pings
/// and its honest client, counts its openers right, and both replicas stay equal.
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileNbdOnNodeTest {
  private static final int DISK_BYTES = 48 << 20;
  private static final int CONNECTS = Boolean.getBoolean("twincore.full") ? 10_000 : 2_000;

  @TempDir static Path folder;
  private TappedPair pair;
  private NbdClient honest;
  private final byte[] data = new byte[1 << 20];

  @BeforeAll
  void serve() throws IOException {
    new SplittableRandom(5).nextBytes(data);
    pair = new TappedPair(folder, DISK_BYTES, "");
    pair.a.awaitState("Connected", "Inconsistent/Inconsistent");
    pair.a.drbdadm("primary", "--force", "r0");
    pair.a.awaitState("Connected", "UpToDate/UpToDate");
    honest = pair.a.nbd();
    honest.pwriteDurably(data, 0);
  }

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    byte[] back = new byte[data.length];
    honest.pread(back, 0);
    assertThat(Arrays.equals(back, data)).isTrue();
    honest.pwriteDurably(Arrays.copyOf(data, 8192), 2 << 20);
    pair.a.awaitVolume("one opener", it -> it.openers() == 1);
    pair.b.awaitState("Connected", "UpToDate/UpToDate");
    assertThat(Files.readString(pair.a.log()))
        .doesNotContain("frozen")
        .doesNotContain("Exception")
        .doesNotContain("PingAck");
  }

  @AfterAll
  void bothReplicasAreEqual() throws IOException {
    honest.close();
    pair.a.awaitVolume("no opener", it -> it.openers() == 0);
    pair.a.drbdadm("secondary", "r0");
    pair.close();
    assertThat(Files.mismatch(pair.disk("a"), pair.disk("b")))
        .isGreaterThan(DISK_BYTES - (256L << 10));
  }

  private SocketChannel connect() throws IOException {
    return RawNbd.connect(UnixDomainSocketAddress.of(pair.a.nbdSocket()));
  }

  /// A real session: a write and a read beyond the honest data, cut off after each byte, then with
  /// a byte changed.
  @Test
  void truncatedAndSpoiltSessions() throws IOException {
    byte[] hello = RawNbd.hello("r0");
    ByteBuffer bytes = ByteBuffer.allocate(hello.length + 28 + 512 + 28).put(hello);
    RawNbd.request(bytes, 1, 32 << 20, 512);
    bytes.position(bytes.position() + 512);
    RawNbd.request(bytes, 0, 32 << 20, 4096);
    byte[] session = bytes.array();
    SplittableRandom random = new SplittableRandom(9);
    for (int cut = 0; cut < hello.length + 60; cut++) {
      say(Arrays.copyOf(session, cut));
      byte[] spoilt = session.clone();
      spoilt[random.nextInt(hello.length)] ^= (byte) (1 << random.nextInt(8));
      say(spoilt);
    }
  }

  @Test
  void randomBytes() throws IOException {
    for (int seed = 0; seed < 100; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] noise = new byte[1 + random.nextInt(4000)];
      random.nextBytes(noise);
      byte[] hello = RawNbd.hello("r0");
      int kept = seed % 3 == 0 ? hello.length : seed % 3 == 1 ? 12 : 0;
      System.arraycopy(hello, 0, noise, 0, Math.min(kept, noise.length));
      say(noise);
    }
  }

  private void say(byte[] bytes) throws IOException {
    try (SocketChannel channel = connect()) {
      RawNbd.writeAll(channel, bytes);
    } catch (IOException _) {
      // The server closed first, as it should.
    }
  }

  /// Writers that stop in the middle of 32 MiB: neither a block nor an opener of theirs stays.
  @Test
  void payloadsThatNeverCome() throws IOException {
    List<SocketChannel> channels = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      SocketChannel channel = connect();
      channels.add(channel);
      ByteBuffer bytes = ByteBuffer.allocate(256).put(RawNbd.hello("r0"));
      RawNbd.request(bytes, 1, 0, 32 << 20);
      RawNbd.writeAll(channel, Arrays.copyOf(bytes.array(), bytes.position()));
    }
    pair.a.awaitVolume("openers", it -> it.openers() == 21);
    honest.pwriteDurably(data, 4 << 20);
    for (SocketChannel channel : channels) {
      channel.close();
    }
  }

  @Test
  void requestsThatMakeNoSenseAreAnswered() throws IOException {
    try (SocketChannel channel = connect()) {
      ByteBuffer bytes = ByteBuffer.allocate(4096).put(RawNbd.hello("r0"));
      for (int type = 3; type < 100; type++) {
        RawNbd.request(bytes, type, -512, 0xffff_fe00);
      }
      RawNbd.writeAll(channel, Arrays.copyOf(bytes.array(), bytes.position()));
      ByteBuffer answers = ByteBuffer.allocate(28 + 97 * 16);
      while (answers.hasRemaining()) {
        assertThat(channel.read(answers)).isGreaterThan(0);
      }
      for (int i = 0; i < 97; i++) {
        assertThat(answers.getInt(28 + 16 * i + 4)).isIn(22, 28);
      }
    }
  }

  @Test
  void manyConnectsAndSilentClients() throws IOException {
    List<SocketChannel> silent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      silent.add(connect());
    }
    for (int i = 0; i < CONNECTS; i++) {
      try (SocketChannel channel = connect()) {
        assertThat(channel.isConnected()).isTrue();
      }
    }
    honest.pwriteDurably(data, 4 << 20);
    for (SocketChannel channel : silent) {
      channel.close();
    }
    try (NbdClient late = pair.a.nbd()) {
      assertThat(late.export().sizeBytes()).isPositive();
    }
  }
}
