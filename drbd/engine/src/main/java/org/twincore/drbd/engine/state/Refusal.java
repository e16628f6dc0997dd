package org.twincore.drbd.engine.state;

import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.STAND_ALONE;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_S;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_T;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.TIMEOUT;
import static org.twincore.drbd.ConnectionState.UNCONNECTED;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_S;
import static org.twincore.drbd.ConnectionState.WF_CONNECTION;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;
import static org.twincore.drbd.DiskState.ATTACHING;
import static org.twincore.drbd.DiskState.DISKLESS;
import static org.twincore.drbd.DiskState.D_UNKNOWN;
import static org.twincore.drbd.DiskState.FAILED;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.NEGOTIATING;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.util.function.Predicate;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.wire.StateWord;

/// Why a change of state is refused, one row each; in each kind the first row that holds answers
/// (drbd-wire section 7.4, `is_valid_state` and the two `is_valid_*transition`).
public enum Refusal {
  // Transitions that not even the facts of the world can force.
  DISCONNECT_WHEN_STAND_ALONE(
      Kind.HARD,
      StateResult.ALREADY_STAND_ALONE,
      c -> leaves(c, STAND_ALONE) && c.after.conn() == DISCONNECTING),
  CONNECT_WITHOUT_CONFIGURATION(
      Kind.HARD,
      StateResult.NO_NET_CONFIG,
      c -> leaves(c, STAND_ALONE) && c.after.conn() == WF_CONNECTION),
  STAND_ALONE_MUST_CONFIGURE(
      Kind.HARD,
      StateResult.NEED_CONNECTION,
      c -> leaves(c, STAND_ALONE) && c.after.conn() != UNCONNECTED),
  HANDSHAKE_SKIPPED(
      Kind.HARD,
      StateResult.NEED_CONNECTION,
      c -> c.before.conn().isBelow(WF_REPORT_PARAMS) && c.after.conn().isAtLeast(CONNECTED)),
  FAILURE_MUST_CLEAN_UP(
      Kind.HARD,
      StateResult.IN_TRANSIENT_STATE,
      c ->
          c.before.conn().isAtLeast(TIMEOUT)
              && c.before.conn().isBelow(WF_CONNECTION)
              && c.before.conn() != c.after.conn()
              && c.after.conn() != UNCONNECTED
              && c.after.conn() != DISCONNECTING),
  DISCONNECTING_ENDS_STAND_ALONE(
      Kind.HARD,
      StateResult.IN_TRANSIENT_STATE,
      c -> leaves(c, DISCONNECTING) && c.after.conn() != STAND_ALONE),
  FAILED_AFTER_DETACH(
      Kind.HARD,
      StateResult.DISKLESS,
      c -> c.after.disk() == FAILED && c.before.disk() == DISKLESS),

