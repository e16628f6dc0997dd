package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.nbd.NbdSettings;

/// Clients that mean no good, and one honest client beside them that must not notice: its data
/// stays, its requests are answered, and nothing of the others is left behind.
@Timeout(120)
final class HostileNbdTest {
  private static final long CONNECT_MILLIS = 10_000;
  private static final int SMALL_CONNECTIONS_MAX = 64;

  @TempDir Path folder;
  private FileServer server;
  private NbdClient honest;
  private byte[] data;

  @BeforeEach
  void serve() throws IOException {
    NbdSettings standard = NbdSettings.standard();
    NbdSettings impatient =
        new NbdSettings(
            SMALL_CONNECTIONS_MAX,
            standard.requestsMax(),
            standard.bytesMax(),
            standard.bytesTotalMax(),
            500,
            500,
            standard.stallMillis(),
            0);
    server = new FileServer(folder, impatient);
    honest = NbdClient.connect(unix(), "r0", CONNECT_MILLIS);
    data = new byte[1 << 20];
    new SplittableRandom(3).nextBytes(data);
    honest.pwrite(data, 0);
  }

  @AfterEach
  void honestClientIsUnharmed() throws Exception {
    byte[] back = new byte[data.length];
    honest.pread(back, 0);
    assertThat(Arrays.equals(back, data)).isTrue();
    honest.pwriteDurably(Arrays.copyOf(data, 4096), 8 << 20);
    for (int i = 0; i < 100 && server.listener.connections().size() > 1; i++) {
      Thread.sleep(100); // who hung up is noticed by a thread of the listener
    }
    assertThat(server.listener.connections()).hasSize(1);
    assertThat(server.listener.close(CONNECT_MILLIS)).isTrue();
    honest.close();
    server.close();
  }

  @Test
  void randomBytesBeforeAndDuringTheHandshake() throws IOException {
    for (int seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      byte[] noise = new byte[1 + random.nextInt(4000)];
      random.nextBytes(noise);
      if (seed % 2 == 1) {
        System.arraycopy(RawNbd.hello("r0"), 0, noise, 0, Math.min(12, noise.length));
      }
      try (SocketChannel channel = RawNbd.connect(seed % 4 < 2 ? unix() : server.tcp)) {
        RawNbd.writeAll(channel, noise);
      } catch (IOException _) {
        // The server closed first, as it should.
      }
    }
  }

  /// A real session cut off after each byte.
  @Test
  void truncatedSessions() throws IOException {
    byte[] session = Arrays.copyOf(RawNbd.hello("r0"), RawNbd.hello("r0").length + 28 + 512 + 28);
    ByteBuffer requests = ByteBuffer.wrap(session);
    requests.position(RawNbd.hello("r0").length);
    RawNbd.request(requests, 1, 32 << 20, 512);
    requests.position(requests.position() + 512);
    RawNbd.request(requests, 0, 0, 4096);
    for (int cut = 0; cut < session.length; cut += cut < 120 ? 1 : 37) {
      try (SocketChannel channel = RawNbd.connect(unix())) {
        RawNbd.writeAll(channel, Arrays.copyOf(session, cut));
      } catch (IOException _) {
        // At the limit of connections while the last ones are being closed.
      }
    }
  }

  /// Requests for 32 MiB whose payload never comes: no memory beyond the budget, all are cut off.
  @Test
  void announcedPayloadsThatNeverCome() throws IOException {
    List<SocketChannel> channels = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      SocketChannel channel = RawNbd.connect(unix());
      channels.add(channel);
      ByteBuffer bytes = ByteBuffer.allocate(256).put(RawNbd.hello("r0"));
      RawNbd.request(bytes, 1, 32 << 20, 32 << 20);
      RawNbd.writeAll(channel, Arrays.copyOf(bytes.array(), bytes.position()));
    }
    for (SocketChannel channel : channels) {
      assertThat(RawNbd.closedByServer(channel)).isTrue();
    }
  }

  @Test
  void oversizedAndUnknownRequestsAreAnswered() throws IOException {
    try (SocketChannel channel = RawNbd.connect(unix())) {
      ByteBuffer bytes = ByteBuffer.allocate(4096).put(RawNbd.hello("r0"));
      for (int type = 0; type < 100; type++) {
        if (type != 1 && type != 2) {
          RawNbd.request(bytes, type, -512, 0xffff_fe00);
        }
      }
      RawNbd.writeAll(channel, Arrays.copyOf(bytes.array(), bytes.position()));
      ByteBuffer answers = ByteBuffer.allocate(28 + 98 * 16);
      while (answers.hasRemaining()) {
        assertThat(channel.read(answers)).isGreaterThan(0);
      }
      for (int i = 0; i < 98; i++) {
        assertThat(answers.getInt(28 + 16 * i)).isEqualTo(0x67446698);
        assertThat(answers.getInt(28 + 16 * i + 4)).isIn(22, 28);
      }
    }
  }

  @Test
  void slowClientsAreCutOff() throws IOException, InterruptedException {
    List<SocketChannel> loris = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      loris.add(RawNbd.connect(i % 2 == 0 ? unix() : server.tcp));
    }
    byte[] hello = RawNbd.hello("r0");
    for (int at = 0; at < 8; at++) {
      for (SocketChannel channel : loris) {
        try {
          RawNbd.writeAll(channel, Arrays.copyOfRange(hello, at, at + 1));
        } catch (IOException _) {
          // Cut off already.
        }
      }
      Thread.sleep(100); // a byte of each, and slowly: that is the attack
    }
    for (SocketChannel channel : loris) {
      assertThat(RawNbd.closedByServer(channel)).isTrue();
    }
  }

  @Test
  void tenThousandConnects() throws IOException {
    int served = 0;
    for (int i = 0; i < 10_000; i++) {
      try (SocketChannel channel = RawNbd.connect(unix())) {
        if (i % 100 == 0) {
          ByteBuffer greeting = ByteBuffer.allocate(18);
          channel.read(greeting);
          served += greeting.hasRemaining() ? 0 : 1;
        }
      }
    }
    assertThat(served).isGreaterThan(0);
    assertThat(Thread.activeCount()).isLessThan(SMALL_CONNECTIONS_MAX + 50);
  }

  /// All places taken by clients that say nothing: after the timeout there is room again.
  @Test
  void idleClientsCannotKeepAllPlaces() throws IOException, InterruptedException {
    List<Socket> idle = new ArrayList<>();
    for (int i = 0; i < 2 * SMALL_CONNECTIONS_MAX; i++) {
      idle.add(new Socket(server.tcp.getAddress(), server.tcp.getPort()));
    }
    boolean isServed = false;
    for (int i = 0; i < 100 && !isServed; i++) {
      Thread.sleep(50); // room comes with the timeout of those that say nothing
      honest.pread(new byte[512], 0);
      try (NbdClient late = NbdClient.connect(server.tcp, "r0", CONNECT_MILLIS)) {
        isServed = late.export().sizeBytes() == FileServer.SIZE_BYTES;
      } catch (IOException _) {
        // No place yet.
      }
    }
    assertThat(isServed).isTrue();
    for (Socket socket : idle) {
      socket.close();
    }
  }

  private SocketAddress unix() {
    return UnixDomainSocketAddress.of(server.socket);
  }
}
