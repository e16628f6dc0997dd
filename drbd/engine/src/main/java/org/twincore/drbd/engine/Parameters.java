package org.twincore.drbd.engine;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.engine.state.SplitBrainPolicy;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.UuidFlags;

/// The parameters that two nodes tell each other: P_PROTOCOL, P_SYNC_PARAM89, P_SIZES, P_UUIDS
/// (drbd-wire sections 5.2, 5.3, 6, 14).
///
/// A `take` method answers with the reason why there is no way together, or null.
final class Parameters {
  private static final int SECTOR_BYTES = 512;

  private final Parts parts;
  private final States states;

  Parameters(Parts parts, States states) {
    this.parts = parts;
    this.states = states;
  }

  // ---- what is sent

  /// P_PROTOCOL or P_PROTOCOL_UPDATE.
  Packet.Protocol protocol(PacketType type, boolean discardMyData, boolean dryRun) {
    OptionValues net = parts.peering.net();
    int flags =
        (discardMyData ? Packet.Protocol.DISCARD_MY_DATA : 0)
            | (dryRun ? Packet.Protocol.DRY_RUN : 0);
    return new Packet.Protocol(
        type,
        parts.peering.protocol().code(),
        policy(Option.AFTER_SB_0PRI).code(),
        policy(Option.AFTER_SB_1PRI).code(),
        policy(Option.AFTER_SB_2PRI).code(),
        flags,
        net.flag(Option.ALLOW_TWO_PRIMARIES) ? 1 : 0,
        parts.peering.has(Since.INTEGRITY_NAME)
            ? Optional.of(net.word(Option.DATA_INTEGRITY_ALG))
            : Optional.empty());
  }

  SplitBrainPolicy policy(Option option) {
    return SplitBrainPolicy.ofWord(parts.peering.net().word(option))
        .orElse(SplitBrainPolicy.DISCONNECT);
  }

  /// All that the handshake tells of one volume before its state.
  void sendAll(Volume volume, long uuidFlags) {
    sendSyncParam(volume);
    tellSizes(volume, 0);
    if (volume.device.state().disk().isAtLeast(DiskState.NEGOTIATING)) {
      states.sendUuids(volume, uuidFlags);
    }
  }

  void sendSyncParam(Volume volume) {
    boolean diskless = volume.device.backing() == null;
    OptionValues disk = diskless ? OptionValues.DEFAULTS : volume.device.options();
    parts.turn.send(volume.number(), SyncParams.of(parts.peering, disk));
  }

  /// P_SIZES as things are.
  void tellSizes(Volume volume, int flags) {
    sendSizes(volume, volume.device.sizeSectors(), flags);
  }

  /// P_SIZES that asks the peer for its own in return: an admin resizes.
  void askSizes(Volume volume, int flags) {
    sendSizes(volume, 0, flags);
  }

  private void sendSizes(Volume volume, long current, int flags) {
    Device device = volume.device;
    boolean usable = device.backing() != null;
    Optional<Packet.QueueLimits> limits =
        parts.peering.has(Features.WSAME)
            ? Optional.of(
                new Packet.QueueLimits(SECTOR_BYTES, SECTOR_BYTES, 0, SECTOR_BYTES, 0, 1, 0, 0, 0))
            : Optional.empty();
    parts.turn.send(
        volume.number(),
        new Packet.Sizes(
            usable ? device.disk().usableSectors() : 0,
            device.wantedSectors(),
            current,
            RequestLimits.ofVersion(parts.peering),
            0,
            parts.peering.has(Since.SIZE_FLAGS) ? flags : 0,
            limits));
  }

  /// P_UUIDS, to be sent now: what it says counts in the handshake of the disks.
  static Packet.Uuids uuids(Volume volume, long moreFlags) {
    Device device = volume.device;
    DiskState real =
        device.state().disk() == DiskState.NEGOTIATING
            ? device.remembered().disk()
            : device.state().disk();
    long flags =
        moreFlags
            | (device.crashedPrimary() ? UuidFlags.CRASHED_PRIMARY : 0)
            | (real == DiskState.INCONSISTENT && device.state().disk() == DiskState.NEGOTIATING
                ? UuidFlags.INCONSISTENT
                : 0);
    Packet.Uuids told = new Packet.Uuids(device.uuids(), device.outOfSyncBlocks(), flags);
    device.setToldBits(told.bitsSet());
    return told;
  }

  // ---- what is received

