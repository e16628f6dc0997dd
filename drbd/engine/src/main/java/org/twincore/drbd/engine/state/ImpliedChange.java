package org.twincore.drbd.engine.state;

import static org.twincore.drbd.ConnectionState.AHEAD;
import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.SYNC_TARGET;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;
import static org.twincore.drbd.DiskState.CONSISTENT;
import static org.twincore.drbd.DiskState.DISKLESS;
import static org.twincore.drbd.DiskState.D_UNKNOWN;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.NEGOTIATING;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.util.function.Function;
import java.util.function.Predicate;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// What a change of state implies, one row each, applied in this order (drbd-wire section 7.1,
/// `sanitize_state`).
public enum ImpliedChange {
  /// Nobody tells the peer's role and pauses.
  PEER_UNKNOWN_WITHOUT_CONNECTION(
      c -> below(c, CONNECTED) && (c.wanted.peer() != Role.UNKNOWN || c.wanted.peerIsp()),
      c -> c.wanted.withPeer(Role.UNKNOWN).withPeerIsp(false)),
  /// A disk that was Inconsistent or Outdated stays known as that.
  PEER_DISK_UNKNOWN_WITHOUT_CONNECTION(
      c ->
          below(c, CONNECTED)
              && (c.wanted.pdsk().compareTo(D_UNKNOWN) > 0
                  || c.wanted.pdsk().isBelow(INCONSISTENT)),
      c -> c.wanted.withPdsk(D_UNKNOWN)),
  UNCONFIGURED_HAS_NO_DEPENDENCY(
      c ->
          c.wanted.conn() == STAND_ALONE
              && c.wanted.disk() == DISKLESS
              && c.wanted.role() == Role.SECONDARY
              && c.wanted.aftrIsp(),
      c -> c.wanted.withAftrIsp(false)),
  LOST_DISK_ABORTS_VERIFY(
      c -> (c.wanted.conn() == VERIFY_S || c.wanted.conn() == VERIFY_T) && lacksDisk(c.wanted),
      c -> c.wanted.withConn(CONNECTED)),
  LOST_DISK_ABORTS_RESYNC(
      c -> c.wanted.conn().compareTo(CONNECTED) > 0 && lacksDisk(c.wanted),
      c -> c.wanted.withConn(CONNECTED)),
  /// A target that was not copied is as old as before, although its connection looks settled. (The
  /// kernel calls it UpToDate.)
  ABORTED_TARGET_STAYS_BEHIND(
      c ->
          c.before.conn().isTarget()
              && c.wanted.conn() == CONNECTED
              && isUnsettled(c.wanted.disk()),
      c -> c.wanted.withDisk(INCONSISTENT)),
  /// The same as the source sees it.
  ABORTED_SOURCE_LEAVES_PEER_BEHIND(
      c ->
          c.before.conn().isSource()
              && c.wanted.conn() == CONNECTED
              && isUnsettled(c.wanted.pdsk()),
      c -> c.wanted.withPdsk(INCONSISTENT)),
  /// The connection broke before an attach was decided, but the data is what users know.
  CUT_NEGOTIATION_KEEPS_DISK(
      c ->
          below(c, CONNECTED)
              && c.wanted.disk() == NEGOTIATING
              && c.context.remembered().isTheExposedData(),
      c ->
          c.wanted
              .withDisk(c.context.remembered().disk())
              .withPdsk(c.context.remembered().peerDisk())),
  /// The connection broke before an attach was decided, and the data may be older.
  CUT_NEGOTIATION_DROPS_DISK(
      c -> below(c, CONNECTED) && c.wanted.disk() == NEGOTIATING,
      c -> c.wanted.withDisk(DISKLESS).withPdsk(D_UNKNOWN)),
  CONNECTED_SETTLES_DISK(
      c -> isConnected(c.wanted) && isUnsettled(c.wanted.disk()),
      c -> c.wanted.withDisk(UP_TO_DATE)),
  CONNECTED_SETTLES_PEER_DISK(
      c -> isConnected(c.wanted) && isUnsettled(c.wanted.pdsk()),
      c -> c.wanted.withPdsk(UP_TO_DATE)),
  DISK_LOWERED(
      c -> c.wanted.disk().compareTo(c.range().diskMax()) > 0,
      c -> c.wanted.withDisk(c.range().diskMax())),
  DISK_RAISED(
      c -> c.wanted.disk().isBelow(c.range().diskMin()) && !isKept(c, c.wanted.disk()),
      c -> c.wanted.withDisk(c.range().diskMin())),
  PEER_DISK_LOWERED(
      c -> c.wanted.pdsk().compareTo(c.range().peerMax()) > 0,
      c -> c.wanted.withPdsk(c.range().peerMax())),
  PEER_DISK_RAISED(
      c -> c.wanted.pdsk().isBelow(c.range().peerMin()) && !isKept(c, c.wanted.pdsk()),
      c -> c.wanted.withPdsk(c.range().peerMin())),
  /// I/O waits until the fence-peer handler has decided about the peer.
  FENCING_FREEZES(
      c ->
          c.fencing() == Fencing.RESOURCE_AND_STONITH
              && isPrimaryWithoutKnownPeer(c.wanted)
              && !isPrimaryWithoutKnownPeer(c.before)
              && !c.wanted.suspFen(),
      c -> c.wanted.withSuspFen(true)),
  /// I/O waits until somebody has data again.
  NO_DATA_FREEZES(
      c ->
          c.context.options().suspendWithoutData()
              && isPrimaryWithoutData(c.wanted)
              && !isPrimaryWithoutData(c.before)
              && !c.wanted.suspNod(),
      c -> c.wanted.withSuspNod(true)),
  PAUSES_SOURCE(
      c -> isPaused(c.wanted) && c.wanted.conn() == SYNC_SOURCE,
      c -> c.wanted.withConn(PAUSED_SYNC_S)),
  PAUSES_TARGET(
      c -> isPaused(c.wanted) && c.wanted.conn() == SYNC_TARGET,
      c -> c.wanted.withConn(PAUSED_SYNC_T)),
  CONTINUES_SOURCE(
      c -> !isPaused(c.wanted) && c.wanted.conn() == PAUSED_SYNC_S,
      c -> c.wanted.withConn(SYNC_SOURCE)),
  CONTINUES_TARGET(
      c -> !isPaused(c.wanted) && c.wanted.conn() == PAUSED_SYNC_T,
      c -> c.wanted.withConn(SYNC_TARGET));

