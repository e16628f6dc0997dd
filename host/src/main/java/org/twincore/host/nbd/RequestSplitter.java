package org.twincore.host.nbd;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.NbdError;

/// A target that hands large requests on in pieces: DRBD's wire carries 1 MiB a packet, NBD 32.
///
/// A request up to the limit passes whole. Longer ones are cut at multiples of the limit, all
/// pieces are given to the target at once, and the request is finished when all are: with the first
/// error, if any. A failed write may have written some of its pieces, as on a disk.
public final class RequestSplitter implements BlockTarget {
  private final BlockTarget target;
  private final int pieceMaxBytes;
  private final long discardMaxBytes;

  /// Both limits are multiples of 512, for reads and writes, and for discards.
  public RequestSplitter(BlockTarget target, int pieceMaxBytes, long discardMaxBytes) {
    if (pieceMaxBytes <= 0
        || pieceMaxBytes % 512 != 0
        || discardMaxBytes <= 0
        || discardMaxBytes % 512 != 0) {
      throw new IllegalArgumentException("pieces of " + pieceMaxBytes + ", " + discardMaxBytes);
    }
    this.target = target;
    this.pieceMaxBytes = pieceMaxBytes;
    this.discardMaxBytes = discardMaxBytes;
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    if (length <= pieceMaxBytes) {
      target.read(offset, length, done);
      return;
    }
    ByteBuffer[][] pieces = new ByteBuffer[count(offset, length, pieceMaxBytes)][];
    Gathering gathering =
        new Gathering(pieces.length, () -> done.data(joined(pieces)), done::failed);
    long at = offset;
    for (int i = 0; i < pieces.length; i++) {
      int part = (int) part(at, offset + length, pieceMaxBytes);
      target.read(at, part, gathering.reading(pieces, i));
      at += part;
    }
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    if (length <= pieceMaxBytes) {
      target.write(array, arrayOffset, length, offset, fua, done);
      return;
    }
    int count = count(offset, length, pieceMaxBytes);
    Gathering gathering = new Gathering(count, done::done, done::failed);
    long at = offset;
    for (int i = 0; i < count; i++) {
      int part = (int) part(at, offset + length, pieceMaxBytes);
      target.write(array, arrayOffset + (int) (at - offset), part, at, fua, gathering);
      at += part;
    }
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    if (length <= discardMaxBytes) {
      target.discard(offset, length, kind, fua, done);
      return;
    }
    int count = count(offset, length, discardMaxBytes);
    Gathering gathering = new Gathering(count, done::done, done::failed);
    long at = offset;
    for (int i = 0; i < count; i++) {
      long part = part(at, offset + length, discardMaxBytes);
      target.discard(at, part, kind, fua, gathering);
      at += part;
    }
  }

  @Override
  public void flush(Done done) {
    target.flush(done);
  }

  @Override
  public void cache(long offset, long length, Done done) {
    target.cache(offset, length, done);
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    target.blockStatus(offset, length, done);
  }

  @Override
  public void gather() {
    target.gather();
  }

  @Override
  public void submit() {
    target.submit();
  }

  @Override
  public void close() {
    target.close();
  }

  @Override
  public ReplyHold replyHold() {
    return target.replyHold();
  }

  private static int count(long offset, long length, long pieceBytes) {
    return (int) ((offset + length + pieceBytes - 1) / pieceBytes - offset / pieceBytes);
  }

  private static long part(long at, long end, long pieceBytes) {
    return Math.min(end, (at / pieceBytes + 1) * pieceBytes) - at;
  }

  private static ByteBuffer[] joined(ByteBuffer[][] pieces) {
    int count = 0;
    for (ByteBuffer[] part : pieces) {
      count += part.length;
    }
    ByteBuffer[] all = new ByteBuffer[count];
    int at = 0;
    for (ByteBuffer[] part : pieces) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private interface Failing {
    void failed(NbdError error, String message);
  }

  private record Failure(NbdError error, String message) {}

  /// Counts the pieces of one request; they may finish on several threads.
  private static final class Gathering implements Done {
    private final AtomicInteger missing;
    private final AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
    private final Runnable whole;
    private final Failing failing;

    Gathering(int count, Runnable whole, Failing failing) {
      this.missing = new AtomicInteger(count);
      this.whole = whole;
      this.failing = failing;
    }

    @Override
    public void done() {
      if (missing.decrementAndGet() == 0) {
        Failure first = failure.get();
        if (first == null) {
          whole.run();
        } else {
          failing.failed(first.error, first.message);
        }
      }
    }

    @Override
    public void failed(NbdError error, String message) {
      failure.compareAndSet(null, new Failure(error, message));
      done();
    }

    ReadDone reading(ByteBuffer[][] pieces, int index) {
      return new ReadDone() {
        @Override
        public void data(ByteBuffer... got) {
          pieces[index] = got;
          done();
        }

        @Override
        public void failed(NbdError error, String message) {
          Gathering.this.failed(error, message);
        }
      };
    }
  }
}
