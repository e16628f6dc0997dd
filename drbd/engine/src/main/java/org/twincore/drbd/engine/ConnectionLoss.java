package org.twincore.drbd.engine;

import org.twincore.drbd.engine.state.Growth;

/// What each part forgets, marks and tries anew when the connection is gone.
final class ConnectionLoss {
  private ConnectionLoss() {}

  static void cleanUp(Parts parts) {
    for (Volume volume : parts.all()) {
      volume.writes.connectionLost();
      volume.conflicts.connectionLost();
    }
    for (Volume volume : parts.all()) {
      volume.bitmapExchange.reset();
      volume.earlySyncUuid = null;
      volume.syncSource.connectionLost();
      volume.syncTarget.connectionLost();
      volume.verify.source.connectionLost();
      volume.device.setPeerUuids(null);
      volume.device.setConsiderResync(false);
      volume.device.setSkippedSync(false);
      volume.device.setGrowth(Growth.NONE);
      volume.device.counters().connectionLost();
    }
    parts.room.connectionLost();
    parts.log.connectionLost();
    for (Volume volume : parts.all()) {
      volume.reads.connectionLost();
      if (volume.device.hasUsableDisk()) {
        volume.device.disk().writeBitmap(_ -> {});
      }
    }
  }
}
