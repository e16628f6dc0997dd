package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Growth;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.engine.state.SizeNegotiation;
import org.twincore.drbd.meta.MetadataLayout;
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
  private final Resizes resizes;
  private final PeerLink link;

  SizeChanges(Parts parts, Parameters parameters, Resyncs resyncs, Resizes resizes, PeerLink link) {
    this.parts = parts;
    this.parameters = parameters;
    this.resyncs = resyncs;
    this.resizes = resizes;
    this.link = link;
  }

  /// P_SIZES. While connected it may mean that the peer's admin resizes: the own disk is looked at
  /// again too. Before protocol 93 a number of another meaning stood in the place of the flags.
  void arrived(Volume volume, Packet.Sizes sent) {
    Packet.Sizes packet = parts.peering.has(Since.SIZE_FLAGS) ? sent : sent.withoutFlags();
    Device device = volume.device;
    boolean looksAgain = device.state().conn() == CONNECTED && device.hasUsableDisk();
    if (looksAgain) {
      resizes.begin(volume, null, new OfPeer(volume, packet));
    } else {
      take(volume, new OfPeer(volume, packet));
    }
  }

  private void take(Volume volume, OfPeer work) {
    Backing backing = volume.device.backing();
    if (work.plan(backing == null ? null : backing.layout()) != null) {
      work.done(true);
    }
  }

  /// What a P_SIZES asks for.
  private final class OfPeer implements Resizes.Work {
    private final Volume volume;
    private final Packet.Sizes packet;
    private final int linkNumber = parts.peering.link();
    private final @Nullable MetadataLayout before;
    private SizeNegotiation.@Nullable Answer answer;
    private boolean hasChanged;

    OfPeer(Volume volume, Packet.Sizes packet) {
      this.volume = volume;
      this.packet = packet;
      Backing backing = volume.device.backing();
      before = backing == null ? null : backing.layout();
    }

    @Override
    public Resizes.@Nullable Plan plan(@Nullable MetadataLayout layout) {
      if (linkNumber != parts.peering.link()) {
        return null;
      }
      SizeNegotiation.Answer judged =
          SizeNegotiation.receive(
              new SizeNegotiation.PeerSizes(
                  packet.diskSectors(),
                  packet.configuredSectors(),
                  packet.currentSectors(),
                  packet.ddsFlags()),
              own(volume.device, layout));
      if (judged.isRefused()) {
        link.lose(
            DISCONNECTING,
            "volume %d: %s"
                .formatted(
                    volume.number(), refusal(judged.rule(), packet, volume.device.sizeSectors())));
        return null;
      }
      answer = judged;
      hasChanged = layout != null && before != null && !layout.equals(before);
      return new Resizes.Plan(judged.sectors(), marksNewBlocks(packet));
    }

    @Override
    public void unfit(String why) {
      parts.turn.log(
          Effect.Level.ERROR,
          "volume %d: the disk has another size: %s".formatted(volume.number(), why));
      take(volume, this);
    }

    @Override
    public void done(boolean ok) {
      SizeNegotiation.Answer judged = answer;
      volume.device.setPeerSectors(packet.diskSectors());
      volume.device.setPeerBioBytes(packet.maxBioBytes());
      Backing backing = volume.device.backing();
      if (backing != null) {
        backing.keepPeerMaxBio(RequestLimits.kept(packet.maxBioBytes(), parts.peering));
      }
      if (ok && judged != null) {
        accept(volume, packet, judged, hasChanged, linkNumber == parts.peering.link());
      }
    }
  }

  private static boolean marksNewBlocks(Packet.Sizes packet) {
    return (packet.ddsFlags() & Packet.Sizes.NO_RESYNC) == 0;
  }

  private static SizeNegotiation.Own own(Device device, @Nullable MetadataLayout layout) {
    Backing backing = layout == null ? null : device.backing();
    return new SizeNegotiation.Own(
        isConnecting(device) ? SizeNegotiation.Phase.CONNECTING : SizeNegotiation.Phase.ESTABLISHED,
        device.state().role(),
        device.state().disk(),
        device.state().pdsk(),
        layout == null ? 0 : layout.usableSectors(),
        backing == null ? 0 : backing.superblock().lastAgreedSectors(),
        device.wantedSectors(),
        device.sizeSectors());
  }

  private static boolean isConnecting(Device device) {
    return device.state().conn().isBelow(CONNECTED);
  }

  private static String refusal(SizeNegotiation.Rule rule, Packet.Sizes peer, long current) {
    return rule == SizeNegotiation.Rule.REFUSED_IMPOSSIBLE
        ? "the peer states an impossible size"
        : "the peer's disk is too small: it has %d KiB, the device %d KiB"
            .formatted(peer.diskSectors() / 2, current / 2);
  }

  /// The size is agreed. A connection that was lost while the metadata moved gets no answer.
  private void accept(
      Volume volume,
      Packet.Sizes peer,
      SizeNegotiation.Answer answer,
      boolean hasDiskChanged,
      boolean isLinked) {
    Device device = volume.device;
    if (answer.wantedTooBig()) {
      parts.turn.log(
          Effect.Level.ERROR,
          "volume %d: the configured size does not fit on the disks".formatted(volume.number()));
    }
    warnOfBlocks(volume, peer);
    if (answer.wanted() != device.wantedSectors()) {
      device.setOptions(device.options().with(Option.SIZE, answer.wanted()));
    }
    ConnectionState conn = device.state().conn();
    long before = device.sizeSectors();
    parameters.resize(volume, answer.sectors(), marksNewBlocks(peer));
    if (isLinked && (answer.reply() || hasDiskChanged)) {
      parameters.tellSizes(volume, peer.ddsFlags());
    }
    if (isLinked) {
      changed(volume, peer, conn, before);
    }
  }

  private void warnOfBlocks(Volume volume, Packet.Sizes peer) {
    int peersBlock =
        peer.limits().map(Packet.QueueLimits::logicalBlockBytes).orElse(Extent.SECTOR_BYTES);
    if (isConnecting(volume.device) && peersBlock > Extent.SECTOR_BYTES) {
      parts.turn.log(
          Effect.Level.WARN,
          "volume %d: the peer's disk has blocks of %d bytes, it may give up on smaller writes"
              .formatted(volume.number(), peersBlock));
    }
  }

  private void changed(Volume volume, Packet.Sizes packet, ConnectionState conn, long before) {
    Device device = volume.device;
    long now = device.sizeSectors();
    if (conn.compareTo(CONNECTED) > 0 && now != before) {
      link.lose(
          NETWORK_FAILURE,
          "volume %d has %d sectors instead of %d in the middle of %s: start over"
              .formatted(volume.number(), now, before, conn));
    } else if (conn == CONNECTED && (now > before || device.growth() == Growth.AWAITS_THE_PEER)) {
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
    if (!marksNewBlocks(packet)) {
      volume.device.setGrowth(Growth.NONE);
      parts.turn.log(
          Effect.Level.INFO,
          "volume %d: no resync of the new area, as an admin wants it".formatted(volume.number()));
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
      if (growth == Growth.AWAITS_THE_PEER) {
        return;
      }
      device.setGrowth(Growth.NONE);
      switch (growth) {
        case NONE, AWAITS_THE_PEER -> {}
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
