package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.BEHIND;
import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_S;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_T;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.SYNC_TARGET;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_S;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_T;
import static org.twincore.drbd.ConnectionState.WF_SYNC_UUID;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.UuidChanges;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.wire.BitmapReceiver;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.WireFormatException;

/// The course of a resync from the bitmaps to its end (drbd-wire sections 6.1, 11.1, 12.1).
///
/// ```
/// source: WFBitMapS -> SyncSource (P_SYNC_UUID) -> Connected, when the target says so
/// target: WFBitMapT -> WFSyncUUID -> SyncTarget -> Connected
/// ```
final class Resyncs {
  private final Parts parts;
  private final States states;
  private final Liveness liveness;
  private final Fences fences;
  private final ResyncGate gate;

  Resyncs(Parts parts, States states, Liveness liveness, Fences fences, PeerLink link) {
    this.parts = parts;
    this.states = states;
    this.liveness = liveness;
    this.fences = fences;
    this.gate = new ResyncGate(parts, link);
  }

  // ---- beginning

  /// Sets all bits; the flag in the superblock makes up for bits that a crash keeps from the disk.
  void markAll(Volume volume) {
    Device device = volume.device;
    int flags = device.disk().superblock().flags();
    device.disk().setFlags(flags | MetadataFlags.FULL_SYNC);
    device.disk().markAll();
    device.disk().writeBitmap(ok -> allMarked(volume, ok));
  }

  private static void allMarked(Volume volume, boolean ok) {
    if (ok && volume.device.backing() != null) {
      int flags = volume.device.disk().superblock().flags();
      volume.device.disk().setFlags(flags & ~MetadataFlags.FULL_SYNC);
    }
  }

  /// P_BITMAP or P_COMPRESSED_BITMAP; answers why it cannot be, or null.
  @Nullable String bitmapArrived(Volume volume, Packet.Bytes packet) {
    ConnectionState conn = volume.device.state().conn();
    if (conn == CONNECTED && !volume.device.hasUsableDisk()) {
      return null; // for a resync that ended with the own disk
    }
    if (conn != WF_BITMAP_S && conn != WF_BITMAP_T) {
      return "in " + conn + ", expected WFBitMapS or WFBitMapT";
    }
    try {
      if (volume.bitmapExchange.receive(packet) == BitmapReceiver.Progress.COMPLETE) {
        bitmapComplete(volume, conn);
      }
      return null;
    } catch (WireFormatException bad) {
      return bad.getMessage();
    }
  }

  private void bitmapComplete(Volume volume, ConnectionState conn) {
    if (conn == WF_BITMAP_S) {
      startSource(volume, "bitmaps exchanged");
      return;
    }
    volume.bitmapExchange.send();
    volume.device.disk().setBitmapComplete(true);
    states.force(volume, state -> state.withConn(WF_SYNC_UUID), "bitmaps exchanged");
    takeEarlySyncUuid(volume);
  }

  private void startSource(Volume volume, String why) {
    gate.enter(volume, ResyncGate.Side.SOURCE, () -> becomeSource(volume, why));
  }

  /// Becomes SyncSource; the UUID of the resync goes out when it is durable here, and so is all
  /// that the target will be sent: both forget the marks of blocks that the target has, and this
  /// node would else lose with its power what it had only in a cache.
  private void becomeSource(Volume volume, String why) {
    Device device = volume.device;
    states.force(volume, state -> state.withConn(SYNC_SOURCE), why);
    if (!volume.isSyncing()) {
      return;
    }
    volume.announcedNanos = Long.MAX_VALUE;
    UuidChanges.SourceStart start = UuidChanges.startSource(device.uuids(), parts.random);
    volume.setUuids(start.uuids());
    int link = parts.peering.link();
    device.disk().writeBitmap(_ -> {});
    device.disk().settle(ok -> announce(volume, start.syncUuid(), link, ok));
    parts.turn.log(
        Effect.Level.INFO,
        "volume %d: began resync as source, %d KiB in %d bits"
            .formatted(volume.number(), device.outOfSyncBlocks() * 4, device.outOfSyncBlocks()));
  }

