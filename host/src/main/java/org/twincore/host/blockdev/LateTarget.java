package org.twincore.host.blockdev;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.StatusExtent;

/// What the kernel's NBD client is connected to: a volume's target that is opened at the first
/// request, since a device that nobody uses is no opener of its volume.
///
/// Discarded ranges read as zeroes afterwards, as on every /dev/drbdN. All calls come from the
/// connection's thread; requests beyond the end of the device never come, the kernel refuses them.
final class LateTarget implements BlockTarget {
  private static final String NOT_OPENED = "the volume cannot be opened here now";

  private final OpenedTarget opened;

  /// Whom the connection's thread has told that it gathers; of that thread alone.
  private @Nullable BlockTarget gathering;

  LateTarget(Supplier<Exports.Opening> source) {
    this.opened = new OpenedTarget(source);
  }

  private @Nullable BlockTarget begin() {
    BlockTarget target = opened.begin();
    if (target != null && target != gathering) {
      target.gather();
      gathering = target;
    }
    return target;
  }

  @Override
  public void read(long offset, int length, ReadDone done) {
    BlockTarget target = begin();
    if (target == null) {
      done.failed(NbdError.EIO, NOT_OPENED);
      return;
    }
    target.read(
        offset,
        length,
        new ReadDone() {
          @Override
          public void data(ByteBuffer... pieces) {
            done.data(pieces);
            opened.end();
          }

          @Override
          public void failed(NbdError error, String message) {
            done.failed(error, message);
            opened.end();
          }
        });
  }

  @Override
  public void write(
      byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
    BlockTarget target = begin();
    if (target == null) {
      done.failed(NbdError.EIO, NOT_OPENED);
    } else {
      target.write(array, arrayOffset, length, offset, fua, new Ending(done));
    }
  }

  @Override
  public void flush(Done done) {
    BlockTarget target = begin();
    if (target == null) {
      done.failed(NbdError.EIO, NOT_OPENED);
    } else {
      target.flush(new Ending(done));
    }
  }

  @Override
  public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
    BlockTarget target = begin();
    if (target == null) {
      done.failed(NbdError.EIO, NOT_OPENED);
    } else {
      Discard asZeroes = kind == Discard.TRIM ? Discard.ZEROES : kind;
      target.discard(offset, length, asZeroes, fua, new Ending(done));
    }
  }

  /// The kernel has a cache of its own.
  @Override
  public void cache(long offset, long length, Done done) {
    done.done();
  }

  /// The kernel does not ask.
  @Override
  public void blockStatus(long offset, long length, StatusDone done) {
    done.status(List.of(StatusExtent.data(length)));
  }

  @Override
  public void submit() {
    if (gathering != null) {
      gathering.submit();
    }
  }

  @Override
  public void close() {
    opened.close();
  }

  /// As [OpenedTarget#awaitIdle].
  boolean awaitIdle(long timeoutMillis) {
    return opened.awaitIdle(timeoutMillis);
  }

  private final class Ending implements Done {
    private final Done done;

    Ending(Done done) {
      this.done = done;
    }

    @Override
    public void done() {
      done.done();
      opened.end();
    }

    @Override
    public void failed(NbdError error, String message) {
      done.failed(error, message);
      opened.end();
    }
  }
}
