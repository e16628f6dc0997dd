package org.twincore.host.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.Request;
import org.twincore.nbd.RequestEncoder;

/// Clients that take no answers, are too many, or ask for more than there is room for.
@Timeout(60)
final class NbdCrowdTest extends NbdSockets {
  /// A client that asks for the first bytes that often and takes no answer.
  private SocketChannel neverReading(SocketAddress address, int times, int bytes)
      throws IOException {
    SocketChannel client = rawConnection(address);
    ByteBuffer requests = ByteBuffer.allocate(times * RequestEncoder.HEAD_BYTES);
    for (int i = 0; i < times; i++) {
      RequestEncoder.encodeHead(new Request.Read(i, 0, bytes, false), requests);
    }
    client.write(requests.flip());
    return client;
  }

  /// A client that asks for 256 MiB and reads none of it holds up neither the loop that answers nor
  /// the other clients, and no more memory than its window.
  @Test
  void aClientThatDoesNotReadHoldsUpNobody() throws IOException {
    NbdListener listener = listener(exports(loop(memory)), NbdSettings.standard());
    SocketAddress address = listener.listen(unixPath());
    SocketChannel greedy = neverReading(address, 256, 1 << 20);
    NbdClient other = connect(address, "r0");
    for (int i = 0; i < 200; i++) {
      other.pwrite(pattern(i, 4096), i * 4096L);
    }
    byte[] back = new byte[4096];
    other.pread(back, 4096);
    assertThat(back).isEqualTo(pattern(1, 4096));
    assertThat(listener.room().budget().usedBytes())
        .isBetween(1L, NbdSettings.standard().bytesMax() + 4096);
    greedy.close();
    other.close();
  }

  /// One that holds what others need, in replies that it does not take, is cut when they have
  /// waited long enough.
  @Test
  @Timeout(20)
  void aClientThatDoesNotReadIsCutForOneThatWaits() throws IOException {
    long room = 32L << 20;
    NbdSettings narrow = new NbdSettings(8, 256, room, room, CONNECT_MILLIS, 10_000, 300, 0);
    NbdListener listener = listener(exports(loop(memory)), narrow);
    SocketAddress address = listener.listen(unixPath());
    SocketChannel greedy = neverReading(address, 64, 1 << 20);
    SocketChannel modest = neverReading(address, 60, 4096); // as silent, but on what is its own
    NbdClient other = connect(address, "r0");
    byte[] back = new byte[24 << 20];
    other.pread(back, 0); // answered, though the others read nothing until here
    modest.configureBlocking(true);
    ByteBuffer first = ByteBuffer.allocate(60 * 4096);
    while (first.hasRemaining()) {
      assertThat(modest.read(first)).as("the modest one still is served").isPositive();
    }
    modest.close();
    greedy.close();
    other.close();
  }

  @Test
  void theUnixSocketHasRoomWhenThePortHasNone() throws IOException {
    NbdSettings standard = NbdSettings.standard();
    NbdSettings one =
        new NbdSettings(1, 4, 1 << 20, standard.bytesTotalMax(), CONNECT_MILLIS, 10_000, 5_000, 0);
    NbdListener listener = listener(exports(memory), one);
    SocketAddress unix = listener.listen(unixPath());
    SocketAddress tcp = listener.listen(new InetSocketAddress("127.0.0.1", 0));
    SocketChannel silent = SocketChannel.open(tcp);
    assertThatThrownBy(() -> connect(tcp, "r0")).isInstanceOf(IOException.class);
    NbdClient local = connect(unix, "r0");
    local.pwrite(pattern(1, 4096), 0);
    local.close();
    silent.close();
  }

