package org.twincore.nbd;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The answer to one request, named by its cookie; answers may be sent in any order.
public sealed interface Reply {
  long cookie();

  /// Success without payload; not for READ and BLOCK_STATUS.
  record Done(long cookie) implements Reply {}

  /// What was read at `offset`: the remaining bytes of all pieces, in order, together as long as
  /// the request. The buffers belong to the reply until it is written out.
  record Data(long cookie, long offset, List<ByteBuffer> pieces) implements Reply {
    long length() {
      long sum = 0;
      for (ByteBuffer piece : pieces) {
        sum += piece.remaining();
      }
      return sum;
    }
  }

  /// The `base:allocation` states from the request's offset on, at least one.
  record Status(long cookie, List<StatusExtent> extents) implements Reply {
    /// Longest answer; the client asks again for the rest.
    public static final int EXTENTS_MAX = 4096;

    /// The answer to `request` from what a device knows of the range: neighbours with equal flags
    /// joined, cut at the request's end, one extent if only one was asked for.
    public static Status of(Request.BlockStatus request, List<StatusExtent> known) {
      List<StatusExtent> extents = new ArrayList<>();
      long left = request.length();
      long length = 0;
      int flags = 0;
      int extentsMax = request.one() ? 1 : EXTENTS_MAX;
      for (StatusExtent extent : known) {
        if (left == 0) {
          break;
        }
        if (length > 0 && extent.flags() != flags) {
          extents.add(new StatusExtent(length, flags));
          length = 0;
          if (extents.size() == extentsMax) {
            break;
          }
        }
        flags = extent.flags();
        long part = Math.min(left, extent.lengthBytes());
        length += part;
        left -= part;
      }
      if (length > 0) {
        extents.add(new StatusExtent(length, flags));
      }
      return new Status(request.cookie(), List.copyOf(extents));
    }
  }

  /// The message reaches the client only where structured replies were agreed on.
  record Failed(long cookie, NbdError error, String message) implements Reply {}
}
