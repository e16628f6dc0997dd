package org.twincore.it;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.twincore.testkit.PcapWriter;
import org.twincore.testkit.PcapWriter.Sender;

/// Stands between a dialling node and its listening peer, hands every byte on and writes it down.
final class WireTap implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  private final ServerSocket listener;
  private volatile InetSocketAddress target;
  private volatile PcapWriter writer;
  private final BitFlip flip;
  private final Speaker dialler;
  private final Speaker answerer;
  private final HeldEnds ends;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final long startNanos = System.nanoTime();

  /// Everything that is dialled to [#address] goes on to `target`.
  WireTap(InetSocketAddress target, PcapWriter writer) throws IOException {
    this(target, writer, new BitFlip());
  }

  /// The same, but for what `flip` changes.
  WireTap(InetSocketAddress target, PcapWriter writer, BitFlip flip) throws IOException {
    this(target, writer, flip, new Speaker(), new Speaker(), new HeldEnds());
  }

  /// The same between two nodes that are listened to, whose connections end as `ends` has it.
  WireTap(
      InetSocketAddress target,
      PcapWriter writer,
      BitFlip flip,
      Speaker dialler,
      Speaker answerer,
      HeldEnds ends)
      throws IOException {
    this.flip = flip;
    this.dialler = dialler;
    this.answerer = answerer;
    this.ends = ends;
    this.listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    this.target = target;
    this.writer = writer;
    Thread.ofVirtual().start(this::accept);
  }

  /// What the dialling node is told to be its peer's address.
  InetSocketAddress address() {
    return (InetSocketAddress) listener.getLocalSocketAddress();
  }

  /// What is dialled from now on is written down there.
  void writeTo(PcapWriter newWriter) {
    writer = newWriter;
  }

  /// What is dialled from now on goes there.
  void redirect(InetSocketAddress newTarget) {
    target = newTarget;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        sockets.add(near);
        join(near);
      } catch (IOException _) {
        // The tap is closed.
      }
    }
  }

  private void join(Socket near) throws IOException {
    Socket far = new Socket();
    sockets.add(far);
    try {
      far.connect(target);
    } catch (IOException _) {
      near.close(); // nobody listens there now
      return;
    }
    near.setTcpNoDelay(true);
    far.setTcpNoDelay(true);
    PcapWriter.Connection connection =
        writer.open(seconds(), (InetSocketAddress) near.getRemoteSocketAddress(), target);
    HeldEnds.Pair both = ends.pair();
    Speaker.Stream there = dialler.new Stream();
    Speaker.Stream back = answerer.new Stream();
    Thread.ofVirtual().start(() -> carry(near, far, connection, Sender.DIALLER, there, both));
    Thread.ofVirtual().start(() -> carry(far, near, connection, Sender.LISTENER, back, both));
  }

  private void carry(
      Socket from,
      Socket to,
      PcapWriter.Connection connection,
      Sender sender,
      Speaker.Stream stream,
      HeldEnds.Pair both) {
    byte[] buffer = new byte[BUFFER_BYTES];
    Recording.Stream recorded = new Recording.Stream();
    try (from;
        to) {
      try {
        InputStream in = from.getInputStream();
        for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
          byte[] data = Arrays.copyOf(buffer, got);
          flip.pass(data);
          byte[] arriving = stream.pass(data);
          connection.send(seconds(), sender, recorded.kept(arriving));
          handOn(arriving, to);
        }
      } finally {
        both.ended();
      }
    } catch (IOException _) {
      // One end closed; both are closed now, as after a real loss.
    }
  }

  private void handOn(byte[] data, Socket to) throws IOException {
    try {
      to.getOutputStream().write(data);
    } catch (IOException isClosed) {
      if (!ends.areHeld()) {
        throw isClosed;
      }
    }
  }

  private double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /// Cuts every connection; new ones are taken.
  void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }
}
