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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.OptionReply;
import org.twincore.nbd.StatusExtent;
import org.twincore.nbd.ZeroMode;

/// Real sockets, devices in memory.
@Timeout(60)
final class NbdListenerTest extends NbdSockets {
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
}