  private void announce(Volume volume, long syncUuid, int link, boolean durable) {
    ConnectionState conn = volume.device.state().conn();
    boolean isSource = conn == SYNC_SOURCE || conn == PAUSED_SYNC_S;
    // It may have pulled ahead of the target meanwhile, which learns its UUID later then.
    if (durable && link == parts.peering.link() && isSource) {
      volume.announcedNanos = parts.turn.now();
      parts.turn.send(volume.number(), new Packet.SyncUuid(syncUuid));
    }
  }

  /// P_SYNC_UUID. `mayBeEarly` if this node may still have to hear that it becomes the target.
  void syncUuidArrived(Volume volume, long uuid, boolean mayBeEarly) {
    ConnectionState conn = volume.device.state().conn();
    if (conn == WF_BITMAP_T || conn == STARTING_SYNC_T || mayBeEarly) {
      volume.earlySyncUuid = uuid;
    } else if ((conn == WF_SYNC_UUID || conn == BEHIND) && volume.device.hasUsableDisk()) {
      startTarget(volume, uuid);
    } else {
      parts.turn.log(
          Effect.Level.WARN,
          "volume %d: P_SYNC_UUID ignored in %s, expected WFSyncUUID or Behind"
              .formatted(volume.number(), conn));
    }
  }

  private void takeEarlySyncUuid(Volume volume) {
    Long early = volume.earlySyncUuid;
    volume.earlySyncUuid = null;
    if (early != null && volume.device.state().conn() == WF_SYNC_UUID) {
      startTarget(volume, early);
    }
  }

  private void startTarget(Volume volume, long uuid) {
    gate.enter(volume, ResyncGate.Side.TARGET, () -> becomeTarget(volume, uuid));
  }

  private void becomeTarget(Volume volume, long uuid) {
    Device device = volume.device;
    device.peerIsSource();
    volume.setUuids(UuidChanges.startTarget(device.uuids(), uuid, device.state().role()));
    states.force(volume, state -> state.withConn(SYNC_TARGET), "P_SYNC_UUID");
    parts.turn.log(
        Effect.Level.INFO,
        "volume %d: began resync as target, will fetch %d KiB in %d bits"
            .formatted(volume.number(), device.outOfSyncBlocks() * 4, device.outOfSyncBlocks()));
  }

  /// Both agreed that all of one side is worthless: no bitmaps, all bits.
  void startFull(Volume volume) {
    ConnectionState conn = volume.device.state().conn();
    markAll(volume);
    if (conn == STARTING_SYNC_S) {
      startSource(volume, "all of the peer's data is invalid");
    } else if (conn == STARTING_SYNC_T) {
      volume.device.disk().settle(_ -> awaitSyncUuid(volume));
    }
  }

  /// Both devices have grown: the new area is copied without an exchange of bitmaps, since both
  /// have the same bits set (`resync_after_online_grow`).
  void startGrown(Volume volume, boolean asSource) {
    if (asSource) {
      startSource(volume, "the device has grown");
    } else {
      states.force(volume, state -> state.withConn(WF_SYNC_UUID), "the device has grown");
    }
  }

  /// Becomes source of what is marked on either side although the handshake of the disks saw no
  /// reason: a new generation gives the peer one.
  void startOver(Volume volume, String why) {
    states.generations.begin(volume, why);
    int link = parts.peering.link();
    volume
        .device
        .disk()
        .settle(ok -> {
          StateWord state = volume.device.state();
          if (ok && link == parts.peering.link() && state.conn() == CONNECTED) {
            parts.turn.send(volume.number(), new Packet.State(state.withConn(WF_BITMAP_S).toInt()));
            states.force(volume, it -> it.withConn(WF_BITMAP_S), why);
          }
        });
  }

  /// What pulled ahead of its peer waits for it no longer.
  void startCaughtUp(Volume volume) {
    startSource(volume, "the peer has caught up");
  }

  private void awaitSyncUuid(Volume volume) {
    if (volume.device.state().conn() == STARTING_SYNC_T) {
      states.force(volume, state -> state.withConn(WF_SYNC_UUID), "all bits set");
      takeEarlySyncUuid(volume);
    }
  }

  // ---- end

