package org.twincore.drbd.engine.state;

import static org.twincore.drbd.ConnectionState.AHEAD;
import static org.twincore.drbd.ConnectionState.BEHIND;
import static org.twincore.drbd.ConnectionState.CONNECTED;
import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;
import static org.twincore.drbd.ConnectionState.STARTING_SYNC_S;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;
import static org.twincore.drbd.ConnectionState.VERIFY_S;
import static org.twincore.drbd.ConnectionState.VERIFY_T;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_S;
import static org.twincore.drbd.ConnectionState.WF_BITMAP_T;
import static org.twincore.drbd.ConnectionState.WF_CONNECTION;
import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;
import static org.twincore.drbd.ConnectionState.WF_SYNC_UUID;
import static org.twincore.drbd.DiskState.CONSISTENT;
import static org.twincore.drbd.DiskState.DISKLESS;
import static org.twincore.drbd.DiskState.FAILED;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.NEGOTIATING;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.StateRules.Force;
import org.twincore.drbd.wire.StateWord;

/// What follows from a P_STATE of the peer (drbd-wire section 7.2, `receive_state`).
///
/// Seven deviations. A source ends a resync that its target ended with failed blocks, a node that
/// refuses the peer's attach tells it so, and what a peer said before it heard that the initial
/// sync is skipped does not count. The others are towards safety: a peer that lacks writes is not
/// taken to be good because it says so, without the peer's P_UUIDS two disks are never taken to be
/// equal (the kernel would connect), an attach that is still being negotiated stays so until they
/// came, and a disk of the peer that appears without negotiation ends the connection.
public final class PeerState {
  private PeerState() {}

  /// What is known of the peer besides its state: whether its P_UUIDS arrived (on this connection,
  /// and since an own attach), flag 4 in it (its disk is really Inconsistent), whether it asked for
  /// a dry run, whether it lacks writes that this node, now without a disk, has answered, and
  /// whether its data is not what the users of this node have seen last, by their UUIDs.
  public record Known(
      boolean uuids,
      boolean reallyInconsistent,
      boolean dryRun,
      boolean lacksWrites,
      boolean isOtherData) {}

  /// What hangs in the air here: a peer that was forced to be Primary while both disks were
  /// Inconsistent ([#forcesResync]), a new current UUID put off until the thaw, whether it is not
  /// needed if the peer is the Primary that it was, whether this node has told the peer to skip the
  /// initial sync and the peer has not shown that it heard, and the bits set and failed of a
  /// running resync.
  public record Pending(
      boolean considerResync,
      boolean newUuidPostponed,
      boolean mayResume,
      boolean skippedSync,
      long bitsSet,
      long bitsFailed) {
    public static final Pending NOTHING = new Pending(false, false, false, false, 0, 0);
  }

  /// A P_STATE: the own state, the peer's as received (in the peer's view), and what else matters.
  public record Arrival(
      StateWord own, StateWord peer, Known known, Pending pending, StateContext context) {}

  /// The rules reached, in order.
  public enum Rule {
    CONNECTION_GOES_DOWN,
    PEER_STILL_PREPARES,
    PEER_FINISHED_RESYNC,
    PEER_GAVE_RESYNC_UP,
    PEER_FINISHED_VERIFY,
    LATE_INCONSISTENT_IGNORED,
    /// Two disks that were Inconsistent are UpToDate since the initial sync was skipped, and the
    /// peer said this before it heard of that.
    SAID_BEFORE_THE_SKIP,
    PEER_LACKS_WRITES,
    PEER_DISK_NOT_NEGOTIATED,
    /// The peer attaches a disk beside a Primary without one, whose users have seen other data. (A
    /// kernel takes it.)
    STALE_PEER_REFUSED,
    CONNECTION_ESTABLISHED,
    PEER_IS_AHEAD,
    UUIDS_MISSING,
    HANDSHAKE_ON_CONNECT,
    HANDSHAKE_ON_ATTACH,
    HANDSHAKE_ON_FORCED_PRIMARY,
    HANDSHAKE_ON_PEERS_RESYNC,
    OWN_ATTACH_REFUSED,
    PEERS_ATTACH_REFUSED,
    /// This Primary's users have seen other data than the disk that it was to attach has, and the
    /// peer has none to compare it with. (A kernel takes it.)
    STALE_ATTACH_REFUSED,
    CONNECTION_REFUSED,
    DRY_RUN_OVER,
    ATTACH_COMPLETED,
    FROZEN_MEETS_REBOOTED_PEER,
    STATE_ILLEGAL,
    STATE_TAKEN
  }

