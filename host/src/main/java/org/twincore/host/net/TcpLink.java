package org.twincore.host.net;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.engine.port.Link;

/// The TCP connections between a resource and its peer.
///
/// [#carryOut] only queues sends, in the order of the calls; [#flush] hands what is queued to the
/// kernel, called by the same thread when it holds no lock any more. Everything else starts in
/// `carryOut` and never blocks it. Events come from the link's own threads.
public final class TcpLink implements Link, AutoCloseable {
  private static final Logger LOG = System.getLogger("org.twincore.net");

  /// Two are wanted; more are on trial until the engine has heard who they are.
  private static final int SOCKETS_MAX = 32;

  /// For an accepted peer to say who it is in TLS; one that dials has the time of the dial.
  private static final long GREETING_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final String name;
  private final Ends ends;
  private final Wrapping wrapping;
  private final PacketSink sink;
  private final AtomicLong numbers = new AtomicLong();
  private final ConcurrentHashMap<Long, PeerSocket> sockets = new ConcurrentHashMap<>();
  private final ConcurrentLinkedQueue<PeerSocket> unflushed = new ConcurrentLinkedQueue<>();
  private final AtomicInteger greeting = new AtomicInteger();
  private @Nullable Listener listener;
  private volatile boolean isClosed;

  /// Why the last peer was refused before the protocol began: said once, not at each attempt.
  private volatile String refusal = "";

  /// `name` is for threads and messages: the resource's. `wrapping` as at the peer.
  public TcpLink(String name, Ends ends, Wrapping wrapping, PacketSink sink) {
    this.name = name;
    this.ends = ends;
    this.wrapping = wrapping;
    this.sink = sink;
  }

  /// Own and peer's address with port, and the socket buffers' sizes in bytes (0: the kernel's
  /// choice). A dial comes from the own address, an accepted connection must come from the peer's.
  public record Ends(
      InetSocketAddress local,
      InetSocketAddress peer,
      int sendBufferBytes,
      int receiveBufferBytes) {
    public Ends {
      if (local.isUnresolved() || peer.isUnresolved()) {
        throw new IllegalArgumentException("unresolved address: " + local + ", " + peer);
      }
    }
  }

  @Override
  public void carryOut(Effect.OfLink effect) {
    switch (effect) {
      case Effect.Listen() -> listen();
      case Effect.StopListening() -> stopListening();
      case Effect.Dial(long attempt, long timeoutNanos) ->
          Thread.ofVirtual().name("dial-" + name).start(() -> dial(attempt, timeoutNanos));
      case Effect.Send send ->
          socket(send.socket())
              .ifPresent(socket -> {
                socket.queue(send);
                unflushed.add(socket);
              });
      case Effect.LimitBody(long socket, int limitBodyBytes) ->
          socket(socket).ifPresent(found -> found.limitBody(limitBodyBytes));
      case Effect.LimitBlocked(long socket, long nanos) ->
          socket(socket).ifPresent(found -> found.limitBlocked(nanos));
      case Effect.PauseReading(long socket) -> socket(socket).ifPresent(PeerSocket::pause);
      case Effect.ResumeReading(long socket) -> socket(socket).ifPresent(PeerSocket::resume);
      case Effect.CloseSocket(long number) -> {
        PeerSocket socket = sockets.remove(number);
        if (socket != null) {
          socket.queueClose();
          unflushed.add(socket);
        }
      }
    }
  }

  private Optional<PeerSocket> socket(long number) {
    return Optional.ofNullable(sockets.get(number));
  }

  /// Writes what is queued as far as the kernel takes it; never blocks. `Sent` events go to
  /// `sentSink`, from this thread.
  public void flush(EventSink sentSink) {
    for (PeerSocket socket = unflushed.poll(); socket != null; socket = unflushed.poll()) {
      socket.flush(sentSink);
    }
  }

  private synchronized void listen() {
    if (listener == null && !isClosed) {
      listener = new Listener(name, ends, this::accepted);
      listener.start();
    }
  }

  private synchronized void stopListening() {
    if (listener != null) {
      listener.stop();
      listener = null;
    }
  }

