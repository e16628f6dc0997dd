package org.twincore.host.nbd;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.ReplyEncoder;
import org.twincore.nbd.ServerEvent;
import org.twincore.nbd.ServerSession;

/// One client from accept to close: its thread reads and negotiates, then hands over to
/// [NbdTransmission].
///
/// ```
///   negotiating --GO, EXPORT_NAME--> transmitting --DISC, end of stream, stop--> closed
///   negotiating --timeout, ABORT, nonsense--> closed
/// ```
final class NbdConnection implements ExportDirectory {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  /// Negotiation needs little, and most hostile clients never get further.
  private static final int NEGOTIATION_BUFFER_BYTES = 4096;

  private final NbdListener listener;
  private final String client;
  private final boolean isLocal;
  private final SocketEnd socket;
  private final ServerSession session = new ServerSession(this);
  private final ScheduledFuture<?> negotiationTimeout;

  /// What [#open] opened; closed by the transmission, or here if there never is one.
  private Exports.@Nullable Opened opened;

  private volatile @Nullable NbdTransmission transmission;

  NbdConnection(NbdListener listener, String client, boolean isLocal, SocketChannel channel)
      throws IOException {
    this.listener = listener;
    this.client = client;
    this.isLocal = isLocal;
    this.socket = new SocketEnd(channel, listener.room().settings().spinReads());
    this.negotiationTimeout =
        listener
            .room()
            .afterMillis(
                listener.room().settings().negotiationTimeoutMillis(),
                () -> socket.stop("negotiation timeout"));
  }

  /// The life of the connection, on its own thread.
  void run() {
    try (socket) {
      negotiate();
    } catch (IOException closed) {
      LOG.log(Level.DEBUG, "nbd client={0} closed: {1}", client, closed.getMessage());
    } finally {
      negotiationTimeout.cancel(false);
      Exports.Opened unused = opened;
      if (unused != null) {
        unused.target().close();
      }
      listener.ended(this);
    }
  }

  /// Ends the connection from any thread: requests in flight are still answered.
  void stop(String reason) {
    socket.stop(reason);
  }

  /// Ends the connection if its client has kept room from others for that long.
  void cutIfStalled(long nanos) {
    NbdTransmission running = transmission;
    if (running != null && running.hoardingNanos() >= nanos) {
      LOG.log(Level.WARNING, "nbd client={0} cut: it takes no replies, and others wait", client);
      socket.cut("it takes no replies, and others wait");
    }
  }

  /// Whether it came over a Unix socket.
  boolean isLocal() {
    return isLocal;
  }

  /// For the log and for status.
  String describe() {
    NbdTransmission running = transmission;
    return running == null ? client + " negotiating" : client + " " + running.describe();
  }

  private void negotiate() throws IOException {
    ByteBuffer in = ByteBuffer.allocate(NEGOTIATION_BUFFER_BYTES).flip();
    while (true) {
      switch (session.poll(in)) {
        case ServerEvent.NeedBytes _ -> {
          in.compact();
          while (socket.tryRead(in) == 0) {
            socket.await(true, false);
          }
          in.flip();
        }
        case ServerEvent.Handshake(byte[] bytes) -> socket.send(ByteBuffer.wrap(bytes));
        case ServerEvent.Closed(String reason, boolean byProtocol, byte[] bytes) -> {
          socket.send(ByteBuffer.wrap(bytes));
          listener.room().noteRefused(client, reason, byProtocol);
          return;
        }
        case ServerEvent.Transmission(ExportInfo export, ReplyEncoder replies, byte[] bytes) -> {
          socket.send(ByteBuffer.wrap(bytes));
          negotiationTimeout.cancel(false);
          transmit(export, replies, in);
          return;
        }
        case ServerEvent event -> throw new IllegalStateException("while negotiating: " + event);
      }
    }
  }

  private void transmit(ExportInfo export, ReplyEncoder replies, ByteBuffer in) throws IOException {
    Exports.Opened mine = opened;
    if (mine == null || socket.isStopped()) {
      throw new IOException("stopped before transmission");
    }
    opened = null;
    LOG.log(
        Level.INFO,
        "nbd client={0} export={1} access={2} opened",
        client,
        export.name(),
        export.isReadOnly() ? "ro" : "rw");
    NbdTransmission running =
        new NbdTransmission(
            listener.room(), socket, session, mine.target(), export.name(), replies);
    transmission = running;
    String end = running.run(in);
    LOG.log(Level.INFO, "nbd client={0} export={1} closed: {2}", client, export.name(), end);
  }

  @Override
  public List<String> names() {
    return listener.exports().names();
  }

  @Override
  public Lookup find(String name) {
    return listener.exports().find(name);
  }

  @Override
  public Lookup open(String name) {
    return switch (listener.exports().open(name)) {
      case Exports.Opened now -> {
        opened = now;
        yield new Found(now.info());
      }
      case Exports.NotOpened(Refused refusal) -> refusal;
    };
  }
}
