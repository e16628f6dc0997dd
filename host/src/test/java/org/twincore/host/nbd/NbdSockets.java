package org.twincore.host.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.nbd.ExportInfo;

/// Listeners on real sockets, in front of devices in memory; closed after each test.
abstract class NbdSockets {
  static final int SIZE = 64 << 20;
  static final long CONNECT_MILLIS = 10_000;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  final MemoryTarget memory = new MemoryTarget(SIZE);

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  NbdListener listener(Exports exports, NbdSettings settings) {
    NbdListener listener = new NbdListener(exports, settings);
    open.add(listener);
    return listener;
  }

  LoopTarget loop(BlockTarget target) {
    LoopTarget loop = new LoopTarget(target, new SplittableRandom(1));
    open.add(loop::stop);
    return loop;
  }

  SocketAddress served(BlockTarget target) throws IOException {
    return listener(exports(target), NbdSettings.standard()).listen(unixPath());
  }

  UnixDomainSocketAddress unixPath() {
    return UnixDomainSocketAddress.of(folder.resolve("nbd.sock"));
  }

  static Exports exports(BlockTarget target) {
    return new FixedExports(Map.of(ExportInfo.writable("r0", "", SIZE), target));
  }

  NbdClient connect(SocketAddress address, String export) throws IOException {
    NbdClient client = NbdClient.connect(address, export, CONNECT_MILLIS);
    open.add(client);
    return client;
  }

  /// A connection in transmission on `r0` with simple replies, made by hand.
  static SocketChannel rawConnection(SocketAddress address) throws IOException {
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

  static byte[] pattern(long seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }
}
