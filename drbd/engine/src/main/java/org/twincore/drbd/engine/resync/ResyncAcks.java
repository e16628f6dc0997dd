package org.twincore.drbd.engine.resync;

import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// Answers about blocks of a resync or verify, on the META socket.
final class ResyncAcks {
  private ResyncAcks() {}

  static Packet.BlockAck of(Device device, PacketType type, Extent extent) {
    return of(device, type, extent, Packet.RESYNC_BLOCK_ID);
  }

  static Packet.BlockAck of(Device device, PacketType type, Extent extent, long blockId) {
    return new Packet.BlockAck(
        type, extent.sector(), blockId, (int) extent.sizeBytes(), device.nextSequence());
  }
}