  // States that are not allowed, unless the state before was wrong in the same way.
  TWO_PRIMARIES(
      Kind.STATE,
      StateResult.TWO_PRIMARIES,
      c ->
          !c.context.options().allowTwoPrimaries()
              && isPrimary(c.after)
              && c.after.peer() == Role.PRIMARY),
  OTHER_VOLUME_PRIMARY(
      Kind.STATE,
      StateResult.OTHER_VOLUME_PRIMARY,
      c ->
          !c.context.options().allowTwoPrimaries()
              && isPrimary(c.after)
              && c.context.otherVolumesPeer() == Role.PRIMARY),
  SECONDARY_IN_USE(
      Kind.STATE,
      StateResult.DEVICE_IN_USE,
      c -> c.after.role() == Role.SECONDARY && c.context.openers() > 0),
  LONELY_PRIMARY_NOT_UP_TO_DATE(
      Kind.STATE,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          isPrimary(c.after)
              && c.after.conn().isBelow(CONNECTED)
              && c.after.disk().isBelow(UP_TO_DATE)),
  LONELY_PRIMARY_PEER_NOT_OUTDATED(
      Kind.STATE,
      StateResult.PRIMARY_NOP,
      c ->
          c.fencing() != Fencing.DONT_CARE
              && isPrimary(c.after)
              && c.after.conn().isBelow(CONNECTED)
              && c.after.pdsk().isAtLeast(D_UNKNOWN)),
  PRIMARY_BOTH_INCONSISTENT(
      Kind.STATE,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          isPrimary(c.after)
              && c.after.disk().isBelow(OUTDATED)
              && c.after.pdsk().isBelow(OUTDATED)),
  RESYNC_WITHOUT_DISK(
      Kind.STATE,
      StateResult.NO_LOCAL_DISK,
      c -> isBusy(c.after) && c.after.disk().isBelow(INCONSISTENT)),
  RESYNC_WITHOUT_PEER_DISK(
      Kind.STATE,
      StateResult.NO_REMOTE_DISK,
      c -> isBusy(c.after) && c.after.pdsk().isBelow(INCONSISTENT)),
  /// Nothing is copied by a verify, during which both disks may have failed and been kept.
  RESYNC_WITHOUT_GOOD_DISK(
      Kind.STATE,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          isBusy(c.after)
              && !isVerify(c.after)
              && c.after.disk().isBelow(UP_TO_DATE)
              && c.after.pdsk().isBelow(UP_TO_DATE)),
  CONNECTED_OUTDATED(
      Kind.STATE,
      StateResult.CONNECTED_OUTDATES,
      c -> isConnectedOrSource(c.after) && c.after.disk() == OUTDATED),
  VERIFY_WITHOUT_ALGORITHM(
      Kind.STATE,
      StateResult.NO_VERIFY_ALG,
      c -> isVerify(c.after) && !c.context.options().verifyConfigured()),
  VERIFY_NOT_SUPPORTED(
      Kind.STATE,
      StateResult.NOT_SUPPORTED,
      c -> isVerify(c.after) && c.context.agreedVersion() < 88),
  PRIMARY_WITHOUT_GOOD_DISK(
      Kind.STATE,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          isPrimary(c.after)
              && c.after.disk().isBelow(UP_TO_DATE)
              && c.after.pdsk().isBelow(UP_TO_DATE)),
  START_SYNC_PEER_DISK_UNKNOWN(
      Kind.STATE,
      StateResult.NEED_CONNECTION,
      c -> isStartingSync(c.after) && c.after.pdsk() == D_UNKNOWN),
  CONNECTED_PEER_DISK_UNKNOWN(
      Kind.STATE,
      StateResult.CONNECTED_OUTDATES,
      c -> c.after.conn().isAtLeast(CONNECTED) && c.after.pdsk() == D_UNKNOWN),

