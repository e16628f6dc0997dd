package org.twincore.host.blockdev;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.host.fuse.FuseStorage;
import org.twincore.host.linux.Errno;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.nbd.NbdError;

/// The kernel's requests for a volume, handed to the same [BlockTarget] that an NBD client gets.
///
/// The target is opened at the first request and closed once, when [#close] was called and every
/// request is finished. Ranges that lose their data always read as zeroes afterwards: a loop device
/// says "discard" and "write zeroes" with the same call.
final class TargetStorage implements FuseStorage {
  private static final Logger LOG = System.getLogger(TargetStorage.class.getName());
  private static final int SECTOR_BYTES = 512;

  /// The most that [BlockTarget#discard] takes.
  private static final long DISCARD_MAX_BYTES = (4L << 30) - SECTOR_BYTES;

  private final Supplier<Exports.Opening> source;
  private @Nullable BlockTarget target;
  private int inFlight;
  private boolean closing;

  TargetStorage(Supplier<Exports.Opening> source) {
    this.source = source;
  }

  @Override
  public void read(long offsetBytes, int sizeBytes, FuseStorage.ReadDone done) {
    BlockTarget at = isAligned(offsetBytes, sizeBytes) ? begin() : null;
    if (at == null) {
      done.failed(Errno.EIO);
      return;
    }
    at.read(
        offsetBytes,
        sizeBytes,
        new BlockTarget.ReadDone() {
          @Override
          public void data(ByteBuffer... pieces) {
            done.read(pieces);
            end();
          }

          @Override
          public void failed(NbdError error, String message) {
            done.failed(error.code());
            end();
          }
        });
  }

  @Override
  public void write(long offsetBytes, byte[] data, FuseStorage.Done done) {
    BlockTarget at = isAligned(offsetBytes, data.length) ? begin() : null;
    if (at == null) {
      done.done(Errno.EIO);
      return;
    }
    at.write(data, 0, data.length, offsetBytes, false, new Ending(done));
  }

  @Override
  public void sync(FuseStorage.Done done) {
    BlockTarget at = begin();
    if (at == null) {
      done.done(Errno.EIO);
      return;
    }
    at.flush(new Ending(done));
  }

  @Override
  public void zero(long offsetBytes, long lengthBytes, boolean mayUnmap, FuseStorage.Done done) {
    if (!isAligned(offsetBytes, lengthBytes) || lengthBytes > DISCARD_MAX_BYTES) {
      done.done(Errno.EINVAL);
      return;
    }
    BlockTarget at = begin();
    if (at == null) {
      done.done(Errno.EIO);
      return;
    }
    BlockTarget.Discard kind =
        mayUnmap ? BlockTarget.Discard.ZEROES : BlockTarget.Discard.ZEROES_NO_HOLE;
    at.discard(offsetBytes, lengthBytes, kind, false, new Ending(done));
  }

  private static boolean isAligned(long offsetBytes, long lengthBytes) {
    return offsetBytes % SECTOR_BYTES == 0 && lengthBytes % SECTOR_BYTES == 0;
  }

  /// The opened target with one more request in flight; null if it cannot be opened.
  private synchronized @Nullable BlockTarget begin() {
    if (closing) {
      return null;
    }
    if (target == null) {
      switch (source.get()) {
        case Exports.Opened(_, BlockTarget opened) -> target = opened;
        case Exports.NotOpened(var refusal) ->
            LOG.log(Level.WARNING, "device not opened: {0}", refusal.message());
      }
    }
    if (target != null) {
      inFlight++;
    }
    return target;
  }

  private void end() {
    BlockTarget last;
    synchronized (this) {
      inFlight--;
      if (inFlight == 0) {
        notifyAll();
      }
      last = takeIfIdle();
    }
    if (last != null) {
      last.close();
    }
  }

  /// Waits for a moment without a request in flight; false if none comes in time.
  synchronized boolean awaitIdle(long timeoutMillis) {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
    try {
      for (long left = timeoutMillis; inFlight > 0 && left > 0; ) {
        wait(left);
        left = (deadline - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return inFlight == 0;
  }

  /// No request is taken from here on.
  void close() {
    BlockTarget last;
    synchronized (this) {
      closing = true;
      last = takeIfIdle();
    }
    if (last != null) {
      last.close();
    }
  }

  private @Nullable BlockTarget takeIfIdle() {
    BlockTarget last = closing && inFlight == 0 ? target : null;
    if (last != null) {
      target = null;
    }
    return last;
  }

  private final class Ending implements BlockTarget.Done {
    private final FuseStorage.Done done;

    Ending(FuseStorage.Done done) {
      this.done = done;
    }

    @Override
    public void done() {
      done.done(0);
      end();
    }

    @Override
    public void failed(NbdError error, String message) {
      done.done(error.code());
      end();
    }
  }
}
