package org.twincore.drbd.engine.resync;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.wire.Payload;

/// Reads blocks of the own disk as the peer's earlier writes have left them, when there is room in
/// memory.
final class BlockReader {
  private final Device device;
  private final ExtentGate peerWrites;
  private final ReadRoom room;
  private int reads;

  /// `peerWrites` is the gate of what the peer has written here.
  BlockReader(Device device, ExtentGate peerWrites, ReadRoom room) {
    this.device = device;
    this.peerWrites = peerWrites;
    this.room = room;
  }

  /// What a read brought: an error or the bytes.
  interface Then {
    void read(@Nullable String error, @Nullable Payload data);
  }

  /// No read is under way.
  boolean isIdle() {
    return reads == 0;
  }

  void read(Extent extent, Then then) {
    reads++;
    peerWrites.enter(
        extent,
        behind -> room.enter(extent.sizeBytes(), place -> read(extent, behind, place, then)));
  }

  private void read(Extent extent, ExtentGate.Ticket behind, ReadRoom.Place place, Then then) {
    if (!device.hasUsableDisk()) {
      done(behind, place);
      then.read("the disk is gone", null);
      return;
    }
    device.counters().read(extent.sizeSectors());
    device.counters().resynced(extent.sizeSectors());
    device
        .disk()
        .disk()
        .read(
            extent,
            (error, data) -> {
              done(behind, place);
              then.read(error, data);
            });
  }

  private void done(ExtentGate.Ticket behind, ReadRoom.Place place) {
    reads--;
    peerWrites.leave(behind);
    room.leave(place);
  }
}
