package org.twincore.daemon.nbd;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.twincore.daemon.loop.Replies;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.ReplyHold;
import org.twincore.nbd.NbdError;

/// One opener of one volume: requests become events with a cookie.
///
/// Small reads and writes that a client sent together are given to the resource together: one turn,
/// one system call for what goes to the peer, and the disk sees that there is more than one.
/// Whatever else comes gives away what is gathered, so the order stays.
final class VolumeTarget implements BlockTarget {
  private static final int GATHERED_MAX = 16;
  private static final long SMALL_MAX_BYTES = 32 << 10;

  private final ExportedVolume volume;
  private final Event.Access access;
  private final AtomicBoolean isClosed = new AtomicBoolean();

  /// Whose requests are gathered.
  private volatile @Nullable Thread gatherer;

  /// Of the gatherer alone: taken from the client and not given to the resource yet.
  private final List<Event> gathered = new ArrayList<>();

  VolumeTarget(ExportedVolume volume, Event.Access access) {
    this.volume = volume;
    this.access = access;
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    post(new Event.AppRead(volume.number(), answers().awaitData(done), extentOf(offset, length)));
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    post(
        new Event.AppWrite(
            volume.number(),
            answers().await(done),
            offset / Extent.SECTOR_BYTES,
            Payload.of(array, arrayOffset, length),
            fua));
  }

  @Override
  public void flush(Done done) {
    post(new Event.AppFlush(volume.number(), answers().await(done)));
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    switch (kind) {
      case TRIM -> discard(offset, length, Event.Discard.TRIM, fua, done);
      case ZEROES -> discard(offset, length, Event.Discard.ZERO_OUT_MAY_UNMAP, fua, done);
      case ZEROES_NO_HOLE -> discard(offset, length, Event.Discard.ZERO_OUT, fua, done);
      case FAST_ZEROES -> {
        if (volume.holes().isFile()) {
          discard(offset, length, Event.Discard.ZERO_OUT_MAY_UNMAP, fua, done);
        } else {
          done.failed(NbdError.ENOTSUP, "only a file can be zeroed fast");
        }
      }
      case FAST_ZEROES_NO_HOLE ->
          done.failed(NbdError.ENOTSUP, "zeroes that stay allocated are written");
    }
  }

  private void discard(long offset, long length, Event.Discard kind, boolean fua, Done done) {
    post(
        new Event.AppDiscard(
            volume.number(), answers().await(done), extentOf(offset, length), kind, fua));
  }

  /// Advice; reads go through the page cache anyway, or past it on purpose.
  @Override
  public void cache(long offset, long length, Done done) {
    done.done();
  }

  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    done.status(volume.holes().extents(offset, length));
  }

  @Override
  public void close() {
    if (isClosed.compareAndSet(false, true)) {
      volume.loop().post(new Event.Closed(volume.number(), access));
    }
  }

  @Override
  public ReplyHold replyHold() {
    Replies replies = volume.replies();
    return replies.hold();
  }

  private PendingAnswers answers() {
    return volume.answers();
  }

  @Override
  public void gather() {
    gatherer = Thread.currentThread();
  }

  @Override
  public void submit() {
    if (!gathered.isEmpty()) {
      List<Event> together = List.copyOf(gathered);
      gathered.clear();
      volume.loop().postAll(together);
    }
  }

  private void post(Event event) {
    if (Thread.currentThread() != gatherer) {
      volume.loop().post(event);
      return;
    }
    gathered.add(event);
    if (gathered.size() >= GATHERED_MAX || !isSmall(event)) {
      submit();
    }
  }

  private static boolean isSmall(Event event) {
    return switch (event) {
      case Event.AppWrite write -> write.payload().lengthBytes() <= SMALL_MAX_BYTES;
      case Event.AppRead read -> read.extent().sizeBytes() <= SMALL_MAX_BYTES;
      default -> false;
    };
  }

  private static Extent extentOf(long offset, long length) {
    return new Extent(offset / Extent.SECTOR_BYTES, length);
  }
}