  private final Predicate<Case> condition;
  private final Function<Case, StateWord> effect;

  ImpliedChange(Predicate<Case> condition, Function<Case, StateWord> effect) {
    this.condition = condition;
    this.effect = effect;
  }

  /// One row at work: the state now, the state wanted so far, and what else matters.
  record Case(StateWord before, StateWord wanted, StateContext context) {
    private DiskRange range() {
      return DiskRange.of(wanted.conn());
    }

    /// Without a usable disk nothing is known about fencing: it is a disk option.
    private Fencing fencing() {
      return before.disk().isAtLeast(INCONSISTENT)
          ? context.options().fencing()
          : Fencing.DONT_CARE;
    }
  }

  boolean appliesTo(Case of) {
    return condition.test(of);
  }

  StateWord applyTo(Case of) {
    return effect.apply(of);
  }

  private static boolean below(Case of, ConnectionState conn) {
    return of.wanted.conn().isBelow(conn);
  }

  private static boolean lacksDisk(StateWord state) {
    return !state.disk().isAtLeast(NEGOTIATING) || !state.pdsk().isAtLeast(NEGOTIATING);
  }

  private static boolean isConnected(StateWord state) {
    return state.conn().isAtLeast(CONNECTED) && state.conn().isBelow(AHEAD);
  }

  private static boolean isUnsettled(DiskState disk) {
    return disk == CONSISTENT || disk == OUTDATED;
  }

  /// Only good disks begin to be verified. One that fails meanwhile and is kept (`on-io-error
  /// pass_on`) is not good any more. (The kernel calls it UpToDate again, and could promote a disk
  /// that lacks answered writes.)
  private static boolean isKept(Case of, DiskState disk) {
    ConnectionState conn = of.wanted.conn();
    return disk == INCONSISTENT
        && of.before.conn() == conn
        && (conn == VERIFY_S || conn == VERIFY_T);
  }

  private static boolean isPrimaryWithoutKnownPeer(StateWord state) {
    return state.role() == Role.PRIMARY
        && state.conn().isBelow(CONNECTED)
        && state.pdsk().compareTo(OUTDATED) > 0;
  }

  private static boolean isPrimaryWithoutData(StateWord state) {
    return state.role() == Role.PRIMARY
        && state.disk().isBelow(UP_TO_DATE)
        && state.pdsk().isBelow(UP_TO_DATE);
  }

  private static boolean isPaused(StateWord state) {
    return state.isResyncPaused();
  }
}
