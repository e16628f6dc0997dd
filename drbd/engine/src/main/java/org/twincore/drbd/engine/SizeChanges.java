package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Growth;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;

/// What follows when the peer's P_SIZES gives a device another size (drbd-wire sections 12.2, 14,
/// `receive_sizes`).
///
/// The blocks of a new area are marked on both nodes and must be copied: their disks may differ
/// there. In the middle of a bitmap exchange or a resync a new size starts everything over with
/// that peer, for both rest on the size they began with.
final class SizeChanges {
  private final Parts parts;
  private final Parameters parameters;
  private final Resyncs resyncs;
  private final PeerLink link;

  SizeChanges(Parts parts, Parameters parameters, Resyncs resyncs, PeerLink link) {
    this.parts = parts;
    this.parameters = parameters;
    this.resyncs = resyncs;
    this.link = link;
  }

  /// P_SIZES. Before protocol 93 a number of another meaning stood in the place of the flags.
  void arrived(Volume volume, Packet.Sizes sent) {
    Packet.Sizes packet = parts.peering.has(Since.SIZE_FLAGS) ? sent : sent.withoutFlags();
    Device device = volume.device;
    ConnectionState conn = device.state().conn();
    long before = device.sizeSectors();
    String refusal = parameters.take(volume, packet);
    if (refusal != null) {
      link.lose(DISCONNECTING, refusal);
      return;
    }
    long now = device.sizeSectors();
    if (conn.compareTo(CONNECTED) > 0 && now != before) {
      link.lose(
          NETWORK_FAILURE,
          "volume %d has %d sectors instead of %d in the middle of %s: start over"
              .formatted(volume.number(), now, before, conn));
    } else if (conn == CONNECTED && now > before) {
      grown(volume, packet);
    } else if (conn == WF_REPORT_PARAMS) {
      long peer = packet.currentSectors();
      boolean bothHaveDisks = device.backing() != null && packet.diskSectors() > 0;
      boolean bothHadSizes = before > 0 && peer > 0;
      if (bothHaveDisks && bothHadSizes && now > Math.min(before, peer)) {
        device.setGrowth(Growth.BEFORE_THE_HANDSHAKE);
      }
    }
  }

  private void grown(Volume volume, Packet.Sizes packet) {
    if ((packet.ddsFlags() & Packet.Sizes.NO_RESYNC) != 0) {
      parts.turn.log(
          Effect.Level.INFO,
          "volume %d: the peer's admin wants no resync of the new area".formatted(volume.number()));
      return;
    }
    volume.device.setGrowth(Growth.WHILE_CONNECTED);
    settle(volume);
  }

  /// After any state of the peer: copies a new area as soon as both disks are there and nothing
  /// else does it.
  void settle(Volume volume) {
    Device device = volume.device;
    ConnectionState conn = device.state().conn();
    boolean bothThere =
        device.state().disk().isAtLeast(DiskState.INCONSISTENT)
            && device.state().pdsk().isAtLeast(DiskState.INCONSISTENT);
    if (conn.compareTo(CONNECTED) > 0) {
      device.setGrowth(Growth.NONE);
    } else if (conn == CONNECTED && bothThere) {
      Growth growth = device.growth();
      device.setGrowth(Growth.NONE);
      switch (growth) {
        case NONE -> {}
        case WHILE_CONNECTED -> copyNow(volume);
        case BEFORE_THE_HANDSHAKE -> {
          if (isSource(device) && device.state().disk() == DiskState.UP_TO_DATE) {
            resyncs.startOver(volume, "the device has grown");
          }
        }
      }
    }
  }

  /// Both sides start without asking each other: only where there is no doubt who has good data.
  private void copyNow(Volume volume) {
    DiskState own = volume.device.state().disk();
    DiskState peer = volume.device.state().pdsk();
    if (own == DiskState.UP_TO_DATE && peer == DiskState.UP_TO_DATE) {
      resyncs.startGrown(volume, isSource(volume.device));
    } else if (own == DiskState.UP_TO_DATE || peer == DiskState.UP_TO_DATE) {
      link.lose(
          NETWORK_FAILURE,
          "volume %d has grown, and one disk is not UpToDate: start over"
              .formatted(volume.number()));
    }
  }

  private boolean isSource(Device device) {
    Role own = device.state().role();
    return own == device.state().peer() ? parts.peering.resolvesConflicts() : own == Role.PRIMARY;
  }
}
