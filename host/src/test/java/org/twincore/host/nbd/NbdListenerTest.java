package org.twincore.host.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.OptionReply;
import org.twincore.nbd.Request;
import org.twincore.nbd.RequestEncoder;
import org.twincore.nbd.StatusExtent;
import org.twincore.nbd.ZeroMode;

/// Real sockets, devices in memory.
@Timeout(60)
final class NbdListenerTest {
  private static final int SIZE = 64 << 20;
  private static final long CONNECT_MILLIS = 10_000;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final MemoryTarget memory = new MemoryTarget(SIZE);

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  @Test
  void servesTheSameBytesOverUnixAndTcp() throws IOException {
    NbdListener listener = listener(exports(memory), NbdSettings.standard());
    NbdClient unix = connect(listener.listen(unixPath()), "r0");
    NbdClient tcp = connect(listener.listen(new InetSocketAddress("127.0.0.1", 0)), "r0");
    byte[] data = pattern(1, 1 << 20);
    unix.pwrite(data, 4096);
    unix.flush();
    byte[] back = new byte[data.length];
    tcp.pread(back, 4096);
    assertThat(back).isEqualTo(data);
    assertThat(tcp.export().sizeBytes()).isEqualTo(SIZE);
    assertThat(tcp.agreed().structured()).isTrue();
    assertThat(listener.connections()).hasSize(2).allMatch(line -> line.contains("export=r0"));
  }

  @Test
  void carriesEachCommand() throws IOException {
    NbdClient client = connect(served(memory), "r0");
    client.pwriteDurably(pattern(2, 65536), 0);
    client.trim(0, 8192);
    client.writeZeroes(16384, 4096, ZeroMode.NO_HOLE);
    client.writeZeroes(32768, 4096, ZeroMode.FAST_MAY_PUNCH);
    assertThat(client.blockStatus(0, 1 << 20))
        .containsExactly(
            StatusExtent.hole(8192),
            StatusExtent.data(24576),
            StatusExtent.hole(4096),
            StatusExtent.data(28672),
            StatusExtent.hole((1 << 20) - 65536));
    byte[] back = new byte[4096];
    client.pread(back, 16384);
    assertThat(back).containsOnly(0);
    assertThatThrownBy(() -> client.pread(new byte[100], 0))
        .isInstanceOfSatisfying(
            NbdException.class, e -> assertThat(e.error()).contains(NbdError.EINVAL));
    assertThatThrownBy(() -> client.pwrite(new byte[4096], SIZE))
        .isInstanceOfSatisfying(
            NbdException.class, e -> assertThat(e.error()).contains(NbdError.ENOSPC));
    client.pread(back, 0);
  }

  @Test
  void refusalsNameTheirReason() throws IOException {
    SocketAddress address = served(memory);
    assertThatThrownBy(() -> connect(address, "nope")).hasMessageContaining("no export 'nope'");
    Exports secondary =
        new Exports() {
          @Override
          public List<String> names() {
            return List.of("r0");
          }

          @Override
          public ExportDirectory.Lookup find(String name) {
            return refusal();
          }

          @Override
          public Opening open(String name) {
            return new NotOpened(refusal());
          }

          private ExportDirectory.Refused refusal() {
            return new ExportDirectory.Refused(OptionReply.ERR_POLICY, "r0 is Secondary");
          }
        };
    NbdListener listener = listener(secondary, NbdSettings.standard());
    SocketAddress other = listener.listen(UnixDomainSocketAddress.of(folder.resolve("2.sock")));
    assertThatThrownBy(() -> connect(other, "r0"))
        .hasMessageContaining("err policy: r0 is Secondary");
  }

  /// Requests answered out of order by another thread, many in flight, from several clients.
  @Test
  void answersFromAnotherThreadInAnyOrderReachTheRightRequest() throws Exception {
    SocketAddress address = served(loop(memory));
    List<NbdClient> clients = List.of(connect(address, "r0"), connect(address, "r0"));
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    CountDownLatch finished = new CountDownLatch(2 * 2000);
    for (int part = 0; part < 2; part++) {
      NbdClient client = clients.get(part);
      SplittableRandom random = new SplittableRandom(part);
      for (int i = 0; i < 2000; i++) {
        long offset = (part * 2000L + i) * 8192;
        int length = 512 * (1 + random.nextInt(16));
        byte[] data = pattern(offset, length);
        byte[] back = new byte[length];
        client.pwriteAsync(
            data,
            0,
            length,
            offset,
            false,
            failure -> {
              if (failure != null) {
                wrong.add("write " + failure);
              }
              Thread.ofVirtual().start(() -> check(client, back, data, offset, wrong, finished));
            });
      }
    }
    assertThat(finished.await(50, TimeUnit.SECONDS)).isTrue();
    assertThat(wrong).isEmpty();
  }

  private static void check(
      NbdClient client,
      byte[] back,
      byte[] data,
      long offset,
      ConcurrentLinkedQueue<String> wrong,
      CountDownLatch finished) {
    try {
      client.pread(back, offset);
      if (!Arrays.equals(back, data)) {
        wrong.add("offset " + offset);
      }
    } catch (IOException failed) {
      wrong.add("read " + failed);
    }
    finished.countDown();
  }

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

