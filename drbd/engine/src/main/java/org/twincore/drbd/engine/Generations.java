package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.CONNECTED;

import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.NewUuidRule;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;

/// When a new generation of the data begins, here or at the peer, so that what one side lacks is
/// found out later (drbd-wire section 6.1, `drbd_uuid_new_current`).
final class Generations {
  private final Parts parts;

  Generations(Parts parts) {
    this.parts = parts;
  }

  /// Creates or postpones a new current UUID as the rule says.
  void begin(Volume volume, NewUuidRule.Decision decision) {
    if (decision.answer() != NewUuidRule.Answer.KEEP) {
      volume.decided("NewUuidRule", List.of(decision.rule()));
    }
    switch (decision.answer()) {
      case KEEP -> {}
      case POSTPONE -> volume.device.postponeNewUuid(true);
      case POSTPONE_UNTIL_MEETING -> volume.device.postponeNewUuidUntilMeeting();
      case AWAIT_USE -> volume.device.awaitPeerUse(true);
      case CREATE -> begin(volume, decision.rule().name());
    }
  }

  /// A new current UUID, told to the peer if there is one.
  void begin(Volume volume, String why) {
    Device device = volume.device;
    giveUp(volume);
    volume.beginGeneration(
        UuidChanges.newCurrent(device.uuids(), device.state().role(), parts.random));
    parts.turn.log(
        Effect.Level.INFO,
        "volume %d: new current UUID %016X (%s)"
            .formatted(volume.number(), device.uuids().current(), why));
    if (!device.state().conn().isAtLeast(CONNECTED)) {
      return;
    }
    if (device.state().role() == Role.PRIMARY) {
      sendUuids(volume);
      return;
    }
    // A Primary without disk answers what only this node has when it hears of the generation.
    int link = parts.peering.link();
    device
        .disk()
        .settle(ok -> {
          if (ok && link == parts.peering.link()) {
            sendUuids(volume);
          }
        });
  }

  /// The writes that were kept for the peer are not sent again, and nothing waits for a generation.
  ///
  /// All that there is to do without an own disk: the data has no generation here.
  void giveUp(Volume volume) {
    volume.writes.giveUpKept();
    volume.device.postponeNewUuid(false);
    volume.device.awaitPeerUse(false);
  }

  /// A diskless Primary goes on from the data of this node's disk.
  void peerUsesThisDisk(Volume volume) {
    Device device = volume.device;
    device.awaitPeerUse(false);
    if (device.hasUsableDisk() && device.uuids().bitmap() == 0) {
      begin(volume, NewUuidRule.Rule.DISKLESS_PRIMARY_CONNECTED.name());
    }
  }

  /// The peer lacks a write from now on. Its P_STATE will say so, but that comes by another socket
  /// and perhaps too late: the write must not be answered in the old generation.
  void peerWriteFailed(Volume volume) {
    Device device = volume.device;
    StateWord state = device.state();
    if (state.role() == Role.PRIMARY
        && state.conn() == CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE
        && device.uuids().bitmap() == 0) {
      begin(volume, "the peer failed a write");
    }
  }

  /// Before a frozen node tells its UUIDs to a peer again: what the peer may lack belongs to a new
  /// generation, so that it is found out and fetched. Two Primaries may go on as they parted; but
  /// if the peer has crashed meanwhile, it must know how to meet the same generation (rule 41).
  void beginPostponed() {
    for (Volume volume : parts.all()) {
      Device device = volume.device;
      if (device.mayResumeWithPeer() && parts.peering.has(Features.WSAME)) {
        continue;
      }
      if (device.mayResumeWithPeer()) {
        volume.writes.giveUpKept();
      }
      if (device.newUuidPostponed()
          && device.hasUsableDisk()
          && device.uuids().bitmap() == 0
          && device.outOfSyncBlocks() > 0) {
        begin(volume, "frozen writes are not at the peer");
      }
    }
  }

  /// A generation put off until now begins if the peer does not get the writes.
  void suspensionEnds(Volume volume) {
    Device device = volume.device;
    boolean peerGetsWrites =
        device.state().conn().isAtLeast(CONNECTED)
            && device.state().pdsk().isAtLeast(DiskState.INCONSISTENT);
    if (device.newUuidPostponed() && device.hasUsableDisk() && !peerGetsWrites) {
      begin(volume, "thaw");
    }
    device.postponeNewUuid(false);
  }

  /// A Primary that loses its good disk, or never had one, goes on with the peer's. That begins a
  /// new generation when it hears of it; until the word of it is here, the own disk would count as
  /// what users have seen if it were attached again.
  static void peerChanged(Volume volume, StateWord before, StateWord after) {
    Device device = volume.device;
    Packet.Uuids peer = device.peerUuids();
    boolean peerIsGood = after.conn().isAtLeast(CONNECTED) && after.pdsk() == DiskState.UP_TO_DATE;
    if (!peerIsGood) {
      volume.peersGenerationLost();
      return;
    }
    boolean losesGoodDisk =
        before.disk() == DiskState.UP_TO_DATE && after.disk().isBelow(DiskState.INCONSISTENT);
    boolean isPromoted = before.role() != Role.PRIMARY && before.conn().isAtLeast(CONNECTED);
    if (after.role() == Role.PRIMARY
        && (losesGoodDisk || (isPromoted && after.disk().isBelow(DiskState.INCONSISTENT)))
        && peer != null
        && !device.peerKeepsBitmap()
        && peer.uuids().currentIdentity() == device.uuids().currentIdentity()) {
      volume.peersGenerationBegins();
    }
  }

  private void sendUuids(Volume volume) {
    parts.turn.send(volume.number(), Parameters.uuids(volume, 0));
  }
}
