package org.twincore.host.nbd;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.ClientEvent;
import org.twincore.nbd.ClientSession;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.Request;
import org.twincore.nbd.RequestEncoder;
import org.twincore.nbd.StatusExtent;
import org.twincore.nbd.ZeroMode;

/// A blocking NBD client: one export over one connection, used by any number of threads.
///
/// Blocking calls return when the server has answered. The `...Async` calls return as soon as the
/// request is sent, wait only while [#IN_FLIGHT_MAX] requests are unanswered, and finish through
/// their [Completion] on the receiving thread. When the connection is lost, all that is unanswered
/// fails with a [NbdException] without error: it may or may not have been carried out.
public final class NbdClient implements AutoCloseable {
  /// Requests of one client that are not answered yet.
  public static final int IN_FLIGHT_MAX = 128;

  private static final int INPUT_BYTES = 256 << 10;
  private static final long CLOSE_MILLIS = 5_000;

  /// Called once, on the receiving thread or, if sending fails, on the caller's; must not wait.
  public interface Completion {
    /// Null on success.
    void completed(@Nullable NbdException failure);
  }

  /// A request on its way, with what its answer fills in.
  private static final class Pending {
    final Request request;
    final byte[] into;
    final int intoOffset;
    final Completion completion;
    List<StatusExtent> extents = List.of();

    Pending(Request request, byte[] into, int intoOffset, Completion completion) {
      this.request = request;
      this.into = into;
      this.intoOffset = intoOffset;
      this.completion = completion;
    }
  }

  private static final byte[] NOTHING = {};

  private final SocketChannel channel;
  private final ClientSession session;
  private final Map<Long, Pending> outstanding = new ConcurrentHashMap<>();
  private final AtomicLong cookies = new AtomicLong();
  private final Semaphore places = new Semaphore(IN_FLIGHT_MAX);
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteBuffer head = ByteBuffer.allocateDirect(RequestEncoder.HEAD_BYTES);
  private final CountDownLatch negotiated = new CountDownLatch(1);
  private final Thread receiver;
  private volatile ClientEvent.@Nullable Connected connected;
  private volatile @Nullable String lost;

  private NbdClient(SocketChannel channel, String exportName) {
    this.channel = channel;
    this.session =
        new ClientSession(
            exportName,
            cookie -> {
              Pending pending = outstanding.get(cookie);
              return pending == null ? null : pending.request;
            });
    this.receiver =
        Thread.ofPlatform().name("nbd-client-" + exportName).daemon().unstarted(this::receive);
  }