  /// What to do.
  public sealed interface Decision {
    List<Rule> rules();
  }

  /// Nothing: the connection is going down.
  public record Ignore(List<Rule> rules) implements Decision {}

  /// The peer says that the resync is over: finish it here and take nothing else from this packet.
  public record FinishResync(List<Rule> rules) implements Decision {}

  /// The peer ended the resync, but some blocks failed: it stays Inconsistent, and so the resync
  /// ends here too. (The kernel would stay SyncSource for ever.)
  public record GiveResyncUp(List<Rule> rules) implements Decision {}

  /// The peer ended the resync while more bits are set here than blocks failed: those of writes
  /// that are safe there and not yet known to be here. Decide again, by the same packet, when they
  /// are cleared. (The kernel drops the packet, and stays SyncSource for ever.)
  public record EndIsAhead(List<Rule> rules) implements Decision {}

  /// The verify stopped early: finish it here.
  public record FinishVerify(List<Rule> rules) implements Decision {}

  /// Give the connection up: `to` is Disconnecting (no retry) or ProtocolError (retry). With
  /// `failFrozenWrites`, first give up the frozen requests' replication (mark their blocks), create
  /// the postponed new current UUID, and thaw. `outcome` says which row of the state rules refused,
  /// if one did.
  public record Drop(
      List<Rule> rules,
      ConnectionState to,
      boolean failFrozenWrites,
      Optional<SyncHandshake.Decision> handshake,
      Optional<StateRules.Outcome> outcome)
      implements Decision {}

  /// Take the peer's state over: `outcome.state()` is the new own state. If there was a handshake,
  /// carry it out (repaired UUIDs, bits, handlers). If `answer`, send P_UUIDS and P_STATE. A new
  /// state with disk Failed means that the own attach was refused.
  public record Adopt(
      List<Rule> rules,
      StateRules.Outcome outcome,
      Optional<SyncHandshake.Decision> handshake,
      boolean answer)
      implements Decision {}

  /// The disk that stands behind a Negotiating peer.
  public static DiskState realDisk(DiskState peerDisk, boolean reallyInconsistent) {
    if (peerDisk != NEGOTIATING) {
      return peerDisk;
    }
    return reallyInconsistent ? INCONSISTENT : CONSISTENT;
  }

  /// Did the peer's promotion make it worth while to think about a resync, once it says that its
  /// disk is UpToDate? (Both were Inconsistent, so it was forced.)
  public static boolean forcesResync(StateWord before, StateWord after) {
    return before.disk() == INCONSISTENT
        && before.pdsk() == INCONSISTENT
        && before.peer() == Role.SECONDARY
        && after.peer() == Role.PRIMARY;
  }

  /// Decides; `handshake` is asked at most once, with the peer's real disk state.
  public static Decision decide(
      Arrival arrival, Function<DiskState, SyncHandshake.Decision> handshake) {
    return new Course(arrival).run(handshake);
  }

  /// One P_STATE on its way through the rules.
  private static final class Course {
    private final Arrival arrival;
    private final StateWord own;
    private final StateWord peer;
    private final List<Rule> rules = new ArrayList<>();
    private DiskState peerDisk;
    private ConnectionState conn;

