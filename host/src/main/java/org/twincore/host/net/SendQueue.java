package org.twincore.host.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.Payload;

/// What one socket has still to send.
///
/// Any thread adds (in the order that counts) and any thread flushes: the first that finds no
/// writer becomes the writer until the queue is empty, the others go on at once. Where the kernel
/// takes no more, writing passes to the socket's own thread ([#isBlocked], [#resume]).
final class SendQueue {
  private static final int SMALL_BUFFER_BYTES = 16 << 10;
  private static final int LARGE_BUFFER_BYTES = 256 << 10;

  /// More than an honest peer can make us owe it at once, which is 65,536 reads of its applications
  /// and 131,072 resync requests (`max-buffers`); behind this many packets it counts as one that
  /// reads nothing while it goes on asking.
  static final int QUEUED_MAX = 1 << 18;

  private sealed interface Item {}

  private record Queued(Effect.Send send) implements Item {}

  /// Nothing comes behind it.
  private record TheEnd() implements Item {}

  private final long number;
  private final PeerChannel channel;
  private final Runnable wakeReader;
  private final ConcurrentLinkedQueue<Item> queue = new ConcurrentLinkedQueue<>();

  /// Calls for a writer since the last one began; above 0 there is a writer, or it is blocked.
  private final AtomicInteger calls = new AtomicInteger();

  private final AtomicInteger queued = new AtomicInteger();

  private volatile boolean isBlocked;
  private volatile boolean isAtEnd;

  /// When the kernel last took something, or was first asked to (nanoTime).
  private volatile long takenNanos;

  private volatile @Nullable String failure;

  // Of the writer alone, handed over by `calls` and `isBlocked`.
  private ByteBuffer out = ByteBuffer.allocateDirect(SMALL_BUFFER_BYTES);
  private @Nullable Payload payload;
  private int payloadDone;
  private long tokenOfCurrent;

  /// The last token whose packet is complete in `out`, not yet reported.
  private long tokenInBuffer;

  private int callsSeen;

  SendQueue(long number, PeerChannel channel, Runnable wakeReader) {
    this.number = number;
    this.channel = channel;
    this.wakeReader = wakeReader;
  }

  /// Takes a packet; when too many wait already, what nobody reads is let go and the socket fails.
  void add(Effect.Send send) {
    if (queued.get() >= QUEUED_MAX) {
      failure = "the peer takes nothing, and " + QUEUED_MAX + " packets wait for it";
      wakeReader.run();
      return;
    }
    queued.incrementAndGet();
    queue.add(new Queued(send));
  }

  void addEnd() {
    queue.add(new TheEnd());
  }

  /// True if the kernel took not all: the socket's thread waits until it is writable, then calls
  /// [#resume].
  boolean isBlocked() {
    return isBlocked;
  }

  /// How long the kernel has taken nothing of what is queued; 0 if nothing waits.
  long blockedNanos() {
    return isBlocked ? System.nanoTime() - takenNanos : 0;
  }

  /// True when all is sent and nothing comes behind.
  boolean isAtEnd() {
    return isAtEnd;
  }

  /// Why nothing can be sent any more.
  @Nullable String failure() {
    return failure;
  }

  void flush(EventSink sentSink) {
    if (calls.getAndIncrement() == 0) {
      callsSeen = 1;
      takenNanos = System.nanoTime();
      write(sentSink);
    }
  }

  /// Goes on after a block; by the socket's thread only.
  void resume(EventSink sentSink) {
    isBlocked = false;
    write(sentSink);
  }

  private void write(EventSink sentSink) {
    while (true) {
      if (!writeOut(sentSink)) {
        isBlocked = true;
        wakeReader.run();
        return;
      }
      int left = calls.addAndGet(-callsSeen);
      if (left == 0) {
        return;
      }
      callsSeen = left;
    }
  }

  /// False if the kernel took less than there is.
  private boolean writeOut(EventSink sentSink) {
    while (true) {
      fill();
      if (out.position() == 0 && !keepsUnsent()) {
        return true;
      }
      if (failure != null) {
        out.clear();
        continue;
      }
      try {
        out.flip();
        if (channel.write(out) > 0) {
          takenNanos = System.nanoTime();
        }
      } catch (IOException failed) {
        failure = String.valueOf(failed.getMessage());
        wakeReader.run();
      }
      boolean isAll = !out.hasRemaining() && !keepsUnsent();
      out.compact();
      if (!isAll && failure == null) {
        return false;
      }
      if (tokenInBuffer != 0) {
        long token = tokenInBuffer;
        tokenInBuffer = 0;
        sentSink.post(new Event.Sent(number, token));
      }
    }
  }

  private boolean keepsUnsent() {
    return failure == null && channel.hasUnsent();
  }

  /// Moves what is queued into `out` as far as it fits.
  private void fill() {
    while (true) {
      if (payload != null && !fillPayload(payload)) {
        return;
      }
      if (out.remaining() < PacketEncoder.BYTES_MAX && !grow()) {
        return;
      }
      switch (queue.poll()) {
        case null -> {
          return;
        }
        case Queued(Effect.Send send) -> {
          queued.decrementAndGet();
          start(send);
        }
        case TheEnd() -> {
          isAtEnd = out.position() == 0 && !keepsUnsent();
          if (!isAtEnd) {
            queue.add(new TheEnd()); // once more when `out` is empty
            return;
          }
          wakeReader.run();
        }
      }
    }
  }

  private void start(Effect.Send send) {
    PacketEncoder.encode(send.framing(), send.volume(), send.packet(), out);
    tokenOfCurrent = send.token();
    payload = send.payload();
    payloadDone = 0;
    if (payload == null) {
      finishPacket();
    } else if (payload.lengthBytes() > out.remaining()) {
      grow();
    }
  }

  /// Makes more room for what goes out at once; false if there is as much as there ever is.
  private boolean grow() {
    if (out.capacity() == LARGE_BUFFER_BYTES) {
      return false;
    }
    out = ByteBuffer.allocateDirect(LARGE_BUFFER_BYTES).put(out.flip());
    return true;
  }

  /// True if the payload is complete.
  private boolean fillPayload(Payload bytes) {
    int part = Math.min(bytes.lengthBytes() - payloadDone, out.remaining());
    out.put(bytes.array(), bytes.arrayOffset() + payloadDone, part);
    payloadDone += part;
    if (payloadDone < bytes.lengthBytes()) {
      return false;
    }
    payload = null;
    finishPacket();
    return true;
  }

  private void finishPacket() {
    if (tokenOfCurrent != 0) {
      tokenInBuffer = tokenOfCurrent;
    }
  }
}