  // Transitions that only facts can force.
  OUTDATE_WITHOUT_CONNECTION(
      Kind.SOFT,
      StateResult.OUTDATE_NEEDS_CONNECTION,
      c ->
          c.after.conn() == DISCONNECTING
              && c.after.pdsk() == OUTDATED
              && c.before.conn().isBelow(CONNECTED)
              && c.before.pdsk().compareTo(OUTDATED) > 0),
  START_SYNC_WITHOUT_CONNECTION(
      Kind.SOFT,
      StateResult.NEED_CONNECTION,
      c -> isStartingSync(c.after) && c.before.conn().isBelow(CONNECTED)),
  VERIFY_WHILE_BUSY(
      Kind.SOFT,
      StateResult.RESYNC_RUNNING,
      c -> isVerify(c.after) && c.after.conn() != c.before.conn() && isBusy(c.before)),
  VERIFY_WITHOUT_CONNECTION(
      Kind.SOFT,
      StateResult.NEED_CONNECTION,
      c -> isVerify(c.after) && c.before.conn().isBelow(CONNECTED)),
  HANDSHAKE_RUNS(
      Kind.SOFT,
      StateResult.IN_TRANSIENT_STATE,
      c -> c.context.handshakeRuns() && !isConnectionProgress(c)),
  DISCONNECT_WHILE_UNCONNECTED(
      Kind.SOFT,
      StateResult.IN_TRANSIENT_STATE,
      c -> c.after.conn() == DISCONNECTING && c.before.conn() == UNCONNECTED),
  OUTDATE_A_LOWER_DISK(
      Kind.SOFT,
      StateResult.LOWER_THAN_OUTDATED,
      c ->
          c.after.disk() == OUTDATED
              && c.before.disk().isBelow(OUTDATED)
              && c.before.disk() != ATTACHING),
  /// Our own: what is asked for then would settle a disk that was not compared with the peer's yet.
  DISK_IS_NEGOTIATED(
      Kind.SOFT,
      StateResult.IN_TRANSIENT_STATE,
      c -> c.before.disk() == NEGOTIATING && c.after.disk().compareTo(INCONSISTENT) > 0),
  BETTER_WITHOUT_ATTACH(
      Kind.SOFT,
      StateResult.DISKLESS,
      c -> c.after.disk().compareTo(ATTACHING) > 0 && c.before.disk() == DISKLESS),
  START_SYNC_WHILE_BUSY(
      Kind.SOFT, StateResult.RESYNC_RUNNING, c -> isStartingSync(c.after) && isBusy(c.before)),
  /// Our own: the kernel would declare an unusable disk UpToDate to let it be the source.
  START_SYNC_FROM_UNUSABLE_DISK(
      Kind.SOFT,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          (c.after.conn() == STARTING_SYNC_S && c.before.disk().isBelow(OUTDATED))
              || (c.after.conn() == STARTING_SYNC_T && c.before.pdsk().isBelow(OUTDATED))),
  /// Our own: the kernel would declare both disks UpToDate to compare them.
  VERIFY_WITHOUT_GOOD_DISKS(
      Kind.SOFT,
      StateResult.NO_UP_TO_DATE_DISK,
      c ->
          isVerify(c.after)
              && c.before.conn() == CONNECTED
              && (c.before.disk() != UP_TO_DATE || c.before.pdsk() != UP_TO_DATE));

  private final Kind kind;
  private final StateResult answer;
  private final Predicate<Case> condition;

  Refusal(Kind kind, StateResult answer, Predicate<Case> condition) {
    this.kind = kind;
    this.answer = answer;
    this.condition = condition;
  }

  /// When a row is asked.
  public enum Kind {
    /// For each change.
    HARD,
    /// For changes that somebody asks for; looks at the state after the change only.
    STATE,
    /// For changes that somebody asks for.
    SOFT
  }

  /// A change to be judged; `after` has its implied changes already.
  record Case(StateWord before, StateWord after, StateContext context) {
    private Fencing fencing() {
      return before.disk().isAtLeast(INCONSISTENT)
          ? context.options().fencing()
          : Fencing.DONT_CARE;
    }
  }

  public Kind kind() {
    return kind;
  }

  /// What an admin, or the peer that asked, is told.
  public StateResult answer() {
    return answer;
  }

  boolean appliesTo(Case of) {
    return condition.test(of);
  }

  private static boolean leaves(Case of, ConnectionState conn) {
    return of.before.conn() == conn && of.after.conn() != conn;
  }

  private static boolean isPrimary(StateWord state) {
    return state.role() == Role.PRIMARY;
  }

  private static boolean isBusy(StateWord state) {
    return state.conn().compareTo(CONNECTED) > 0;
  }

  private static boolean isVerify(StateWord state) {
    return state.conn() == VERIFY_S || state.conn() == VERIFY_T;
  }

  private static boolean isStartingSync(StateWord state) {
    return state.conn() == STARTING_SYNC_S || state.conn() == STARTING_SYNC_T;
  }

  private static boolean isConnectedOrSource(StateWord state) {
    return state.conn() == CONNECTED
        || state.conn() == WF_BITMAP_S
        || state.conn() == SYNC_SOURCE
        || state.conn() == PAUSED_SYNC_S;
  }

  private static boolean isConnectionProgress(Case of) {
    return (of.before.conn() == WF_CONNECTION && of.after.conn() == WF_REPORT_PARAMS)
        || (of.before.conn() == WF_REPORT_PARAMS && of.after.conn().isAtLeast(CONNECTED));
  }
}
