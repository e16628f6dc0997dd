package org.twincore.drbd.engine.resync;

import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Features;

/// How long a resync request must be to go as P_RS_THIN_REQ (drbd-wire section 12.2, `thin`): the
/// source may then answer in one small packet that all of it is zeroes.
///
/// That is `rs-discard-granularity`, on whole blocks of 4 KiB, and no request of the resync is
/// longer. A kernel node obeys the option only on disks that discard; here every disk does, by
/// holes or by written zeroes.
final class ThinRequests {
  private static final int BLOCK_BYTES = 4096;

  private ThinRequests() {}

  /// Bytes; 0: no request goes so, because the option is not set, the peer knows no thin resync, or
  /// no request may be so long.
  static int bytes(Device device, Peering peering, int requestBytesMax) {
    long wanted = device.options().num(Option.RS_DISCARD_GRANULARITY);
    if (wanted == 0 || !peering.has(Features.THIN_RESYNC)) {
      return 0;
    }
    long whole = Math.ceilDiv(wanted, BLOCK_BYTES) * (long) BLOCK_BYTES;
    return whole <= requestBytesMax ? (int) whole : 0;
  }
}
