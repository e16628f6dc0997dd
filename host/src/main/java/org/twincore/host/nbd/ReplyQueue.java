package org.twincore.host.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.Reply;
import org.twincore.nbd.ReplyEncoder;

/// The replies of one connection on their way out.
///
/// Any thread adds; the first that finds no writer becomes the writer until the queue is empty, the
/// others go on at once. The connection's own thread adds without writing and drains when its input
/// is used up: that batches the replies of a deep queue. Where the socket takes no more, the
/// writer's part passes to the connection's thread ([#isBlocked], [#resume]), so a foreign thread
/// never waits for a client.
final class ReplyQueue {
  /// Direct memory of at least this size is written without a copy.
  private static final int DIRECT_MIN_BYTES = 32 << 10;

  private final SocketChannel channel;
  private final ReplyEncoder encoder;
  private final RequestWindow window;
  private final ReplyHold hold;
  private final Runnable wakeReader;
  private final BufferPool pool;
  private final Thread reader = Thread.currentThread();
  private final Queue<PendingRequest> finished = new ConcurrentLinkedQueue<>();

  /// Calls for a writer since the last one began; above 0 there is a writer, or `blocked`.
  private final AtomicInteger calls = new AtomicInteger();

  private volatile boolean blocked;
  private volatile boolean broken;

  /// When the socket last took something, or was first asked to (nanoTime).
  private volatile long takenNanos;

  // The writer's own, handed over by `calls` and `blocked`.
  private final ByteBuffer out;
  private final ArrayDeque<ByteBuffer> pieces = new ArrayDeque<>();
  private @Nullable PendingRequest sending;
  private boolean isOutReturned;

  /// Replies in `out`: they leave the window when the socket has them, so that an empty window
  /// means that nothing is left to be sent.
  private int encodedRequests;

  private long encodedBytes;
  private int callsSeen;

  /// Made by the connection's thread. The buffer comes from the pool and goes back there once the
  /// queue is discarded and no writer can touch it any more.
  ReplyQueue(
      SocketChannel channel,
      ReplyEncoder encoder,
      RequestWindow window,
      ReplyHold hold,
      Runnable wakeReader,
      BufferPool pool) {
    this.channel = channel;
    this.encoder = encoder;
    this.window = window;
    this.hold = hold;
    this.wakeReader = wakeReader;
    this.pool = pool;
    this.out = pool.take();
  }

  /// Takes a finished request from any thread; never blocks.
  void add(PendingRequest request) {
    finished.add(request);
    if (Thread.currentThread() != reader && !hold.keeps(this)) {
      drain();
    }
  }

  /// Sends what is queued, unless another thread is already at it.
  void drain() {
    if (calls.getAndIncrement() == 0) {
      callsSeen = 1;
      takenNanos = System.nanoTime();
      write();
    }
  }

  /// How long the client has taken nothing of what waits for it; 0 if nothing waits.
  long blockedNanos() {
    return blocked ? System.nanoTime() - takenNanos : 0;
  }

  /// True if the socket was full: the connection's thread waits until it is writable, then calls
  /// [#resume].
  boolean isBlocked() {
    return blocked;
  }

  void resume() {
    if (blocked) {
      blocked = false;
      write();
    }
  }

  boolean isBroken() {
    return broken;
  }

  /// From here on replies are dropped. The connection's thread calls it at its end, always.
  void discard() {
    broken = true;
    if (blocked) {
      resume();
    } else {
      drain();
    }
  }

  private void write() {
    while (true) {
      if (!writeOut()) {
        blocked = true;
        if (Thread.currentThread() != reader) {
          wakeReader.run();
        }
        return;
      }
      int left = calls.addAndGet(-callsSeen);
      if (left == 0) {
        return;
      }
      callsSeen = left;
    }
  }

  /// False if the socket took less than there is.
  private boolean writeOut() {
    while (true) {
      if (broken) {
        dropAll();
        return true;
      }
      ByteBuffer direct = fill();
      if (out.position() == 0 && direct == null) {
        return true;
      }
      try {
        if (!writeBuffers(direct)) {
          return false;
        }
      } catch (IOException _) {
        // The client is gone; the reader learns it from the channel too.
        broken = true;
        wakeReader.run();
      }
    }
  }

  private boolean writeBuffers(@Nullable ByteBuffer direct) throws IOException {
    if (out.position() > 0) {
      out.flip();
      noteTaken(channel.write(out));
      boolean isAll = !out.hasRemaining();
      out.compact();
      if (!isAll) {
        return false;
      }
      releaseEncoded();
    }
    if (direct != null) {
      noteTaken(channel.write(direct));
      if (direct.hasRemaining()) {
        return false;
      }
      pieceDone();
      releaseEncoded();
    }
    return true;
  }

  private void noteTaken(int bytes) {
    if (bytes > 0) {
      takenNanos = System.nanoTime();
    }
  }

  /// Moves replies into `out` while they fit; returns a piece that is to be written by itself
  /// behind `out`, if one is next.
  private @Nullable ByteBuffer fill() {
    while (true) {
      ByteBuffer piece = pieces.peek();
      if (piece != null) {
        if (piece.isDirect() && piece.remaining() >= DIRECT_MIN_BYTES) {
          return piece;
        }
        int part = Math.min(piece.remaining(), out.remaining());
        out.put(out.position(), piece, piece.position(), part);
        out.position(out.position() + part);
        piece.position(piece.position() + part);
        if (piece.hasRemaining()) {
          return null;
        }
        pieceDone();
        continue;
      }
      PendingRequest next = finished.peek();
      if (next == null || out.remaining() < encoder.headBytesMax(next.reply())) {
        return null;
      }
      finished.poll();
      encoder.encodeHead(next.reply(), out);
      if (next.reply() instanceof Reply.Data data) {
        pieces.addAll(data.pieces());
        sending = next;
      } else {
        encoded(next);
      }
    }
  }

  private void pieceDone() {
    pieces.poll();
    if (pieces.isEmpty() && sending != null) {
      encoded(sending);
      sending = null;
    }
  }

  private void encoded(PendingRequest request) {
    encodedRequests++;
    encodedBytes += request.payloadBytes();
  }

  private void releaseEncoded() {
    if (encodedRequests > 0) {
      window.release(encodedRequests, encodedBytes);
      encodedRequests = 0;
      encodedBytes = 0;
    }
  }

  private void dropAll() {
    if (!isOutReturned) {
      isOutReturned = true;
      pool.give(out);
    }
    pieces.clear();
    if (sending != null) {
      encoded(sending);
      sending = null;
    }
    PendingRequest dropped = finished.poll();
    while (dropped != null) {
      encoded(dropped);
      dropped = finished.poll();
    }
    releaseEncoded();
  }
}