  /// Replies larger than any socket buffer arrive whole.
  @Test
  void largeReadsArriveWhole() throws IOException {
    SocketAddress address = served(loop(new RequestSplitter(memory, 1 << 20, 1 << 20)));
    NbdClient client = connect(address, "r0");
    byte[] data = pattern(3, 32 << 20);
    client.pwrite(data, 512);
    byte[] back = new byte[data.length];
    client.pread(back, 512);
    assertThat(Arrays.equals(back, data)).isTrue();
  }

  @Test
  void closesTheTargetOnceAfterTheLastRequest() throws Exception {
    List<BlockTarget.Done> held = new ArrayList<>();
    CountDownLatch closed = new CountDownLatch(1);
    CountDownLatch arrived = new CountDownLatch(2);
    BlockTarget slow =
        new ForwardingTarget(memory) {
          @Override
          public void flush(Done done) {
            held.add(done);
            arrived.countDown();
          }

          @Override
          public void close() {
            super.close();
            closed.countDown();
          }
        };
    NbdClient client = connect(served(slow), "r0");
    client.flushAsync(_ -> {});
    client.flushAsync(_ -> {});
    assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
    client.abort();
    held.get(1).done();
    assertThat(closed.getCount()).isEqualTo(1);
    held.get(0).failed(NbdError.EIO, "too late");
    assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(memory.closes()).isEqualTo(1);
  }

  @Test
  void closingAnswersWhatIsInFlight() throws Exception {
    ConcurrentLinkedQueue<BlockTarget.Done> held = new ConcurrentLinkedQueue<>();
    CountDownLatch arrived = new CountDownLatch(1);
    BlockTarget slow =
        new ForwardingTarget(memory) {
          @Override
          public void flush(Done done) {
            held.add(done);
            arrived.countDown();
          }
        };
    NbdListener listener = listener(exports(slow), NbdSettings.standard());
    NbdClient client = connect(listener.listen(unixPath()), "r0");
    ConcurrentLinkedQueue<String> answers = new ConcurrentLinkedQueue<>();
    CountDownLatch answered = new CountDownLatch(1);
    client.flushAsync(failure -> {
      answers.add(String.valueOf(failure));
      answered.countDown();
    });
    assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
    Thread closing = Thread.ofPlatform().start(() -> listener.close(10_000));
    held.remove().done();
    closing.join();
    assertThat(answered.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(answers).containsExactly("null");
    assertThat(listener.connections()).isEmpty();
    assertThat(folder.resolve("nbd.sock")).doesNotExist();
  }

  @Test
  void unixSocketsArePrivateAndReplaceTheDead() throws IOException {
    Path path = folder.resolve("nbd.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    served(memory);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    NbdListener second = listener(exports(memory), NbdSettings.standard());
    assertThatThrownBy(() -> second.listen(unixPath()))
        .hasMessageContaining("another server listens there");
    Path file = Files.writeString(folder.resolve("file"), "keep");
    assertThatThrownBy(() -> second.listen(UnixDomainSocketAddress.of(file)))
        .hasMessageContaining("no socket");
    assertThat(file).hasContent("keep");
    SocketAddress tcp = second.listen(new InetSocketAddress("127.0.0.1", 0));
    assertThatThrownBy(() -> second.listen(tcp)).hasMessageContaining("in use");
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

  @Test
  void aDefectOfTheTargetIsAnErrorOfTheRequest() throws IOException {
    BlockTarget broken =
        new ForwardingTarget(memory) {
          @Override
          public void read(long offset, int length, ReadDone done) {
            if (offset == 0) {
              throw new IllegalStateException("planted");
            }
            done.data(ByteBuffer.allocate(length - 1));
          }
        };
    NbdClient client = connect(served(broken), "r0");
    for (long offset : new long[] {0, 4096}) {
      assertThatThrownBy(() -> client.pread(new byte[4096], offset))
          .isInstanceOfSatisfying(
              NbdException.class, e -> assertThat(e.error()).contains(NbdError.EIO));
    }
    client.flush();
  }

  private NbdListener listener(Exports exports, NbdSettings settings) {
    NbdListener listener = new NbdListener(exports, settings);
    open.add(listener);
    return listener;
  }

  private LoopTarget loop(BlockTarget target) {
    LoopTarget loop = new LoopTarget(target, new SplittableRandom(1));
    open.add(loop::stop);
    return loop;
  }

  private SocketAddress served(BlockTarget target) throws IOException {
    return listener(exports(target), NbdSettings.standard()).listen(unixPath());
  }

  private UnixDomainSocketAddress unixPath() {
    return UnixDomainSocketAddress.of(folder.resolve("nbd.sock"));
  }

  private static Exports exports(BlockTarget target) {
    return new FixedExports(Map.of(ExportInfo.writable("r0", "", SIZE), target));
  }

  private NbdClient connect(SocketAddress address, String export) throws IOException {
    NbdClient client = NbdClient.connect(address, export, CONNECT_MILLIS);
    open.add(client);
    return client;
  }

  /// A connection in transmission on `r0` with simple replies, made by hand.
  private static SocketChannel rawConnection(SocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(address);
    ByteBuffer hello = ByteBuffer.allocate(64);
    hello
        .putInt(3)
        .putLong(0x49484156454F5054L)
        .putInt(1)
        .putInt(2)
        .put((byte) 'r')
        .put((byte) '0');
    channel.write(hello.flip());
    ByteBuffer answer = ByteBuffer.allocate(18 + 10);
    while (answer.hasRemaining()) {
      assertThat(channel.read(answer)).isGreaterThan(0);
    }
    return channel;
  }

  private static byte[] pattern(long seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }
}
