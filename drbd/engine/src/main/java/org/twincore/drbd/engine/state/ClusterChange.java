package org.twincore.drbd.engine.state;

import static org.twincore.drbd.wire.StateWord.CONN_MASK;
import static org.twincore.drbd.wire.StateWord.DISK_MASK;
import static org.twincore.drbd.wire.StateWord.PDSK_MASK;
import static org.twincore.drbd.wire.StateWord.PEER_MASK;
import static org.twincore.drbd.wire.StateWord.ROLE_MASK;

import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.wire.StateWord;

/// Changes that the peer must agree to first (drbd-wire section 7.3).
///
/// A change travels as mask and value over the state word, in the sender's view. Deviation, towards
/// safety: a request may only touch what a DRBD 8.4 node ever asks for; the kernel would let a peer
/// change any bit.
public final class ClusterChange {
  private static final int CONN_SHIFT = 4;
  private static final int DISK_SHIFT = 9;
  private static final int PDSK_SHIFT = 13;

  private ClusterChange() {}

  /// A change of some bits of a state word.
  public record Change(int mask, int value) {
    /// The word after the change; empty if it has a number that no state has.
    public Optional<StateWord> applyTo(StateWord before) {
      return StateWord.of((before.toInt() & ~mask) | (value & mask));
    }

    /// Both changes at once.
    public Change and(Change other) {
      return new Change(mask | other.mask, value | other.value);
    }
  }

  /// Become Primary.
  public static final Change PROMOTE = new Change(ROLE_MASK, Role.PRIMARY.code());

  /// Start online verify here; the peer becomes VerifyT.
  public static final Change VERIFY = conn(ConnectionState.VERIFY_S);

  /// Own data is worthless: become target.
  public static final Change INVALIDATE = conn(ConnectionState.STARTING_SYNC_T);

  /// The peer's data is worthless: become source.
  public static final Change INVALIDATE_REMOTE = conn(ConnectionState.STARTING_SYNC_S);

  /// Leave gracefully.
  public static final Change DISCONNECT = conn(ConnectionState.DISCONNECTING);

  /// Leave gracefully as a fencing Primary: the peer outdates its disk.
  public static final Change DISCONNECT_OUTDATING_PEER =
      DISCONNECT.and(new Change(PDSK_MASK, DiskState.OUTDATED.code() << PDSK_SHIFT));

  /// The second try, when the peer is Primary: outdate the own disk.
  public static final Change DISCONNECT_OUTDATING_SELF =
      DISCONNECT.and(new Change(DISK_MASK, DiskState.OUTDATED.code() << DISK_SHIFT));

  /// Give up the own disk.
  public static final Change DETACH = new Change(DISK_MASK, DiskState.FAILED.code() << DISK_SHIFT);

  private static Change conn(ConnectionState conn) {
    return new Change(CONN_MASK, conn.code() << CONN_SHIFT);
  }

  /// Why the peer must be asked.
  public enum Need {
    PROMOTION,
    BECOMES_TARGET,
    BECOMES_SOURCE,
    DETACH,
    DISCONNECT,
    VERIFY,
    RENEGOTIATION
  }

  /// Must the peer agree to this change of state first? Empty: no, or nobody is connected.
  public static Optional<Need> needsPeer(StateWord before, StateWord after) {
    if (before.conn().isBelow(ConnectionState.CONNECTED)) {
      return Optional.empty();
    }
    if (after.conn() == ConnectionState.DISCONNECTING) {
      return Optional.of(Need.DISCONNECT);
    }
    boolean plain = before.conn() == ConnectionState.CONNECTED;
    if (plain && after.conn() == ConnectionState.VERIFY_S) {
      return Optional.of(Need.VERIFY);
    }
    if (plain && after.conn() == ConnectionState.WF_REPORT_PARAMS) {
      return Optional.of(Need.RENEGOTIATION);
    }
    return after.conn().isAtLeast(ConnectionState.CONNECTED)
        ? needsConnectedPeer(before, after)
        : Optional.empty();
  }

  private static Optional<Need> needsConnectedPeer(StateWord before, StateWord after) {
    if (before.role() != Role.PRIMARY && after.role() == Role.PRIMARY) {
      return Optional.of(Need.PROMOTION);
    }
    boolean newConn = before.conn() != after.conn();
    if (newConn && after.conn() == ConnectionState.STARTING_SYNC_T) {
      return Optional.of(Need.BECOMES_TARGET);
    }
    if (newConn && after.conn() == ConnectionState.STARTING_SYNC_S) {
      return Optional.of(Need.BECOMES_SOURCE);
    }
    if (before.disk() != DiskState.FAILED && after.disk() == DiskState.FAILED) {
      return Optional.of(Need.DETACH);
    }
    return Optional.empty();
  }

