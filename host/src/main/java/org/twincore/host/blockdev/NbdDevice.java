package org.twincore.host.blockdev;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.NbdNetlink;
import org.twincore.host.linux.SysSocket;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.KernelClient;
import org.twincore.host.nbd.KernelClients;
import org.twincore.nbd.ExportInfo;

/// A device of the kernel's NBD client, connected to this process by a Unix socket, and a name for
/// it.
///
/// If this process dies, the kernel refuses new requests at once; those that it had sent would wait
/// for ever, but a [DeviceWarden] gives the device up.
final class NbdDevice implements DrbdDevice {
  private static final Logger LOG = System.getLogger(NbdDevice.class.getName());

  /// The kernel ends the connection before the last close returns; our thread sees it soon.
  private static final long END_MILLIS = 5000;

  /// Requests of a user who does nothing else are soon all answered, for a moment.
  private static final long IDLE_MILLIS = 2000;

  /// Device requests never reach beyond the end of the device, whose size may change: no limit.
  private static final long ANY_SIZE_BYTES = Long.MAX_VALUE / 512 * 512;

  private final DeviceNode node;
  private final Path file;
  private final WardenProcess warden;
  private final Connection connection;
  private long sizeBytes;
  private boolean isGone;

  private NbdDevice(
      DeviceNode node, Path file, WardenProcess warden, Connection connection, long sizeBytes) {
    this.node = node;
    this.file = file;
    this.warden = warden;
    this.connection = connection;
    this.sizeBytes = sizeBytes;
  }

  /// Both ends: the kernel's device, and who serves it.
  private record Connection(KernelNbd device, KernelClient client, LateTarget target) {}

  /// Shows `sizeBytes` (a multiple of 512) under `node`. `file` is the device's mark, and its
  /// record for the next start: a Unix socket that nobody can connect to any more.
  static NbdDevice show(
      DeviceNode node,
      Path file,
      long sizeBytes,
      Supplier<Exports.Opening> source,
      KernelClients clients,
      WardenProcess warden)
      throws IOException {
    node.hide(); // refuses a name that is not ours before anything else happens
    NbdNetlink.open().close(); // as a kernel without the driver refuses all
    warden.watch(file.toString());
    try {
      Connection connection = connect(node, file, sizeBytes, source, clients);
      try {
        node.show(KernelNbd.MAJOR, connection.device.minor());
      } catch (IOException failed) {
        connection.client.cut();
        connection.device.abandon();
        throw failed;
      }
      return new NbdDevice(node, file, warden, connection, sizeBytes);
    } catch (IOException failed) {
      warden.forget(file.toString());
      Files.deleteIfExists(file);
      throw failed;
    }
  }

  private static Connection connect(
      DeviceNode node,
      Path file,
      long sizeBytes,
      Supplier<Exports.Opening> source,
      KernelClients clients)
      throws IOException {
    String name = node.path().getFileName().toString();
    ExportInfo export = ExportInfo.writable(name, "", ANY_SIZE_BYTES);
    LateTarget target = new LateTarget(source);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(file));
      try (Descriptor kernelsEnd = SysSocket.connectUnix(file.toString())) {
        SocketChannel ourEnd = server.accept();
        KernelClient client = clients.serve(ourEnd, export, target);
        try {
          Path scratch = node.path().resolveSibling("." + file.getFileName());
          KernelNbd device =
              KernelNbd.connect(
                  kernelsEnd, file.toString(), sizeBytes, export.transmissionFlags(), scratch);
          return new Connection(device, client, target);
        } catch (IOException failed) {
          client.cut();
          throw failed;
        }
      }
    }
  }

  @Override
  public Path path() {
    return node.path();
  }

  @Override
  public String below() {
    return "nbd" + connection.device.index();
  }

  @Override
  public synchronized boolean release() throws IOException {
    if (isGone) {
      return true;
    }
    if (!connection.target.awaitIdle(IDLE_MILLIS)) {
      return false; // somebody waits for it, perhaps for ever: asking the kernel would wait too
    }
    node.hide(); // no new opener by this name meanwhile
    boolean isReleased = false;
    try {
      isReleased = connection.device.release();
    } finally {
      if (!isReleased) {
        node.show(KernelNbd.MAJOR, connection.device.minor());
      }
    }
    if (!isReleased) {
      return false;
    }
    isGone = true;
    if (!awaitEnd()) {
      connection.client.cut();
    }
    forget();
    return true;
  }

  private boolean awaitEnd() {
    try {
      return connection.client.awaitEnd(END_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void forget() throws IOException {
    warden.forget(file.toString());
    Files.deleteIfExists(file);
  }

  @Override
  public synchronized boolean flush(long timeoutMillis) throws IOException {
    return isGone || connection.device.flush(timeoutMillis);
  }

  @Override
  public synchronized void abandon() throws IOException {
    if (isGone) {
      return;
    }
    isGone = true;
    node.hide();
    connection.client.cut(); // first, so that nothing that was written is waited for
    awaitEnd();
    connection.device.abandon();
    forget();
    LOG.log(Level.WARNING, "device={0} taken away while it may have been open", node.path());
  }

  @Override
  public synchronized void removeName() throws IOException {
    node.remove();
  }

  @Override
  public synchronized void resize(long newSizeBytes) throws IOException {
    if (!isGone && newSizeBytes != sizeBytes) {
      connection.device.resize(newSizeBytes);
      sizeBytes = newSizeBytes;
    }
  }
}