  /// The target has fetched all. Everything must be durable before anybody hears that this disk is
  /// UpToDate; the ping makes sure that the source has seen every acknowledgement.
  void nothingLeft(Volume volume) {
    int link = parts.peering.link();
    volume
        .device
        .disk()
        .writeBitmap(ok -> {
          if (ok && link == parts.peering.link() && isTarget(volume)) {
            liveness.ping(() -> finishTarget(volume));
          }
        });
  }

  private static boolean isTarget(Volume volume) {
    ConnectionState conn = volume.device.state().conn();
    return conn == SYNC_TARGET || conn == PAUSED_SYNC_T;
  }

  private void finishTarget(Volume volume) {
    Device device = volume.device;
    if (!isTarget(volume)) {
      return;
    }
    long failed = volume.failedBlocks();
    if (device.outOfSyncBlocks() > failed) {
      volume.syncTarget.goOn();
      return;
    }
    logEqual(volume);
    boolean whole = failed == 0;
    Packet.Uuids peer = device.peerUuids();
    if (whole && peer != null) {
      volume.setUuids(UuidChanges.endTarget(device.uuids(), peer.uuids(), device.state().role()));
    }
    DiskState disk = whole ? DiskState.UP_TO_DATE : DiskState.INCONSISTENT;
    states.change(
        volume,
        state -> state.withConn(CONNECTED).withDisk(disk).withPdsk(DiskState.UP_TO_DATE),
        StateRules.Force.HARD,
        whole ? "resync done" : "resync done, " + failed + " blocks failed");
    int link = parts.peering.link();
    device
        .disk()
        .settle(_ -> {
          if (link == parts.peering.link()) {
            tellEnd(volume);
          }
        });
    if (whole) {
      // The kernel calls it after failed blocks too; a snapshot from before is still wanted then.
      parts.handlers.tell(volume, "after-resync-target");
    }
  }

  /// Tells the source how it stands. Only if it is whole to this moment does the source end its
  /// half too, and has no bitmap UUID any more.
  private void tellEnd(Volume volume) {
    Device device = volume.device;
    Packet.Uuids peer = device.peerUuids();
    StateWord state = device.state();
    if (peer != null && state.conn() == CONNECTED && state.disk() == DiskState.UP_TO_DATE) {
      device.setPeerUuids(new Packet.Uuids(device.uuids(), 0, peer.flags()));
    }
    states.sendState(volume);
  }

  private void logEqual(Volume volume) {
    volume
        .syncTarget
        .equalBlocks()
        .ifPresent(equal -> {
          long total = volume.progress().map(it -> it.totalBlocks()).orElse(0L);
          parts.turn.log(
              Effect.Level.INFO,
              "volume %d: %d %% had equal checksums, eliminated: %dK; transferred %dK total %dK"
                  .formatted(
                      volume.number(),
                      total == 0 ? 0 : 100 * equal / total,
                      equal * 4,
                      (total - equal) * 4,
                      total * 4));
        });
  }

  /// The target says that it has all.
  void finishSource(Volume volume) {
    Device device = volume.device;
    if (device.backing() == null) {
      return;
    }
    ConnectionState before = device.state().conn();
    volume.setUuids(UuidChanges.endSource(device.uuids()));
    states.change(
        volume,
        state ->
            state.withConn(CONNECTED).withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.UP_TO_DATE),
        StateRules.Force.HARD,
        "resync done");
    Packet.Uuids peer = device.peerUuids();
    if (peer != null) {
      device.setPeerUuids(new Packet.Uuids(device.uuids(), 0, peer.flags()));
    }
    device.disk().writeBitmap(_ -> {});
    liveness.ping(() -> {});
    fences.resyncEnded(volume, before);
  }

  /// The target has ended, but lacks blocks that could not be read here or written there: they stay
  /// marked, and the generations stay as they are, for the next resync.
  void giveUpSource(Volume volume) {
    states.change(
        volume,
        state -> state.withConn(CONNECTED).withPdsk(DiskState.INCONSISTENT),
        StateRules.Force.HARD,
        "resync ended, " + volume.failedBlocks() + " blocks failed");
    if (volume.device.backing() != null) {
      volume.device.disk().writeBitmap(_ -> {});
    }
  }
}
