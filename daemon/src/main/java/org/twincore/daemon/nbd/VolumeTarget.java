package org.twincore.daemon.nbd;

import java.util.concurrent.atomic.AtomicBoolean;
import org.twincore.daemon.loop.Replies;
import org.twincore.daemon.loop.ResourceLoop;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.ReplyHold;
import org.twincore.nbd.NbdError;

/// One opener of one volume: requests become events with a cookie.
final class VolumeTarget implements BlockTarget {
  private final ExportedVolume volume;
  private final Event.Access access;
  private final AtomicBoolean isClosed = new AtomicBoolean();

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

  /// Reads go through the page cache anyway.
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
      post(new Event.Closed(volume.number(), access));
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

  private void post(Event event) {
    ResourceLoop loop = volume.loop();
    loop.post(event);
  }

  private static Extent extentOf(long offset, long length) {
    return new Extent(offset / Extent.SECTOR_BYTES, length);
  }
}