  /// A request in the receiver's view; empty if it is none that a peer may make.
  public static Optional<Change> seenFromPeer(Change sent) {
    int connMask = sent.mask & CONN_MASK;
    boolean wholeFields =
        isWhole(sent.mask, ROLE_MASK)
            && isWhole(sent.mask, DISK_MASK)
            && isWhole(sent.mask, PDSK_MASK);
    if (!wholeFields || (sent.mask & ~(ROLE_MASK | CONN_MASK | DISK_MASK | PDSK_MASK)) != 0) {
      return Optional.empty();
    }
    int mask = 0;
    int value = 0;
    if ((sent.mask & ROLE_MASK) != 0) {
      mask |= PEER_MASK;
      value |= (sent.value & ROLE_MASK) << 2;
    }
    if ((sent.mask & DISK_MASK) != 0) {
      mask |= PDSK_MASK;
      value |= (sent.value & DISK_MASK) << (PDSK_SHIFT - DISK_SHIFT);
    }
    if ((sent.mask & PDSK_MASK) != 0) {
      int disk = (sent.value & PDSK_MASK) >> PDSK_SHIFT;
      if (disk != DiskState.OUTDATED.code()) {
        return Optional.empty();
      }
      mask |= DISK_MASK;
      value |= disk << DISK_SHIFT;
    }
    if (connMask == 0) {
      return Optional.of(new Change(mask, value));
    }
    Optional<ConnectionState> conn =
        connMask == CONN_MASK
            ? ConnectionState.ofCode((sent.value & CONN_MASK) >> CONN_SHIFT)
                .flatMap(ClusterChange::mirrored)
            : Optional.empty();
    Change rest = new Change(mask, value);
    return conn.map(mirrored -> rest.and(conn(mirrored)));
  }

  /// Does the sender ask to part?
  public static boolean isLeaving(Change sent) {
    return (sent.mask & sent.value & CONN_MASK) == DISCONNECT.value
        && (sent.mask & CONN_MASK) == CONN_MASK;
  }

  private static boolean isWhole(int mask, int field) {
    return (mask & field) == 0 || (mask & field) == field;
  }

  /// What the receiver's connection state becomes when the sender's becomes `sent`.
  static Optional<ConnectionState> mirrored(ConnectionState sent) {
    return switch (sent) {
      case WF_REPORT_PARAMS -> Optional.of(ConnectionState.WF_REPORT_PARAMS);
      case CONNECTED -> Optional.of(ConnectionState.CONNECTED);
      case STARTING_SYNC_S -> Optional.of(ConnectionState.STARTING_SYNC_T);
      case STARTING_SYNC_T -> Optional.of(ConnectionState.STARTING_SYNC_S);
      case VERIFY_S -> Optional.of(ConnectionState.VERIFY_T);
      case DISCONNECTING -> Optional.of(ConnectionState.TEAR_DOWN);
      case STAND_ALONE,
          UNCONNECTED,
          TIMEOUT,
          BROKEN_PIPE,
          NETWORK_FAILURE,
          PROTOCOL_ERROR,
          TEAR_DOWN,
          WF_CONNECTION,
          WF_BITMAP_S,
          WF_BITMAP_T,
          WF_SYNC_UUID,
          SYNC_SOURCE,
          SYNC_TARGET,
          VERIFY_T,
          PAUSED_SYNC_S,
          PAUSED_SYNC_T,
          AHEAD,
          BEHIND ->
          Optional.empty();
    };
  }

  /// Which packet carried a request.
  public enum Scope {
    /// P_STATE_CHG_REQ.
    VOLUME,
    /// P_CONN_ST_CHG_REQ: applies to each volume.
    CONNECTION
  }

  /// The answer to a request of the peer for one volume: the result to send, and the outcome if it
  /// came as far as the state rules. `sent` is as received; `yields` = this node resolves conflicts
  /// and is itself waiting for the peer's answer to a request.
  public static Answer answer(
      StateWord own, Change sent, Scope scope, StateContext context, boolean yields) {
    if (yields) {
      return new Answer(StateResult.CONCURRENT_CHANGE, Optional.empty());
    }
    Optional<StateWord> wanted = seenFromPeer(sent).flatMap(change -> change.applyTo(own));
    if (wanted.isEmpty()) {
      return new Answer(StateResult.NOT_SUPPORTED, Optional.empty());
    }
    boolean cannotOutdate =
        scope == Scope.CONNECTION
            && wanted.get().disk() == DiskState.OUTDATED
            && own.disk().isBelow(DiskState.OUTDATED);
    StateWord tolerant = cannotOutdate ? wanted.get().withDisk(own.disk()) : wanted.get();
    StateRules.Outcome outcome = StateRules.change(own, tolerant, context, StateRules.Force.SOFT);
    return new Answer(outcome.result(), Optional.of(outcome));
  }

  /// What to send back in the reply, and what became of the own state.
  public record Answer(StateResult result, Optional<StateRules.Outcome> outcome) {}
}