  /// Connects, negotiates and opens the export; a refusal's message is the exception's.
  public static NbdClient connect(SocketAddress address, String exportName, long timeoutMillis)
      throws IOException {
    SocketChannel channel =
        address instanceof UnixDomainSocketAddress
            ? SocketChannel.open(StandardProtocolFamily.UNIX)
            : SocketChannel.open();
    try {
      if (address instanceof UnixDomainSocketAddress) {
        channel.connect(address);
      } else {
        channel.socket().connect(address, (int) timeoutMillis);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
    } catch (IOException failed) {
      channel.close();
      throw new IOException("nbd " + address + ": " + failed.getMessage(), failed);
    }
    NbdClient client = new NbdClient(channel, exportName);
    client.receiver.start();
    client.awaitNegotiated(timeoutMillis);
    return client;
  }

  /// Name, size and flags as the server gave them.
  public ExportInfo export() {
    return opened().export();
  }

  /// Block sizes, and whether structured replies and block status were agreed on.
  public ClientEvent.Agreed agreed() {
    return opened().agreed();
  }

  /// False once the connection is lost or closed.
  public boolean isConnected() {
    return lost == null;
  }

  /// Fills `into` from `offset` on.
  public void pread(byte[] into, long offset) throws IOException {
    await(done -> preadAsync(into, 0, into.length, offset, done));
  }

  /// Writes all of `data`; acknowledged is what the export promises for a WRITE.
  public void pwrite(byte[] data, long offset) throws IOException {
    await(done -> pwriteAsync(data, 0, data.length, offset, false, done));
  }

  /// Writes all of `data` with FUA: durable on return.
  public void pwriteDurably(byte[] data, long offset) throws IOException {
    await(done -> pwriteAsync(data, 0, data.length, offset, true, done));
  }

  /// Makes durable whatever was acknowledged before, on any connection of the export if it offers
  /// multi-conn.
  public void flush() throws IOException {
    await(this::flushAsync);
  }

  public void trim(long offset, long length) throws IOException {
    long cookie = cookies.incrementAndGet();
    await(done -> send(new Request.Trim(cookie, offset, length, false), NOTHING, 0, done));
  }

  public void writeZeroes(long offset, long length, ZeroMode mode) throws IOException {
    long cookie = cookies.incrementAndGet();
    await(done ->
        send(new Request.WriteZeroes(cookie, offset, length, false, mode), NOTHING, 0, done));
  }

  /// The allocation from `offset` on, at least one extent, possibly less than `length`.
  public List<StatusExtent> blockStatus(long offset, long length) throws IOException {
    Request request = new Request.BlockStatus(cookies.incrementAndGet(), offset, length, false);
    Waiter waiter = new Waiter();
    Pending pending = new Pending(request, NOTHING, 0, waiter);
    send(pending, NOTHING, 0, 0);
    waiter.await();
    return pending.extents;
  }

  /// The array is the client's until completion.
  public void preadAsync(byte[] into, int intoOffset, int length, long offset, Completion done)
      throws IOException {
    send(
        new Pending(
            new Request.Read(cookies.incrementAndGet(), offset, length, false),
            into,
            intoOffset,
            done),
        NOTHING,
        0,
        0);
  }

  /// The array may be used again when this returns.
  public void pwriteAsync(
      byte[] data, int dataOffset, int length, long offset, boolean fua, Completion done)
      throws IOException {
    send(
        new Pending(
            new Request.Write(cookies.incrementAndGet(), offset, length, fua), NOTHING, 0, done),
        data,
        dataOffset,
        length);
  }

  public void flushAsync(Completion done) throws IOException {
    send(new Request.Flush(cookies.incrementAndGet()), NOTHING, 0, done);
  }

  /// Says goodbye (NBD_CMD_DISC), lets the server answer what is in flight, and closes.
  @Override
  public void close() {
    try {
      if (lost == null) {
        sendBytes(new Request.Disconnect(0), NOTHING, 0, 0);
        receiver.join(CLOSE_MILLIS);
      }
    } catch (IOException _) {
      // The server was faster; nothing is left to say.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    abort();
  }

  /// Cuts the connection without a word.
  public void abort() {
    lose("closed by us");
  }

  private interface Sending {
    void send(Completion done) throws IOException;
  }

  private void await(Sending sendingCall) throws IOException {
    Waiter waiter = new Waiter();
    sendingCall.send(waiter);
    waiter.await();
  }

  /// Turns a completion into a return or a throw.
  private static final class Waiter implements Completion {
    private final CountDownLatch answered = new CountDownLatch(1);
    private volatile @Nullable NbdException failure;

    @Override
    public void completed(@Nullable NbdException failed) {
      failure = failed;
      answered.countDown();
    }

    void await() throws NbdException {
      try {
        answered.await();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw new NbdException(null, "interrupted while waiting for the server");
      }
      NbdException failed = failure;
      if (failed != null) {
        throw failed;
      }
    }
  }

  private void send(Request request, byte[] data, int length, Completion done) throws IOException {
    send(new Pending(request, NOTHING, 0, done), data, 0, length);
  }

  private void send(Pending pending, byte[] data, int dataOffset, int length) throws IOException {
    try {
      places.acquire();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new NbdException(null, "interrupted while waiting for a place");
    }
    outstanding.put(pending.request.cookie(), pending);
    try {
      sendBytes(pending.request, data, dataOffset, length);
    } catch (IOException failed) {
      lose(String.valueOf(failed.getMessage()));
    }
    String reason = lost;
    if (reason != null) {
      // Whoever removes it completes it: here, or the receiver that swept before the put.
      complete(pending.request.cookie(), null, reason);
    }
  }

  private void sendBytes(Request request, byte[] data, int dataOffset, int length)
      throws IOException {
    sending.lock();
    try {
      head.clear();
      RequestEncoder.encodeHead(request, head);
      ByteBuffer[] parts = {head.flip(), ByteBuffer.wrap(data, dataOffset, length)};
      while (parts[0].hasRemaining() || parts[1].hasRemaining()) {
        channel.write(parts);
      }
    } finally {
      sending.unlock();
    }
  }

  private ClientEvent.Connected opened() {
    ClientEvent.Connected now = connected;
    if (now == null) {
      throw new IllegalStateException("not connected");
    }
    return now;
  }

  private void awaitNegotiated(long timeoutMillis) throws IOException {
    try {
      if (!negotiated.await(timeoutMillis, TimeUnit.MILLISECONDS)) {
        lose("no answer within " + timeoutMillis + " ms");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      lose("interrupted");
    }
    if (connected == null) {
      throw new NbdException(null, String.valueOf(lost));
    }
  }

  private void receive() {
    ByteBuffer in = ByteBuffer.allocateDirect(INPUT_BYTES).flip();
    try {
      boolean isOpen = true;
      while (isOpen) {
        isOpen = handle(session.poll(in), in);
      }
    } catch (IOException | RuntimeException failed) {
      lose("connection lost: " + failed.getMessage());
    } finally {
      negotiated.countDown();
      lose("connection lost");
    }
  }

  private boolean handle(ClientEvent event, ByteBuffer in) throws IOException {
    switch (event) {
      case ClientEvent.NeedBytes _ -> more(in);
      case ClientEvent.Handshake(byte[] bytes) -> {
        ByteBuffer out = ByteBuffer.wrap(bytes);
        while (out.hasRemaining()) {
          channel.write(out);
        }
      }
      case ClientEvent.Connected now -> {
        connected = now;
        negotiated.countDown();
      }
      case ClientEvent.Refused(var why, String message) -> {
        lose(why + ": " + message);
        return false;
      }
      case ClientEvent.Data(long cookie, int position, _) -> data(cookie, position, in);
      case ClientEvent.Hole(long cookie, int position, int length) -> {
        Pending pending = find(cookie);
        int from = pending.intoOffset + position;
        Arrays.fill(pending.into, from, from + length, (byte) 0);
      }
      case ClientEvent.Status(long cookie, List<StatusExtent> extents) ->
          find(cookie).extents = extents;
      case ClientEvent.Completed(long cookie, NbdError error, String message) ->
          complete(cookie, error, error == null ? null : message);
      case ClientEvent.Broken(String reason) -> {
        lose(reason);
        return false;
      }
    }
    return true;
  }

  private void data(long cookie, int position, ByteBuffer in) throws IOException {
    Pending pending = find(cookie);
    int at = pending.intoOffset + position;
    while (session.payloadRemaining() > 0) {
      int moved = session.payload(in, pending.into, at);
      at += moved;
      if (moved == 0) {
        more(in);
      }
    }
  }

  private Pending find(long cookie) throws IOException {
    Pending pending = outstanding.get(cookie);
    if (pending == null) {
      throw new IOException("request " + cookie + " is gone");
    }
    return pending;
  }

  private void more(ByteBuffer in) throws IOException {
    in.compact();
    if (channel.read(in) < 0) {
      throw new IOException("closed by the server");
    }
    in.flip();
  }

  /// With neither error nor message: success. With a message alone: the connection is lost.
  private void complete(long cookie, @Nullable NbdError error, @Nullable String message) {
    Pending pending = outstanding.remove(cookie);
    if (pending != null) {
      places.release();
      pending.completion.completed(message == null ? null : new NbdException(error, message));
    }
  }

  private void lose(String reason) {
    if (lost == null) {
      lost = reason;
    }
    try {
      channel.close();
    } catch (IOException _) {
      // Closing is all we wanted of it.
    }
    for (Long cookie : outstanding.keySet()) {
      complete(cookie, null, String.valueOf(lost));
    }
  }
}
