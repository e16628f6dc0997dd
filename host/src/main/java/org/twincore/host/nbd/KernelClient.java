package org.twincore.host.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.twincore.host.linux.ProcessMemory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.ReplyEncoder;
import org.twincore.nbd.ServerSession;

/// The kernel as the one client of one device.
///
/// ```
/// serving --the kernel's DISC, end of stream--> ended        serving --cut--> ended
/// ```
public final class KernelClient {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  private final SocketEnd socket;
  private final CountDownLatch ended = new CountDownLatch(1);

  private KernelClient(SocketEnd socket) {
    this.socket = socket;
  }

  static KernelClient start(
      ServingRoom room, SocketChannel channel, ExportInfo export, BlockTarget target)
      throws IOException {
    SocketEnd socket = new SocketEnd(channel, room.settings().spinReads());
    KernelClient client = new KernelClient(socket);
    Thread.ofPlatform()
        .name("nbd-" + export.name())
        .daemon()
        .start(() -> client.run(room, export, target));
    return client;
  }

  private void run(ServingRoom room, ExportInfo export, BlockTarget target) {
    ProcessMemory.tryBecomeIoFlusher();
    try (socket) {
      NbdTransmission transmission =
          new NbdTransmission(
              room,
              socket,
              ServerSession.agreed(export),
              target,
              export.name(),
              ReplyEncoder.simple());
      String end = transmission.run(ByteBuffer.allocate(0));
      LOG.log(Level.DEBUG, "nbd device={0} closed: {1}", export.name(), end);
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "nbd device={0} closed: {1}", export.name(), failed.getMessage());
    } finally {
      ended.countDown();
    }
  }

  /// Waits until the kernel has ended the connection; false if that takes longer.
  public boolean awaitEnd(long timeoutMillis) throws InterruptedException {
    return ended.await(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /// Whether the connection is over.
  public boolean isEnded() {
    return ended.getCount() == 0;
  }

  /// Ends the connection without answering what is in flight; to the kernel it is lost.
  public void cut() {
    socket.cut("device taken away");
  }
}
