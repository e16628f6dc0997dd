package org.twincore.sim.kernel;

import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;
import org.twincore.drbd.wire.UuidFlags;

/// What a scripted node makes of the peer's P_STATE, and who gets what from whom (drbd-wire 6.3 and
/// 7.2).
final class KernelMeeting {
  /// A split brain.
  private static final int UNDECIDED = 100;

  private final KernelPeer node;

  /// Neither disk was good, and one of them has been declared to be.
  private boolean considersResync;

  /// The peer's disk does not go with the own one.
  private boolean refusesPeersDisk;

  KernelMeeting(KernelPeer node) {
    this.node = node;
  }

  void considerResync() {
    considersResync = true;
  }

  void forget() {
    considersResync = false;
    refusesPeersDisk = false;
  }

  /// Was the peer's attach refused, of which it does not hear?
  boolean refusesPeersDisk() {
    return refusesPeersDisk;
  }

  void peerState(int word) {
    StateWord peer =
        StateWord.of(word)
            .orElseThrow(() -> new Misbehaved("P_STATE 0x" + Integer.toHexString(word)));
    DiskState real = realDisk(peer);
    StateWord before = node.state();
    if (before.conn().isBelow(ConnectionState.WF_REPORT_PARAMS)) {
      throw new Misbehaved("P_STATE while " + before.conn());
    }
    if (before.conn() == ConnectionState.VERIFY_T
        && peer.conn() == ConnectionState.CONNECTED
        && real == DiskState.UP_TO_DATE) {
      node.verify().ended(ConnectionState.VERIFY_T);
      return;
    }
    boolean isEnd =
        (before.pdsk() == DiskState.INCONSISTENT || before.pdsk() == DiskState.CONSISTENT)
            && real == DiskState.UP_TO_DATE
            && before.conn().isAtLeast(ConnectionState.STARTING_SYNC_S)
            && before.disk() == DiskState.UP_TO_DATE;
    if (isEnd) {
      boolean isPreparing =
          peer.conn().isAtLeast(ConnectionState.STARTING_SYNC_S)
              && peer.conn().isBelow(ConnectionState.SYNC_SOURCE);
      if (isPreparing) {
        real = DiskState.INCONSISTENT;
      } else if (before.conn().isAtLeast(ConnectionState.SYNC_SOURCE)
          && peer.conn() == ConnectionState.CONNECTED) {
        node.resync().endedAtTarget();
        return;
      }
    }
    if (before.pdsk() == DiskState.UP_TO_DATE
        && real == DiskState.INCONSISTENT
        && before.conn() == ConnectionState.CONNECTED
        && peer.conn().isAtLeast(ConnectionState.SYNC_SOURCE)) {
      real = DiskState.UP_TO_DATE;
    }
    StateWord wanted =
        before.conn() == ConnectionState.WF_REPORT_PARAMS
            ? before.withConn(ConnectionState.CONNECTED)
            : before;
    if (mustCompare(before, peer)) {
      refusesPeersDisk = false;
      Optional<ConnectionState> conn = handshake(peer.role(), real);
      if (conn.isPresent()) {
        wanted = wanted.withConn(conn.get());
      } else if (before.disk() == DiskState.NEGOTIATING) {
        node.attachment().giveUp();
        wanted = wanted.withDisk(node.state().disk());
      } else if (peer.disk() == DiskState.NEGOTIATING) {
        real = DiskState.DISKLESS;
        refusesPeersDisk = true;
      } else {
        node.hangUp("no way to resync");
        return;
      }
    }
    considersResync = false;
    wanted = node.attachment().negotiated(wanted);
    node.setState(
        wanted.withPeer(peer.role()).withPdsk(real).withPeerIsp(peer.aftrIsp() || peer.userIsp()));
    if (before.conn().isAtLeast(ConnectionState.CONNECTED)
        && node.state().conn().isAtLeast(ConnectionState.STARTING_SYNC_S)
        && !peer.conn().isAtLeast(ConnectionState.STARTING_SYNC_S)
        && peer.disk() != DiskState.NEGOTIATING) {
      node.report().uuids(0);
      node.report().state();
    }
  }

