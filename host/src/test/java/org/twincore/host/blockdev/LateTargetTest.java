package org.twincore.host.blockdev;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.KernelClient;
import org.twincore.host.nbd.KernelClients;
import org.twincore.host.nbd.MemoryTarget;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.OptionReply;

/// What the kernel's NBD client is answered, said by hand over a Unix socket.
@Timeout(60)
class LateTargetTest {
  private static final int SIZE_BYTES = 1 << 20;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int DISC = 2;
  private static final int TRIM = 4;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REPLY_MAGIC = 0x67446698;
  private static final int EIO = 5;
  private static final long END_MILLIS = 30_000;

  @TempDir Path folder;
  private final MemoryTarget volume = new MemoryTarget(SIZE_BYTES);
  private final AtomicInteger openings = new AtomicInteger();
  private Supplier<Exports.Opening> source = this::open;
  private SocketChannel kernel;
  private LateTarget late;
  private KernelClient client;

  @BeforeEach
  void connect() throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("socket"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      kernel = SocketChannel.open(address);
      late = new LateTarget(() -> source.get());
      ExportInfo export = ExportInfo.writable("drbd0", "", Long.MAX_VALUE / 512 * 512);
      client = new KernelClients().serve(server.accept(), export, late);
    }
  }

  private Exports.Opening open() {
    openings.incrementAndGet();
    return new Exports.Opened(ExportInfo.writable("r0", "", SIZE_BYTES), volume);
  }

  @AfterEach
  void close() throws IOException {
    kernel.close();
  }

  private void ask(int command, long cookie, long offset, int length, byte... payload)
      throws IOException {
    ByteBuffer out = ByteBuffer.allocate(28 + payload.length);
    out.putInt(REQUEST_MAGIC).putShort((short) 0).putShort((short) command).putLong(cookie);
    out.putLong(offset).putInt(length).put(payload).flip();
    while (out.hasRemaining()) {
      kernel.write(out);
    }
  }

  private ByteBuffer receive(int bytes) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(bytes);
    while (in.hasRemaining()) {
      assertThat(kernel.read(in)).isPositive();
    }
    return in.flip();
  }

  private int errorOf(long cookie) throws IOException {
    ByteBuffer reply = receive(16);
    assertThat(reply.getInt()).isEqualTo(REPLY_MAGIC);
    int error = reply.getInt();
    assertThat(reply.getLong()).isEqualTo(cookie);
    return error;
  }

  @Test
  void isOpenedAtTheFirstRequestAndClosedWhenTheKernelDisconnects() throws Exception {
    assertThat(openings).hasValue(0);
    byte[] sector = new byte[512];
    sector[7] = 42;
    ask(WRITE, 1, 1024, 512, sector);
    assertThat(errorOf(1)).isZero();
    ask(READ, 2, 1024, 512);
    assertThat(errorOf(2)).isZero();
    assertThat(receive(512).get(7)).isEqualTo((byte) 42);
    assertThat(openings).hasValue(1);
    assertThat(late.awaitIdle(END_MILLIS)).isTrue();
    assertThat(volume.closes()).isZero();
    ask(DISC, 3, 0, 0);
    assertThat(client.awaitEnd(END_MILLIS)).isTrue();
    assertThat(volume.closes()).isEqualTo(1);
  }

  /// As with every way to a /dev/drbdN.
  @Test
  void whatIsDiscardedReadsAsZeroes() throws Exception {
    byte[] sector = new byte[4096];
    sector[0] = 1;
    ask(WRITE, 1, 0, 4096, sector);
    assertThat(errorOf(1)).isZero();
    ask(TRIM, 2, 0, 4096);
    assertThat(errorOf(2)).isZero();
    ask(READ, 3, 0, 4096);
    assertThat(errorOf(3)).isZero();
    assertThat(receive(4096).get(0)).isZero();
  }

  @Test
  void aVolumeThatCannotBeOpenedIsAnInputOutputError() throws Exception {
    source =
        () ->
            new Exports.NotOpened(new ExportDirectory.Refused(OptionReply.ERR_POLICY, "not here"));
    ask(READ, 1, 0, 512);
    assertThat(errorOf(1)).isEqualTo(EIO);
    assertThat(late.awaitIdle(END_MILLIS)).isTrue();
  }

  @Test
  void cutItLetsGoOfTheVolume() throws Exception {
    ask(READ, 1, 0, 512);
    assertThat(errorOf(1)).isZero();
    client.cut();
    assertThat(client.awaitEnd(END_MILLIS)).isTrue();
    assertThat(volume.closes()).isEqualTo(1);
  }
}