  /// A target may keep requests back until the thread would wait: for input, for the rest of a
  /// payload, for a place in the window, for the end.
  @Test
  @Timeout(20)
  void keepsNothingBackWhileItWaits() throws IOException {
    NbdSettings standard = NbdSettings.standard();
    NbdSettings narrow =
        new NbdSettings(8, 2, 1 << 20, standard.bytesTotalMax(), CONNECT_MILLIS, 30_000, 5_000, 0);
    NbdListener listener = listener(exports(new KeepingTarget(memory)), narrow);
    SocketChannel client = rawConnection(listener.listen(unixPath()));

    ByteBuffer halfOfTwo = ByteBuffer.allocate(2 * RequestEncoder.HEAD_BYTES + 4096 + 100);
    RequestEncoder.encodeHead(new Request.Write(1, 0, 4096, false), halfOfTwo);
    halfOfTwo.put(pattern(1, 4096));
    RequestEncoder.encodeHead(new Request.Write(2, 4096, 4096, false), halfOfTwo);
    halfOfTwo.put(new byte[100]);
    client.write(halfOfTwo.flip());
    assertThat(answeredCookie(client)).isEqualTo(1);

    ByteBuffer rest = ByteBuffer.allocate(4096 - 100 + 4 * RequestEncoder.HEAD_BYTES);
    rest.put(new byte[4096 - 100]);
    for (int cookie = 3; cookie <= 5; cookie++) {
      RequestEncoder.encodeHead(new Request.Flush(cookie), rest);
    }
    RequestEncoder.encodeHead(new Request.Disconnect(6), rest);
    client.write(rest.flip());
    assertThat(List.of(2L, 3L, 4L, 5L))
        .allSatisfy(cookie -> assertThat(answeredCookie(client)).isEqualTo(cookie));
    client.close();
  }

  /// A simple reply without data.
  private static long answeredCookie(SocketChannel client) throws IOException {
    ByteBuffer reply = ByteBuffer.allocate(16);
    while (reply.hasRemaining()) {
      assertThat(client.read(reply)).isGreaterThan(0);
    }
    return reply.getLong(8);
  }

  /// Keeps back whatever it may.
  private static final class KeepingTarget extends ForwardingTarget {
    private final List<Runnable> kept = new ArrayList<>();

    KeepingTarget(BlockTarget target) {
      super(target);
    }

    @Override
    public void write(
        byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
      kept.add(() -> super.write(array, arrayOffset, length, offset, fua, done));
    }

    @Override
    public void flush(Done done) {
      kept.add(() -> super.flush(done));
    }

    @Override
    public void submit() {
      List<Runnable> all = List.copyOf(kept);
      kept.clear();
      all.forEach(Runnable::run);
    }
  }

  @Test
  void connectionsOverTheLimitAreClosed() throws IOException {
    NbdSettings standard = NbdSettings.standard();
    NbdSettings few =
        new NbdSettings(2, 4, 1 << 20, standard.bytesTotalMax(), CONNECT_MILLIS, 10_000, 5_000, 0);
    NbdListener listener = listener(exports(memory), few);
    SocketAddress address = listener.listen(unixPath());
    NbdClient first = connect(address, "r0");
    SocketChannel second = rawConnection(address);
    assertThatThrownBy(() -> connect(address, "r0")).isInstanceOf(IOException.class);
    first.pwrite(pattern(1, 4096), 0);
    second.close();
  }

  /// With a window of 4 requests and 1 MiB, 500 requests still all get their answer.
  @Test
  void aNarrowWindowSlowsButLosesNothing() throws Exception {
    NbdSettings narrow =
        new NbdSettings(
            8, 4, 1 << 20, ExportInfo.PAYLOAD_MAX_BYTES, CONNECT_MILLIS, 10_000, 5_000, 3);
    NbdListener listener = listener(exports(loop(memory)), narrow);
    NbdClient client = connect(listener.listen(unixPath()), "r0");
    CountDownLatch finished = new CountDownLatch(500);
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    byte[] data = pattern(9, 700 << 10);
    for (int i = 0; i < 500; i++) {
      int length = i % 50 == 0 ? data.length : 4096;
      client.pwriteAsync(
          data,
          0,
          length,
          (i % 50) * 4096L,
          false,
          failure -> {
            if (failure != null) {
              wrong.add(failure.toString());
            }
            finished.countDown();
          });
    }
    assertThat(finished.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(wrong).isEmpty();
    client.close();
    assertThat(listener.close(CONNECT_MILLIS)).isTrue();
    assertThat(listener.room().budget().usedBytes()).isZero();
  }
}
