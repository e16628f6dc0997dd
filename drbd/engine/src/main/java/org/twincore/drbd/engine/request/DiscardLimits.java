package org.twincore.drbd.engine.request;

import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Since;

/// How a discard may travel to the peer (drbd-wire sections 3.1 and 4): as one packet of at most
/// `bytesMax` bytes, or, if that is 0, only as written zeroes.
public record DiscardLimits(long bytesMax) {
  private static final long BYTES_WITH_WSAME = 128L << 20;
  private static final long BYTES_WITH_TRIM = 4L << 20;

  /// The limits of the present connection.
  public static DiscardLimits of(Peering peering) {
    if (!peering.has(Features.TRIM) || !peering.has(Since.WRITE_FLAGS)) {
      return new DiscardLimits(0);
    }
    return new DiscardLimits(peering.has(Features.WSAME) ? BYTES_WITH_WSAME : BYTES_WITH_TRIM);
  }
}