  /// The first P_PROTOCOL: both must have the same settings.
  @Nullable String take(Packet.Protocol peer, boolean discardMyData) {
    Packet.Protocol own = protocol(PacketType.PROTOCOL, discardMyData, false);
    if (peer.protocol() != own.protocol()) {
      return "protocol differs: here %d, at the peer %d (1 = A, 2 = B, 3 = C)"
          .formatted(own.protocol(), peer.protocol());
    }
    if (!agrees(Option.AFTER_SB_0PRI, peer.afterSb0Pri())) {
      return "after-sb-0pri differs";
    }
    if (!agrees(Option.AFTER_SB_1PRI, peer.afterSb1Pri())) {
      return "after-sb-1pri differs";
    }
    if (!agrees(Option.AFTER_SB_2PRI, peer.afterSb2Pri())) {
      return "after-sb-2pri differs";
    }
    if (discardMyData && (peer.connFlags() & Packet.Protocol.DISCARD_MY_DATA) != 0) {
      return "both nodes want to discard their data";
    }
    if (peer.twoPrimaries() != own.twoPrimaries()) {
      return "allow-two-primaries differs";
    }
    if (!peer.integrityAlg().equals(own.integrityAlg())) {
      return "data-integrity-alg differs: here '%s', at the peer '%s'"
          .formatted(own.integrityAlg().orElse(""), peer.integrityAlg().orElse(""));
    }
    return null;
  }

  private boolean agrees(Option option, int code) {
    SplitBrainPolicy own = policy(option);
    return SplitBrainPolicy.ofCode(code).filter(it -> it.seenFromPeer() == own).isPresent();
  }

  /// P_SYNC_PARAM or P_SYNC_PARAM89.
  @Nullable String take(Volume volume, SyncParams peer) {
    OptionValues net = parts.peering.net();
    String verify = peer.verifyAlg().orElse(net.word(Option.VERIFY_ALG));
    String csums = peer.csumsAlg().orElse(net.word(Option.CSUMS_ALG));
    if (volume.device.state().conn() == ConnectionState.WF_REPORT_PARAMS) {
      if (!verify.equals(net.word(Option.VERIFY_ALG))) {
        return "verify-alg differs: here '%s', at the peer '%s'"
            .formatted(net.word(Option.VERIFY_ALG), verify);
      }
      if (!csums.equals(net.word(Option.CSUMS_ALG))) {
        return "csums-alg differs: here '%s', at the peer '%s'"
            .formatted(net.word(Option.CSUMS_ALG), csums);
      }
    } else if (!isKnown(verify) || !isKnown(csums)) {
      return "the peer changed to verify-alg '%s', csums-alg '%s', not both known here"
          .formatted(verify, csums);
    } else {
      parts.peering.configure(net.with(Option.VERIFY_ALG, verify).with(Option.CSUMS_ALG, csums));
    }
    volume.pacing.retune(peer.tuning(Volume.tuning(volume.device.options(), net)));
    return null;
  }

  private static boolean isKnown(String digest) {
    return digest.isEmpty() || DigestAlgorithm.ofName(digest).isPresent();
  }

  /// Gives the device a size.
  void resize(Volume volume, long sectors, boolean newBlocksOutOfSync) {
    long before = volume.device.sizeSectors();
    volume.device.resize(sectors, newBlocksOutOfSync);
    if (sectors != before) {
      parts.turn.add(new Effect.SizeChanged(volume.number(), sectors));
    }
  }

  /// P_UUIDS.
  @Nullable String take(Volume volume, Packet.Uuids peer) {
    Device device = volume.device;
    device.setPeerUuids(peer);
    long theirs = peer.uuids().currentIdentity();
    boolean lacksDisk = device.state().disk().isBelow(DiskState.INCONSISTENT);
    boolean connecting = device.state().conn().isBelow(ConnectionState.CONNECTED);
    boolean isPrimary = device.state().role() == Role.PRIMARY;
    if (connecting && lacksDisk && isPrimary && device.peerLacksWrites()) {
      return "the peer's data lacks writes that this Primary has answered";
    }
    if (connecting
        && lacksDisk
        && isPrimary
        && theirs != (device.exposedUuid() & ~GenerationUuids.PRIMARY_BIT)) {
      return "can only connect to data with current UUID %016X, the peer has %016X"
          .formatted(device.exposedUuid(), peer.uuids().current());
    }
    // What a peer without a disk says of its data its users have not seen there.
    boolean isPeersData = !isPrimary || device.state().pdsk().isAtLeast(DiskState.INCONSISTENT);
    if (!connecting && lacksDisk && isPeersData && !device.peerLacksWrites()) {
      device.expose(peer.uuids().current());
    }
    volume.peersUuidsArrived(peer.uuids());
    if (parts.peering.has(Since.SKIPPED_SYNC) && skipsInitialSync(device, peer)) {
      device.disk().clearAll();
      device.disk().writeBitmap(_ -> {});
      volume.setUuids(
          UuidChanges.acceptSkippedSync(
              device.uuids(), peer.uuids().current(), device.state().role()));
      device.setPeerUuids(new Packet.Uuids(device.uuids(), 0, peer.flags()));
      states.change(
          volume,
          state -> state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE),
          StateRules.Force.HARD,
          "the peer skips the initial sync");
      states.sendState(volume);
    }
    return null;
  }

  private static boolean skipsInitialSync(Device device, Packet.Uuids peer) {
    return device.state().conn() == ConnectionState.CONNECTED
        && device.hasUsableDisk()
        && device.uuids().currentIdentity() == GenerationUuids.JUST_CREATED
        && (peer.flags() & UuidFlags.SKIP_INITIAL_SYNC) != 0;
  }
}
