package org.twincore.sim.kernel;

import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;

/// What a scripted node tells of itself with P_PROTOCOL, P_SIZES, P_UUIDS and P_STATE, and after
/// which changes (drbd-wire 5.2, 6.2, 7.2).
final class KernelReport {
  private final KernelPeer node;

  KernelReport(KernelPeer node) {
    this.node = node;
  }

  /// With the number of its `after-sb-0pri`; all else in there does not change.
  void settings(PacketType type, int withoutPrimary, int flags) {
    KernelSettings settings = node.settings();
    Optional<String> integrity =
        node.agreed().has(Since.INTEGRITY_NAME)
            ? Optional.of(KernelDigests.name(settings.digests().integrity()))
            : Optional.empty();
    int protocol = settings.protocol().code();
    int twoPrimaries = settings.twoPrimaries() ? 1 : 0;
    node.wire.data(
        new Packet.Protocol(type, protocol, withoutPrimary, 0, 0, flags, twoPrimaries, integrity),
        null);
    node.wire.data(settings.syncParam(node.agreed().version()), null);
  }

  void sizes() {
    long sectors = node.disk.sectors();
    long usable = node.attachment().isNegotiatingOrThere() ? sectors : 0;
    node.wire.data(node.settings().sizes(usable, sectors, node.agreed()), null);
  }

  void state() {
    node.wire.data(new Packet.State(node.state().toInt()), null);
  }

  /// If there is a disk that has some.
  void uuids(long flags) {
    KernelDisk disk = node.disk;
    if (node.attachment().isNegotiatingOrThere()) {
      long crashed = disk.isCrashedPrimary() ? UuidFlags.CRASHED_PRIMARY : 0;
      boolean wasInconsistent = node.attachment().found() == DiskState.INCONSISTENT;
      long found = wasInconsistent ? UuidFlags.INCONSISTENT : 0;
      node.wire.data(new Packet.Uuids(disk.uuids(), disk.bitsSet(), flags | crashed | found), null);
    }
  }

  /// A new state was taken.
  void follow(StateWord before, StateWord after) {
    followPeersDisk(before, after);
    if (after.conn().isAtLeast(ConnectionState.CONNECTED)) {
      followOwn(before, after);
    }
  }

  private void followPeersDisk(StateWord before, StateWord after) {
    boolean isAttached =
        before.pdsk() == DiskState.DISKLESS
            && DiskState.DISKLESS.isBelow(after.pdsk())
            && after.pdsk() != DiskState.D_UNKNOWN;
    if (isAttached) {
      uuids(0);
      state();
    }
    boolean isInUse = node.isPrimary() || after.peer() == Role.PRIMARY;
    boolean isPromoted = before.peer() != Role.PRIMARY && after.peer() == Role.PRIMARY;
    boolean isApart =
        KernelStates.isOutOfReach(before.pdsk(), after.pdsk()) && isInUse
            || after.pdsk().isBelow(DiskState.INCONSISTENT) && isPromoted;
    if (isApart && after.disk() == DiskState.UP_TO_DATE && node.newCurrentUuid()) {
      uuids(0);
    }
  }

  private void followOwn(StateWord before, StateWord after) {
    boolean isGone = after.disk() == DiskState.FAILED || after.disk() == DiskState.DISKLESS;
    if (before.conn() == ConnectionState.WF_REPORT_PARAMS
        || before.role() != after.role()
        || isGone && before.disk() != after.disk()) {
      state();
    }
    boolean isTargetNoMore =
        before.disk().isBelow(DiskState.UP_TO_DATE)
            && before.conn().isAtLeast(ConnectionState.SYNC_SOURCE)
            && after.conn() == ConnectionState.CONNECTED;
    if (isTargetNoMore) {
      state();
    }
  }
}