    Course(Arrival arrival) {
      this.arrival = arrival;
      this.own = arrival.own;
      this.peer = arrival.peer;
      this.peerDisk = realDisk(peer.disk(), arrival.known.reallyInconsistent);
      this.conn = own.conn();
    }

    Decision run(Function<DiskState, SyncHandshake.Decision> handshake) {
      if (own.conn().isBelow(WF_CONNECTION)) {
        return new Ignore(reached(Rule.CONNECTION_GOES_DOWN));
      }
      boolean ends = resyncEndsHere();
      if (ends || resyncWasGivenUp()) {
        List<Rule> why = reached(ends ? Rule.PEER_FINISHED_RESYNC : Rule.PEER_GAVE_RESYNC_UP);
        if (arrival.pending.bitsSet > arrival.pending.bitsFailed) {
          return new EndIsAhead(why);
        }
        return ends ? new FinishResync(why) : new GiveResyncUp(why);
      }
      if (verifyEndsHere()) {
        return new FinishVerify(reached(Rule.PEER_FINISHED_VERIFY));
      }
      if (comesWithoutNegotiation()) {
        return drop(Rule.PEER_DISK_NOT_NEGOTIATED, PROTOCOL_ERROR, Optional.empty());
      }
      if (bringsOtherData()) {
        return drop(Rule.STALE_PEER_REFUSED, DISCONNECTING, Optional.empty());
      }
      suppressFlapping();
      doubtPeersDisk();
      connect();
      if (bothHaveDisks() && !arrival.known.uuids && own.conn().isBelow(CONNECTED)) {
        return drop(Rule.UUIDS_MISSING, PROTOCOL_ERROR, Optional.empty());
      }
      if (!mustShakeHands()) {
        return takeOver(Optional.empty(), own.disk());
      }
      SyncHandshake.Decision decision = handshake.apply(peerDisk);
      return switch (decision) {
        case SyncHandshake.Refuse _ -> refused(decision);
        case SyncHandshake.StayConnected _ -> agreed(decision, CONNECTED);
        case SyncHandshake.BecomeSource _ -> agreed(decision, WF_BITMAP_S);
        case SyncHandshake.BecomeTarget _ -> agreed(decision, WF_BITMAP_T);
      };
    }

    /// True if this P_STATE is nothing but the notice that the target has finished.
    private boolean resyncEndsHere() {
      boolean wasBehind = own.pdsk() == INCONSISTENT || own.pdsk() == CONSISTENT;
      boolean resyncing = own.conn().compareTo(CONNECTED) > 0 && own.disk() == UP_TO_DATE;
      if (!wasBehind || peerDisk != UP_TO_DATE || !resyncing || isVerify(own.conn())) {
        return false;
      }
      if (peer.conn().compareTo(CONNECTED) > 0 && peer.conn().isBelow(SYNC_SOURCE)) {
        peerDisk = INCONSISTENT;
        rules.add(Rule.PEER_STILL_PREPARES);
        return false;
      }
      // What was said before the peer knew that it is behind ends nothing.
      return own.conn().isAtLeast(SYNC_SOURCE) && own.conn() != AHEAD && peer.conn() == CONNECTED;
    }

    /// The target has dealt with all, but not every block could be copied.
    private boolean resyncWasGivenUp() {
      boolean isSource =
          own.disk() == UP_TO_DATE && (own.conn() == SYNC_SOURCE || own.conn() == PAUSED_SYNC_S);
      return isSource
          && peer.conn() == CONNECTED
          && peerDisk == INCONSISTENT
          && arrival.pending.bitsFailed > 0;
    }

    /// Either disk may have failed and been kept meanwhile.
    private boolean verifyEndsHere() {
      return own.conn() == VERIFY_T
          && own.disk().isAtLeast(INCONSISTENT)
          && peer.conn() == CONNECTED
          && peerDisk == own.pdsk();
    }

    private static boolean isVerify(ConnectionState conn) {
      return conn == VERIFY_S || conn == VERIFY_T;
    }

