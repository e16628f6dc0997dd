package org.twincore.drbd.engine.request;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// One write or discard of the peer on its way to the own disk (`struct drbd_peer_request`).
final class PeerWrite {
  private static final long REQUEST_BYTES = 512;

  final Packet packet;
  final Extent extent;
  final long blockId;
  final int flags;
  final @Nullable Payload payload;

  /// The connection that it came over.
  final int link;

  /// The peer has no disk for it. That counts when it arrives: it may wait behind a barrier while
  /// the peer attaches one.
  final boolean peerLacks;

  PeerEpochs.@Nullable Epoch epoch;
  @Nullable LocalDisk disk;
  ExtentGate.@Nullable Ticket ticket;

  /// Where it stands towards own requests; null once a conflict has discarded it.
  ConflictGate.@Nullable Place place;

  /// How a discarded one was answered, when it was.
  @Nullable PacketType verdict;

  boolean isDone;
  @Nullable ActivityLog activity;
  ActivityLog.@Nullable Span span;

  private PeerWrite(
      Packet packet,
      Extent extent,
      Header header,
      @Nullable Payload payload,
      int link,
      boolean peerLacks) {
    this.packet = packet;
    this.extent = extent;
    this.blockId = header.blockId;
    this.flags = header.flags;
    this.payload = payload;
    this.link = link;
    this.peerLacks = peerLacks;
  }

  private record Header(long blockId, int flags) {}

  static PeerWrite of(Packet.Data packet, Payload payload, int link, boolean peerLacks) {
    return new PeerWrite(
        packet,
        new Extent(packet.sector(), payload.lengthBytes()),
        new Header(packet.blockId(), packet.flags()),
        payload,
        link,
        peerLacks);
  }

  static PeerWrite of(Packet.Range packet, int link, boolean peerLacks) {
    return new PeerWrite(
        packet,
        new Extent(packet.sector(), packet.sizeBytes()),
        new Header(packet.blockId(), packet.flags()),
        null,
        link,
        peerLacks);
  }

  /// What it holds in memory; one without data counts too.
  long heldBytes() {
    return REQUEST_BYTES + (payload == null ? 0 : payload.lengthBytes());
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
