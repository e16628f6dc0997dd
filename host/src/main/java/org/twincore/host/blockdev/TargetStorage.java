package org.twincore.host.blockdev;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.twincore.host.fuse.FuseStorage;
import org.twincore.host.linux.Errno;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.nbd.NbdError;

/// The kernel's requests for a volume, handed to the same [BlockTarget] that an NBD client gets.
///
/// Ranges that lose their data always read as zeroes afterwards: a loop device says "discard" and
/// "write zeroes" with the same call.
final class TargetStorage implements FuseStorage {
  private static final int SECTOR_BYTES = 512;

  /// The most that [BlockTarget#discard] takes.
  private static final long DISCARD_MAX_BYTES = (4L << 30) - SECTOR_BYTES;

  private final OpenedTarget opened;

  TargetStorage(Supplier<Exports.Opening> source) {
    this.opened = new OpenedTarget(source);
  }

  @Override
  public void read(long offsetBytes, int sizeBytes, FuseStorage.ReadDone done) {
    BlockTarget at = isAligned(offsetBytes, sizeBytes) ? opened.begin() : null;
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
            opened.end();
          }

          @Override
          public void failed(NbdError error, String message) {
            done.failed(error.code());
            opened.end();
          }
        });
  }

  @Override
  public void write(long offsetBytes, byte[] data, FuseStorage.Done done) {
    BlockTarget at = isAligned(offsetBytes, data.length) ? opened.begin() : null;
    if (at == null) {
      done.done(Errno.EIO);
      return;
    }
    at.write(data, 0, data.length, offsetBytes, false, new Ending(done));
  }

  @Override
  public void sync(FuseStorage.Done done) {
    BlockTarget at = opened.begin();
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
    BlockTarget at = opened.begin();
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

  /// As [OpenedTarget#awaitIdle].
  boolean awaitIdle(long timeoutMillis) {
    return opened.awaitIdle(timeoutMillis);
  }

  /// No request is taken from here on.
  void close() {
    opened.close();
  }

  private final class Ending implements BlockTarget.Done {
    private final FuseStorage.Done done;

    Ending(FuseStorage.Done done) {
      this.done = done;
    }

    @Override
    public void done() {
      done.done(0);
      opened.end();
    }

    @Override
    public void failed(NbdError error, String message) {
      done.done(error.code());
      opened.end();
    }
  }
}