    /// A disk that was not there is there and was never compared with the own one.
    private boolean comesWithoutNegotiation() {
      return own.conn().isAtLeast(CONNECTED)
          && own.disk().isAtLeast(NEGOTIATING)
          && own.pdsk().isBelow(NEGOTIATING)
          && peer.disk().isAtLeast(INCONSISTENT);
    }

    private boolean bringsOtherData() {
      return arrival.known.isOtherData
          && own.conn().isAtLeast(CONNECTED)
          && own.role() == Role.PRIMARY
          && own.disk() == DISKLESS
          && own.pdsk().isBelow(INCONSISTENT)
          && peer.disk().isAtLeast(NEGOTIATING);
    }

    private void suppressFlapping() {
      if (own.pdsk() == UP_TO_DATE
          && peerDisk == INCONSISTENT
          && own.conn() == CONNECTED
          && peer.conn().compareTo(SYNC_SOURCE) > 0
          && !isVerify(peer.conn())) {
        peerDisk = UP_TO_DATE;
        rules.add(Rule.LATE_INCONSISTENT_IGNORED);
      }
      if (arrival.pending.skippedSync
          && own.conn() == CONNECTED
          && peer.conn() == CONNECTED
          && peerDisk == INCONSISTENT
          && peer.pdsk() == INCONSISTENT) {
        peerDisk = UP_TO_DATE;
        rules.add(Rule.SAID_BEFORE_THE_SKIP);
      }
    }

    /// The resync of which this node was the source was aborted. Whatever the peer calls its disk
    /// now or called it before it knew, the data is old.
    private void doubtPeersDisk() {
      if (arrival.known.lacksWrites
          && own.conn().isAtLeast(CONNECTED)
          && own.disk().isBelow(NEGOTIATING)
          && peerDisk.compareTo(INCONSISTENT) > 0) {
        peerDisk = INCONSISTENT;
        rules.add(Rule.PEER_LACKS_WRITES);
      }
    }

    private void connect() {
      if (conn == WF_REPORT_PARAMS) {
        conn = CONNECTED;
        rules.add(Rule.CONNECTION_ESTABLISHED);
      }
      // A disk that is being attached is compared with the peer's first.
      if (peer.conn() == AHEAD && own.disk().isAtLeast(INCONSISTENT)) {
        conn = BEHIND;
        rules.add(Rule.PEER_IS_AHEAD);
      }
    }

    private boolean bothHaveDisks() {
      return peer.disk().isAtLeast(NEGOTIATING) && own.disk().isAtLeast(NEGOTIATING);
    }

    private boolean mustShakeHands() {
      if (!bothHaveDisks() || !arrival.known.uuids) {
        return false;
      }
      int before = rules.size();
      boolean plain = own.conn() == CONNECTED;
      if (own.conn().isBelow(CONNECTED)) {
        rules.add(Rule.HANDSHAKE_ON_CONNECT);
      } else if (plain && (peer.disk() == NEGOTIATING || own.disk() == NEGOTIATING)) {
        rules.add(Rule.HANDSHAKE_ON_ATTACH);
      } else if (arrival.pending.considerResync) {
        rules.add(Rule.HANDSHAKE_ON_FORCED_PRIMARY);
      } else if (plain
          && peer.conn().isAtLeast(STARTING_SYNC_S)
          && peer.conn().isBelow(WF_SYNC_UUID)) {
        rules.add(Rule.HANDSHAKE_ON_PEERS_RESYNC);
      }
      return rules.size() > before;
    }

