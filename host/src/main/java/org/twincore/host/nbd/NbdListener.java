package org.twincore.host.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Serves exports over NBD on any number of addresses.
///
/// Connections over the limit are closed at accept; what goes wrong with a client ends that client
/// only. [#close] answers what is in flight first.
public final class NbdListener implements AutoCloseable {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  /// Little is on the stack of a connection's thread.
  private static final long STACK_BYTES = 256 << 10;

  /// After a failed accept (no descriptors left), so that the loop does not spin.
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  private final Exports exports;
  private final ServingRoom room;
  private final Set<NbdConnection> connections = ConcurrentHashMap.newKeySet();
  private final List<ListeningSocket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicLong accepted = new AtomicLong();
  private volatile boolean isClosing;

  public NbdListener(Exports exports, NbdSettings settings) {
    this.exports = exports;
    this.room =
        new ServingRoom(settings, nanos -> connections.forEach(it -> it.cutIfStalled(nanos)));
  }

  /// Listens on one more address; on return clients can connect. A Unix socket is made with mode
  /// 0600, in the place of a dead one; a living one is an error, as is a port in use. Returns the
  /// address with the port that port 0 became.
  public SocketAddress listen(SocketAddress address) throws IOException {
    ListeningSocket socket = ListeningSocket.bind(address);
    sockets.add(socket);
    Thread.ofPlatform()
        .name("nbd-accept-" + socket)
        .daemon()
        .start(() -> acceptAll(socket.channel()));
    LOG.log(Level.INFO, "nbd listening={0}", socket);
    return socket.address();
  }

  /// One line for each connection: client, export, requests in flight.
  public List<String> connections() {
    List<String> lines = new ArrayList<>();
    for (NbdConnection connection : connections) {
      lines.add(connection.describe());
    }
    lines.sort(null);
    return lines;
  }

  /// Takes no new clients, ends each connection when what it has in flight is answered, at the
  /// latest after `graceMillis`, then cuts them. True if all went in time.
  public boolean close(long graceMillis) {
    if (room.isAborting()) {
      return connections.isEmpty();
    }
    isClosing = true;
    for (ListeningSocket socket : sockets) {
      socket.close();
    }
    stopAll();
    boolean inTime = awaitNone(graceMillis);
    room.abort();
    stopAll();
    room.endTimeouts();
    return inTime;
  }

  @Override
  public void close() {
    close(0);
  }

  ServingRoom room() {
    return room;
  }

  Exports exports() {
    return exports;
  }

  void ended(NbdConnection connection) {
    connections.remove(connection);
    synchronized (connections) {
      connections.notifyAll();
    }
  }

  private void acceptAll(ServerSocketChannel server) {
    while (!isClosing) {
      try {
        SocketChannel channel = server.accept();
        if (isFull(isLocal(channel))) {
          channel.close();
          room.noteRefused(
              "any", "more than " + room.settings().connectionsMax() + " connections", false);
        } else {
          serve(channel);
        }
      } catch (ClosedChannelException _) {
        return;
      } catch (IOException | OutOfMemoryError failed) {
        // No descriptors or no threads left: those who are here are still served.
        LOG.log(Level.WARNING, "nbd accept failed: {0}", failed.getMessage());
        pause();
      }
    }
  }

  /// Who may use the Unix sockets is not locked out by whoever reaches the port.
  private boolean isFull(boolean isLocal) {
    return connections.stream().filter(it -> it.isLocal() == isLocal).count()
        >= room.settings().connectionsMax();
  }

  private static boolean isLocal(SocketChannel channel) throws IOException {
    return channel.getLocalAddress() instanceof UnixDomainSocketAddress;
  }

  private void serve(SocketChannel channel) throws IOException {
    NbdConnection connection;
    String client;
    try {
      boolean isUnix = isLocal(channel);
      client = (isUnix ? "unix" : channel.getRemoteAddress()) + "#" + accepted.incrementAndGet();
      if (!isUnix) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      }
      connection = new NbdConnection(this, client, isUnix, channel);
    } catch (IOException gone) {
      channel.close();
      throw gone;
    }
    connections.add(connection);
    try {
      Thread.ofPlatform()
          .name("nbd-" + client)
          .daemon()
          .stackSize(STACK_BYTES)
          .start(connection::run);
    } catch (OutOfMemoryError noThread) {
      connections.remove(connection);
      channel.close();
      throw noThread;
    }
    if (isClosing) {
      connection.stop("server is stopping");
    }
  }

  private void stopAll() {
    for (NbdConnection connection : connections) {
      connection.stop("server is stopping");
    }
  }

  private boolean awaitNone(long graceMillis) {
    synchronized (connections) {
      try {
        // Each end of a connection notifies; the timeout is for the whole.
        ScheduledFuture<?> end = room.afterMillis(graceMillis, () -> {});
        while (!connections.isEmpty() && !end.isDone()) {
          connections.wait(Math.max(1, end.getDelay(TimeUnit.MILLISECONDS)));
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      return connections.isEmpty();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(ACCEPT_PAUSE_MILLIS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
