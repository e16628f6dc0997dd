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

  /// How it came: its flags as [org.twincore.drbd.engine.state.WriteTerms] reads them, over which
  /// connection, and whether the peer had no disk for it.
  record Arrival(int flags, int link, boolean peerLacks) {}

  private PeerWrite(
      Packet packet, Extent extent, long blockId, @Nullable Payload payload, Arrival arrival) {
    this.packet = packet;
    this.extent = extent;
    this.blockId = blockId;
    this.flags = arrival.flags;
    this.payload = payload;
    this.link = arrival.link;
    this.peerLacks = arrival.peerLacks;
  }

  static PeerWrite of(Packet.Data packet, Payload payload, Arrival arrival) {
    return new PeerWrite(
        packet,
        new Extent(packet.sector(), payload.lengthBytes()),
        packet.blockId(),
        payload,
        arrival);
  }

  static PeerWrite of(Packet.Range packet, Arrival arrival) {
    return new PeerWrite(
        packet, new Extent(packet.sector(), packet.sizeBytes()), packet.blockId(), null, arrival);
  }

  /// What it holds in memory; one without data counts too.
  long heldBytes() {
    return REQUEST_BYTES + (payload == null ? 0 : payload.lengthBytes());
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }
}
