package org.twincore.drbd.engine.resync;

import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;

/// The differences that a verify finds: marks them, and logs neighbours as one range
/// (`drbd_ov_out_of_sync_found`).
final class OutOfSyncRun {
  private final Device device;
  private final Turn turn;
  private long startSector;
  private long sectors;

  OutOfSyncRun(Device device, Turn turn) {
    this.device = device;
    this.turn = turn;
  }

  /// The blocks of the extent differ.
  void differs(Extent extent) {
    if (sectors > 0 && startSector + sectors == extent.sector()) {
      sectors += extent.sizeSectors();
    } else {
      end();
      startSector = extent.sector();
      sectors = extent.sizeSectors();
    }
    device.markOutOfSync(extent);
  }

  /// What follows is equal, or nothing follows.
  void end() {
    if (sectors > 0) {
      turn.log(
          Effect.Level.WARN,
          "volume %d: Out of sync: start=%d, size=%d (sectors)"
              .formatted(device.volume(), startSector, sectors));
      sectors = 0;
    }
  }
}
