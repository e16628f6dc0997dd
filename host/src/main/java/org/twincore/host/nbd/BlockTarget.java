package org.twincore.host.nbd;

import java.nio.ByteBuffer;
import java.util.List;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.StatusExtent;

/// One opened export: where its requests go. A [BlockTarget] is an opener of its device from the
/// moment [Exports#open] hands it out until [#close].
///
/// Calls come from the connection's thread, in the order of the client's requests; they should not
/// wait, since the client's next request waits behind them. Each call is finished exactly once
/// through its `done`, from any thread, before or after the call returns, in any order; finishing
/// never blocks. Offsets and lengths are multiples of 512 bytes, lengths above 0 and in range.
/// Requests of one connection may overlap; which of two overlapping writes in flight comes last is
/// open, as on a disk.
public interface BlockTarget {
  /// What finishes a request that returns no data.
  interface Done {
    void done();

    /// The message reaches the client as far as it can read messages.
    void failed(NbdError error, String message);
  }

  /// What finishes a read.
  interface ReadDone {
    /// The remaining bytes of all pieces in order, together exactly as many as asked for. They
    /// belong to the connection from here on, which reads them once.
    void data(ByteBuffer... pieces);

    void failed(NbdError error, String message);
  }

  /// What finishes a question for the allocation.
  interface StatusDone {
    /// From the offset asked for on, at least one; may stop early or reach beyond the range.
    void status(List<StatusExtent> extents);

    void failed(NbdError error, String message);
  }

  /// How a range loses its data.
  enum Discard {
    /// TRIM: afterwards it may read as anything, the same at each replica.
    TRIM,
    /// Reads as zeroes afterwards; a hole is welcome.
    ZEROES,
    /// Reads as zeroes afterwards and stays allocated.
    ZEROES_NO_HOLE,
    /// As ZEROES; if it would be no faster than writing zeroes, ENOTSUP at once.
    FAST_ZEROES,
    /// As ZEROES_NO_HOLE; if it would be no faster than writing zeroes, ENOTSUP at once.
    FAST_ZEROES_NO_HOLE
  }

  /// At most 32 MiB (1 MiB behind a [RequestSplitter]).
  void read(long offset, int length, ReadDone done);

  /// Writes `length` bytes from `array[arrayOffset]` on. The array is the target's from here on,
  /// nobody changes it. With `fua` it is finished only when the data is durable.
  void write(byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done);

  /// Finished when all writes that were finished before this call, on whatever connection of the
  /// export, are durable.
  void flush(Done done);

  /// At most 4 GiB - 512.
  void discard(long offset, long length, Discard kind, boolean fua, Done done);

  /// A hint to have the range at hand.
  void cache(long offset, long length, Done done);

  void blockStatus(long offset, long length, StatusDone done);

  /// From here on the target may keep requests of the calling thread back until that thread calls
  /// [#submit], which it does before it waits for anything. Those of other threads it does not
  /// keep.
  default void gather() {}

  /// Nothing is kept back any more. Called by the thread that called [#gather].
  default void submit() {}

  /// The connection is gone and every request is finished: the opener may be counted down. Called
  /// once, from any thread; must not wait.
  void close();

  /// What the thread that finishes this target's requests holds while it handles a batch; asked for
  /// once per connection.
  default ReplyHold replyHold() {
    return new ReplyHold();
  }
}
