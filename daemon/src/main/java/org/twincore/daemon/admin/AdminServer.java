package org.twincore.daemon.admin;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Serves a node's admin socket: mode 0600, in a folder of mode 0700 if it has to be made.
///
/// The socket appears in one step, in the place of one that a dead node left; where a node answers,
/// opening fails.
public final class AdminServer implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.twincore.admin");
  private static final int BACKLOG = 64;
  private static final int CLIENTS_MAX = 256;
  private static final long FINISH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /// After a failed accept (no descriptors left), so that the loop does not spin.
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  private final Path path;
  private final ServerSocketChannel server;
  private final AdminDesk desk;
  private final Set<AdminConnection> clients = ConcurrentHashMap.newKeySet();

  private AdminServer(Path path, ServerSocketChannel server, AdminDesk desk) {
    this.path = path;
    this.server = server;
    this.desk = desk;
  }

  /// Opens the socket and begins to serve.
  public static AdminServer open(Path path, AdminDesk desk) throws IOException {
    if (answers(path)) {
      throw new IOException("a node answers at " + path + " already");
    }
    if (Files.exists(path) && Files.isRegularFile(path)) {
      throw new IOException(path + " is there and is no socket");
    }
    Path draft = path.resolveSibling(path.getFileName() + "~");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      Files.deleteIfExists(draft);
      server.bind(UnixDomainSocketAddress.of(draft), BACKLOG);
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-------"));
      Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException failed) {
      server.close();
      Files.deleteIfExists(draft);
      throw new IOException("no admin socket at " + path + ": " + failed.getMessage(), failed);
    }
    AdminServer made = new AdminServer(path, server, desk);
    Thread.ofPlatform().daemon().name("admin").start(made::acceptAll);
    return made;
  }

  private static boolean answers(Path path) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException _) {
      return false; // no file, or a socket that nobody listens to
    }
  }

  private void acceptAll() {
    while (true) {
      try {
        serve(server.accept());
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException failed) {
        LOG.log(Level.WARNING, "admin accept failed: {0}", failed.getMessage());
        try {
          Thread.sleep(ACCEPT_PAUSE_MILLIS);
        } catch (InterruptedException _) {
          return;
        }
      }
    }
  }

  private void serve(SocketChannel channel) throws IOException {
    if (clients.size() >= CLIENTS_MAX) {
      LOG.log(Level.WARNING, "admin client refused: more than {0} of them", CLIENTS_MAX);
      channel.close();
      return;
    }
    AdminConnection[] self = new AdminConnection[1];
    AdminConnection connection = new AdminConnection(channel, desk, () -> ended(self[0]));
    self[0] = connection;
    clients.add(connection);
    connection.start();
  }

  /// Takes no new clients and removes the socket; those who are there are served on.
  public void stopListening() {
    try {
      server.close();
      Files.deleteIfExists(path);
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "admin socket {0}: {1}", path, failed.getMessage());
    }
  }

  /// Clients get the answer they wait for, if that takes no longer than half a second.
  @Override
  public void close() {
    stopListening();
    clients.forEach(AdminConnection::finish);
    synchronized (clients) {
      long end = System.nanoTime() + FINISH_NANOS;
      try {
        for (long left = FINISH_NANOS; left > 0 && !clients.isEmpty(); ) {
          clients.wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
          left = end - System.nanoTime();
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
    clients.forEach(AdminConnection::close);
  }

  private void ended(AdminConnection connection) {
    synchronized (clients) {
      clients.remove(connection);
      clients.notifyAll();
    }
  }
}