    private Decision refused(SyncHandshake.Decision decision) {
      conn = CONNECTED;
      if (own.disk() == NEGOTIATING) {
        rules.add(Rule.OWN_ATTACH_REFUSED);
        return takeOver(Optional.of(decision), FAILED);
      }
      if (peer.disk() == NEGOTIATING) {
        rules.add(Rule.PEERS_ATTACH_REFUSED);
        peerDisk = DISKLESS;
        return takeOver(Optional.of(decision), own.disk());
      }
      return arrival.known.dryRun
          ? drop(Rule.DRY_RUN_OVER, PROTOCOL_ERROR, Optional.of(decision))
          : drop(Rule.CONNECTION_REFUSED, DISCONNECTING, Optional.of(decision));
    }

    private Decision agreed(SyncHandshake.Decision decision, ConnectionState next) {
      conn = next;
      return takeOver(Optional.of(decision), own.disk());
    }

    private Decision takeOver(Optional<SyncHandshake.Decision> handshake, DiskState disk) {
      boolean demotes =
          handshake.isPresent()
              && handshake.get() instanceof SyncHandshake.BecomeTarget target
              && target.demotes();
      StateWord wanted =
          own.withConn(conn)
              .withRole(demotes ? Role.SECONDARY : own.role())
              .withDisk(completed(disk, handshake.isPresent()))
              .withPeer(peer.role())
              .withPdsk(peerDisk)
              .withPeerIsp(peer.aftrIsp() || peer.userIsp());
      boolean connects = own.conn().isBelow(CONNECTED) && conn.isAtLeast(CONNECTED);
      boolean isRebooted =
          peerDisk == CONSISTENT || (arrival.pending.mayResume && peer.role() != Role.PRIMARY);
      if (connects && conn == CONNECTED && isRebooted && isFrozenWithNewUuid()) {
        rules.add(Rule.FROZEN_MEETS_REBOOTED_PEER);
        return new Drop(rulesNow(), PROTOCOL_ERROR, true, handshake, Optional.empty());
      }
      StateRules.Outcome outcome =
          StateRules.change(own, wanted, arrival.context, connects ? Force.SOFT : Force.HARD);
      if (!outcome.isSuccess()) {
        return new Drop(
            reached(Rule.STATE_ILLEGAL), DISCONNECTING, false, handshake, Optional.of(outcome));
      }
      return new Adopt(reached(Rule.STATE_TAKEN), outcome, handshake, mustAnswer(outcome.state()));
    }

    /// The disk state that an attach was to bring, if nothing stands against it any more.
    private DiskState completed(DiskState disk, boolean handshakeDone) {
      boolean decided = handshakeDone || !peer.disk().isAtLeast(NEGOTIATING);
      if (disk != NEGOTIATING || !decided || (conn != CONNECTED && conn != WF_BITMAP_S)) {
        return disk;
      }
      if (!handshakeDone
          && own.role() == Role.PRIMARY
          && !arrival.context.remembered().mayBeTheExposedData()) {
        rules.add(Rule.STALE_ATTACH_REFUSED);
        return FAILED;
      }
      rules.add(Rule.ATTACH_COMPLETED);
      return arrival.context.remembered().disk();
    }

    private boolean isFrozenWithNewUuid() {
      return own.isSuspended() && arrival.pending.newUuidPostponed;
    }

    /// A peer whose attach is refused hears of it only so: it draws the same conclusion from our
    /// UUIDs. (A kernel's stays Negotiating.)
    private boolean mustAnswer(StateWord after) {
      if (rules.contains(Rule.PEERS_ATTACH_REFUSED)) {
        return true;
      }
      return own.conn().compareTo(WF_REPORT_PARAMS) > 0
          && after.conn().compareTo(CONNECTED) > 0
          && peer.conn().isBelow(STARTING_SYNC_S)
          && peer.disk() != NEGOTIATING;
    }

    private Drop drop(Rule rule, ConnectionState to, Optional<SyncHandshake.Decision> handshake) {
      return new Drop(reached(rule), to, false, handshake, Optional.empty());
    }

    private List<Rule> reached(Rule last) {
      rules.add(last);
      return rulesNow();
    }

    private List<Rule> rulesNow() {
      return List.copyOf(rules);
    }
  }
}