  private void accepted(SocketChannel socket) throws IOException {
    if (sockets.size() + greeting.get() >= SOCKETS_MAX) {
      socket.close();
    } else if (wrapping.isNone()) {
      accept(socket);
    } else {
      greeting.incrementAndGet();
      Thread.ofVirtual().name("greet-" + name).start(() -> acceptWrapped(socket));
    }
  }

  /// The listener goes on meanwhile.
  private void acceptWrapped(SocketChannel socket) {
    try {
      accept(socket);
    } catch (IOException refused) {
      LOG.log(Level.DEBUG, "resource={0} accepted socket refused: {1}", name, refused);
    } finally {
      greeting.decrementAndGet();
    }
  }

  private void accept(SocketChannel connected) throws IOException {
    PeerSocket socket = adopt(connected, false, System.nanoTime() + GREETING_NANOS);
    sink.post(new Event.Accepted(socket.number()));
    start(socket);
  }

  private void dial(long attempt, long timeoutNanos) {
    long deadlineNanos = System.nanoTime() + timeoutNanos;
    PeerSocket socket;
    try {
      SocketChannel connected = connect(Math.max(1, TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
      socket = adopt(connected, true, deadlineNanos);
    } catch (IOException failed) {
      sink.post(new Event.DialFailed(attempt, String.valueOf(failed.getMessage())));
      return;
    }
    sink.post(new Event.Dialed(attempt, socket.number()));
    start(socket);
  }

  private SocketChannel connect(long timeoutMillis) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.bind(new InetSocketAddress(ends.local.getAddress(), 0));
      channel.socket().connect(ends.peer, (int) Math.min(timeoutMillis, Integer.MAX_VALUE));
      if (channel.getLocalAddress().equals(channel.getRemoteAddress())) {
        throw new IOException("connected to itself");
      }
      return channel;
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
  }

  /// Makes a socket of a connected channel; it reads nothing of the protocol until [#start].
  private PeerSocket adopt(SocketChannel connected, boolean isDialer, long deadlineNanos)
      throws IOException {
    try {
      connected.setOption(StandardSocketOptions.TCP_NODELAY, true);
      connected.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      if (ends.sendBufferBytes > 0) {
        connected.setOption(StandardSocketOptions.SO_SNDBUF, ends.sendBufferBytes);
      }
      if (ends.receiveBufferBytes > 0) {
        connected.setOption(StandardSocketOptions.SO_RCVBUF, ends.receiveBufferBytes);
      }
      connected.configureBlocking(false);
      PeerChannel channel = wrap(connected, isDialer, deadlineNanos);
      long number = numbers.incrementAndGet();
      PeerSocket socket = new PeerSocket(number, channel, sink, () -> sockets.remove(number));
      sockets.put(number, socket);
      if (isClosed) {
        sockets.remove(number);
        socket.abort();
        throw new IOException("the link is closed");
      }
      return socket;
    } catch (IOException failed) {
      connected.close();
      throw failed;
    }
  }

  private PeerChannel wrap(SocketChannel connected, boolean isDialer, long deadlineNanos)
      throws IOException {
    try {
      return wrapping.wrap(connected, ends.peer.getAddress(), isDialer, deadlineNanos);
    } catch (IOException refused) {
      String why = String.valueOf(refused.getMessage());
      if (!why.equals(refusal)) {
        refusal = why;
        LOG.log(
            Level.WARNING,
            "resource={0} peer={1} wrapping=\"{2}\" error=\"refused: {3}\" next=\"the settings of both nodes must agree\"",
            name,
            ends.peer,
            wrapping,
            why);
      }
      throw refused;
    }
  }

  /// Started even if the engine closed it already: its thread sends what is queued and closes.
  private void start(PeerSocket socket) {
    Thread.ofPlatform().daemon().name("net-" + name + "-" + socket.number()).start(socket);
  }

  /// Closes everything at once; no events any more.
  @Override
  public void close() {
    isClosed = true;
    stopListening();
    for (PeerSocket socket : sockets.values()) {
      socket.abort();
    }
    sockets.clear();
    LOG.log(Level.DEBUG, "resource={0} link=closed", name);
  }

  /// How a listener hands a connection on.
  interface Accepting {
    void accepted(SocketChannel channel) throws IOException;
  }
}
