package org.twincore.host.net;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.WireFormatException;

/// One socket: a thread that reads it, and a [SendQueue] that any thread may flush.
///
/// The thread posts what it reads and goes on only when that was applied. If the peer does not take
/// what is sent, the thread also waits for room and goes on sending.
final class PeerSocket implements Runnable {
  private static final Logger LOG = System.getLogger("org.twincore.net");
  private static final int SMALL_BUFFER_BYTES = 16 << 10;
  private static final int LARGE_BUFFER_BYTES = 256 << 10;
  private static final int BATCH_MAX = 64;

  /// For what is queued when the engine closes.
  private static final long CLOSE_LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long number;
  private final PeerChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final PacketSink sink;
  private final Runnable gone;
  private final SendQueue sendQueue;
  private final AtomicBoolean isDone = new AtomicBoolean();
  private volatile int limitBodyBytes = FrameDecoder.INITIAL_LIMIT_BYTES;
  private volatile boolean isPaused;

  /// After how long without anything taken the engine hears of it; 0 is never.
  private volatile long blockedMaxNanos;

  /// When the engine asked for the end (nanoTime), 0 before.
  private volatile long closeAskedNanos;

  // Of the reading thread alone.
  private final FrameDecoder decoder = new FrameDecoder();
  private final List<Event> batch = new ArrayList<>();
  private ByteBuffer in = ByteBuffer.allocateDirect(SMALL_BUFFER_BYTES).limit(0);

  /// The last read could have brought more.
  private boolean wasFull;

  private int decoderLimitBytes = FrameDecoder.INITIAL_LIMIT_BYTES;

  /// The block that lasts was reported.
  private boolean isReported;

  /// Takes the channel over, whose socket does not block. `gone` is called when the socket ends of
  /// itself.
  PeerSocket(long number, PeerChannel channel, PacketSink sink, Runnable gone) throws IOException {
    this.number = number;
    this.channel = channel;
    this.sink = sink;
    this.gone = gone;
    this.selector = Selector.open();
    try {
      this.key = channel.socket().register(selector, SelectionKey.OP_READ);
    } catch (IOException failed) {
      selector.close();
      throw failed;
    }
    this.sendQueue = new SendQueue(number, channel, selector::wakeup);
  }

  long number() {
    return number;
  }

  void queue(Effect.Send send) {
    sendQueue.add(send);
  }

  /// The engine wants no more of it: no event from here on; closed when the queue is sent.
  void queueClose() {
    closeAskedNanos = System.nanoTime() | 1;
    sendQueue.addEnd();
    selector.wakeup();
  }

  void flush(EventSink sentSink) {
    sendQueue.flush(sentSink);
  }

  void limitBody(int bytes) {
    limitBodyBytes = bytes;
  }

  void limitBlocked(long nanos) {
    blockedMaxNanos = nanos;
    selector.wakeup();
  }

  void pause() {
    isPaused = true;
  }

  void resume() {
    isPaused = false;
    selector.wakeup();
  }

  /// Closes at once, without an event.
  void abort() {
    isDone.set(true);
    closeChannel();
  }

  @Override
  public void run() {
    try {
      while (!isDone.get() && !sendQueue.isAtEnd()) {
        turn();
      }
      isDone.set(true);
    } catch (WireFormatException malformed) {
      ended(String.valueOf(malformed.getMessage()), malformed.fault());
    } catch (IOException failed) {
      ended(String.valueOf(failed.getMessage()), null);
    } finally {
      closeChannel();
      gone.run();
    }
  }

  private void turn() throws IOException, WireFormatException {
    if (sendQueue.isBlocked()) {
      sendQueue.resume(sink);
    }
    if (closeAskedNanos != 0) {
      awaitEnd();
      return;
    }
    if (sendQueue.failure() != null) {
      throw new IOException(sendQueue.failure());
    }
    reportBlock();
    if (isPaused) {
      select(0);
      return;
    }
    if (in.hasRemaining()) {
      decode();
      return;
    }
    if (wasFull && in.capacity() < LARGE_BUFFER_BYTES) {
      in = ByteBuffer.allocateDirect(LARGE_BUFFER_BYTES);
    }
    in.clear();
    int got = channel.read(in);
    wasFull = !in.hasRemaining();
    in.flip();
    if (got < 0) {
      throw new IOException("closed by the peer");
    }
    if (got == 0) {
      select(SelectionKey.OP_READ);
    }
  }

  /// Nothing is read any more; wait until all is sent, but not for ever.
  private void awaitEnd() throws IOException {
    long leftNanos = closeAskedNanos + CLOSE_LINGER_NANOS - System.nanoTime();
    if (leftNanos <= 0 || sendQueue.failure() != null) {
      isDone.set(true);
      return;
    }
    key.interestOps(sendQueue.isBlocked() ? SelectionKey.OP_WRITE : 0);
    selector.select(_ -> {}, Math.max(1, TimeUnit.NANOSECONDS.toMillis(leftNanos)));
  }

  /// Once for each time that the peer takes nothing for too long.
  private void reportBlock() {
    boolean isTooLong = blockedMaxNanos > 0 && sendQueue.blockedNanos() >= blockedMaxNanos;
    if (isTooLong && !isReported) {
      sink.post(new Event.SendBlocked(number));
    }
    isReported = isTooLong;
  }

  private void select(int interest) throws IOException {
    boolean isBlocked = sendQueue.isBlocked();
    key.interestOps(interest | (isBlocked ? SelectionKey.OP_WRITE : 0));
    boolean isTimed = isBlocked && blockedMaxNanos > 0 && !isReported;
    if (isTimed) {
      long leftNanos = Math.max(0, blockedMaxNanos - sendQueue.blockedNanos());
      selector.select(_ -> {}, TimeUnit.NANOSECONDS.toMillis(leftNanos) + 1);
    } else {
      selector.select(_ -> {});
    }
  }

  /// Cuts packets out of `in` until it is used up or reading is to pause. Before the peer is known
  /// one at a time, since each may change the limit for the next.
  private void decode() throws WireFormatException {
    if (decoderLimitBytes != limitBodyBytes) {
      decoderLimitBytes = limitBodyBytes;
      decoder.limitBody(decoderLimitBytes);
    }
    int most = decoderLimitBytes == FrameDecoder.INITIAL_LIMIT_BYTES ? 1 : BATCH_MAX;
    try {
      while (batch.size() < most) {
        FrameDecoder.Decoded decoded = decoder.decode(in);
        if (decoded == null) {
          break;
        }
        batch.add(
            new Event.PacketArrived(
                number, decoded.framing(), decoded.volume(), decoded.packet(), decoded.payload()));
      }
    } finally {
      deliver();
    }
    wasFull |= decoder.payloadMissing() > in.capacity();
  }

  private void deliver() {
    if (batch.size() == 1) {
      sink.post(batch.getFirst());
    } else if (!batch.isEmpty()) {
      sink.postAll(List.copyOf(batch));
    }
    batch.clear();
  }

  private void ended(String cause, WireFormatException.@Nullable Fault fault) {
    if (isDone.compareAndSet(false, true) && closeAskedNanos == 0) {
      sink.post(new Event.SocketClosed(number, cause, fault));
    }
  }

  private void closeChannel() {
    try (selector) {
      channel.socket().close();
    } catch (IOException failed) {
      LOG.log(Level.DEBUG, "socket={0} close failed: {1}", number, failed); // gone all the same
    }
  }
}