  private DiskState realDisk(StateWord peer) {
    if (peer.disk() != DiskState.NEGOTIATING) {
      return peer.disk();
    }
    return (node.peerUuids().flags() & UuidFlags.INCONSISTENT) != 0
        ? DiskState.INCONSISTENT
        : DiskState.CONSISTENT;
  }

  private boolean mustCompare(StateWord before, StateWord peer) {
    boolean hasDisks =
        peer.disk().isAtLeast(DiskState.NEGOTIATING) && node.attachment().isNegotiatingOrThere();
    if (!node.hasPeerUuids() || !hasDisks) {
      return false;
    }
    boolean isConnected = before.conn() == ConnectionState.CONNECTED;
    return before.conn().isBelow(ConnectionState.CONNECTED)
        || isConnected && peer.disk() == DiskState.NEGOTIATING
        || isConnected && before.disk() == DiskState.NEGOTIATING
        || considersResync
        || isConnected
            && peer.conn().isAtLeast(ConnectionState.STARTING_SYNC_S)
            && !peer.conn().isAtLeast(ConnectionState.WF_SYNC_UUID);
  }

  /// Who gets what from whom (drbd-wire 6.3); empty: refused.
  private Optional<ConnectionState> handshake(Role peerRole, DiskState peerDisk) {
    Packet.Uuids theirs = node.peerUuids();
    KernelUuids.Verdict verdict =
        KernelUuids.compare(
            node.disk.uuids(),
            theirs.uuids(),
            new KernelUuids.Crashes(
                node.disk.isCrashedPrimary(),
                (theirs.flags() & UuidFlags.CRASHED_PRIMARY) != 0,
                node.isPrimary(),
                peerRole == Role.PRIMARY,
                node.agreed().has(Features.WSAME)),
            node.resolvesConflicts(),
            node.agreed().version());
    node.simulation.trace().line("kernel: uuid rule " + verdict.rule() + " -> " + verdict.result());
    node.disk.uuids(verdict.own());
    node.peerUuids(new Packet.Uuids(verdict.peer(), theirs.bitsSet(), theirs.flags()));
    int result = verdict.result();
    if (result == KernelUuids.NEEDS_NEWER) {
      return Optional.empty();
    }
    boolean peerDiscards = (theirs.flags() & UuidFlags.DISCARD_MY_DATA) != 0;
    boolean isApart = Math.abs(result) == UNDECIDED;
    if (isApart && node.discardsMyData() != peerDiscards) {
      result = peerDiscards ? 1 : -1;
    }
    DiskState own = node.state().disk();
    DiskState good = own == DiskState.NEGOTIATING ? node.attachment().found() : own;
    boolean isOwnInconsistent = good == DiskState.INCONSISTENT;
    boolean isPeerInconsistent = peerDisk == DiskState.INCONSISTENT;
    if (isOwnInconsistent != isPeerInconsistent) {
      boolean isFull = result == -UNDECIDED || Math.abs(result) == 2;
      result = (isOwnInconsistent ? -1 : 1) * (isFull ? 2 : 1);
    }
    boolean isRefused =
        Math.abs(result) >= UNDECIDED
            || result > 0 && !DiskState.INCONSISTENT.isBelow(good)
            || result < 0 && node.isPrimary() && own.isAtLeast(DiskState.CONSISTENT);
    if (isRefused) {
      return Optional.empty();
    }
    if (Math.abs(result) == 2) {
      node.disk.setAll();
    }
    if (result == 0) {
      return Optional.of(ConnectionState.CONNECTED);
    }
    return Optional.of(result > 0 ? ConnectionState.WF_BITMAP_S : ConnectionState.WF_BITMAP_T);
  }
}
