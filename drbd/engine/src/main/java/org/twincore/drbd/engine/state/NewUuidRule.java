package org.twincore.drbd.engine.state;

import static org.twincore.drbd.DiskState.DISKLESS;
import static org.twincore.drbd.DiskState.D_UNKNOWN;
import static org.twincore.drbd.DiskState.FAILED;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// When a new generation starts, that is when writes begin that the peer's disk does not get
/// (drbd-wire section 6.1).
///
/// Five deviations. A Primary that pulls ahead begins a generation (the kernel leaves the peer in
/// the same one), and so does one that has its disk back and no peer with a disk (the kernel's
/// disks would differ and count as equal), and one that loses a peer which kept a disk that had
/// failed (`on-io-error pass_on`: the peer may end before that is durable, and count as equal). A
/// suspended Secondary does not wait: the Primary, which now has no disk, is not frozen by that.
/// And towards fewer false split brains: with a diskless Primary that has just connected the
/// generation starts when that first reads or writes, or attaches a disk. It may find that the data
/// here is not what its users have seen, and leave again.
public final class NewUuidRule {
  private NewUuidRule() {}

  /// What to do about the current UUID.
  public enum Answer {
    KEEP,
    /// Create a new one now; if a connection exists, send P_UUIDS.
    CREATE,
    /// Remember to create one before the next handshake, or when I/O is thawed and the peer still
    /// lacks the writes.
    POSTPONE,
    /// The same, but not before the next handshake: the peer may go on from here as well.
    POSTPONE_UNTIL_MEETING,
    /// Create one when the peer uses the data.
    AWAIT_USE
  }

  /// The rows.
  public enum Rule {
    NONE,
    /// The peer's disk no longer gets the writes of a Primary.
    LOST_PEER_DATA,
    /// The same while the I/O of this Primary is frozen: nothing is written yet.
    LOST_PEER_DATA_FROZEN,
    /// The same with a peer that was Primary too, and may be frozen as well.
    LOST_PRIMARY_FROZEN,
    /// This Primary has pulled ahead of a peer that does not get its writes.
    PULLED_AHEAD,
    /// A diskless peer became Primary: it writes to my disk only.
    DISKLESS_PEER_PROMOTED,
    /// A diskless Primary has connected.
    DISKLESS_PRIMARY_CONNECTED,
    /// A Primary has its disk back, and no peer gets what it writes there.
    ATTACHED_ALONE,
    /// Promotion without a peer that gets the writes.
    PROMOTED_ALONE,
    /// Promotion that made a disk UpToDate by force.
    PROMOTED_BY_FORCE
  }

  /// A rule and what it asks for.
  public record Decision(Rule rule, Answer answer) {}

  private static final Decision KEEP = new Decision(Rule.NONE, Answer.KEEP);

  /// After any change of state of a volume with an attached disk, whose bitmap UUID is
  /// `bitmapUuid`. Promotion of this node is judged by [#afterPromotion] instead.
  public static Decision afterChange(StateWord before, StateWord after, long bitmapUuid) {
    boolean bitmapCounts = bitmapUuid != 0;
    if (bitmapCounts || after.disk() != UP_TO_DATE) {
      return KEEP;
    }
    boolean connects =
        before.conn().isBelow(ConnectionState.CONNECTED)
            && after.conn().isAtLeast(ConnectionState.CONNECTED);
    if (connects
        && after.role() != Role.PRIMARY
        && after.peer() == Role.PRIMARY
        && after.pdsk().isBelow(INCONSISTENT)) {
      return new Decision(Rule.DISKLESS_PRIMARY_CONNECTED, Answer.AWAIT_USE);
    }
    boolean loses = losesData(before.pdsk(), after.pdsk()) || losesKeptDisk(before, after);
    if (loses && anyPrimary(after)) {
      boolean frozen = after.role() == Role.PRIMARY && after.isSuspended();
      if (frozen
          && before.peer() == Role.PRIMARY
          && after.conn().isBelow(ConnectionState.CONNECTED)) {
        return new Decision(Rule.LOST_PRIMARY_FROZEN, Answer.POSTPONE_UNTIL_MEETING);
      }
      return frozen
          ? new Decision(Rule.LOST_PEER_DATA_FROZEN, Answer.POSTPONE)
          : new Decision(Rule.LOST_PEER_DATA, Answer.CREATE);
    }
    if (before.conn() != ConnectionState.AHEAD
        && after.conn() == ConnectionState.AHEAD
        && after.role() == Role.PRIMARY) {
      return new Decision(Rule.PULLED_AHEAD, Answer.CREATE);
    }
    boolean peerPromoted = before.peer() != Role.PRIMARY && after.peer() == Role.PRIMARY;
    if (peerPromoted && after.pdsk().isBelow(INCONSISTENT)) {
      return new Decision(Rule.DISKLESS_PEER_PROMOTED, Answer.CREATE);
    }
    boolean isBack = before.disk() != UP_TO_DATE && before.disk() != INCONSISTENT;
    if (isBack && after.role() == Role.PRIMARY && isAlone(after)) {
      return new Decision(Rule.ATTACHED_ALONE, Answer.CREATE);
    }
    return KEEP;
  }

  /// When this node has become Primary with an attached disk; `forced` if its disk was declared
  /// UpToDate by force.
  public static Decision afterPromotion(StateWord after, long bitmapUuid, boolean forced) {
    if (forced) {
      return new Decision(Rule.PROMOTED_BY_FORCE, Answer.CREATE);
    }
    return isAlone(after) && bitmapUuid == 0
        ? new Decision(Rule.PROMOTED_ALONE, Answer.CREATE)
        : KEEP;
  }

  /// Does no disk of the peer get what is written here?
  private static boolean isAlone(StateWord state) {
    return state.conn().isBelow(ConnectionState.CONNECTED) || state.pdsk().isBelow(INCONSISTENT);
  }

  /// Did a copy of the data at the peer stop to get the writes?
  static boolean losesData(DiskState before, DiskState after) {
    boolean had = before.isAtLeast(INCONSISTENT) && before != D_UNKNOWN && before != OUTDATED;
    boolean gone = after.isBelow(INCONSISTENT) || after == D_UNKNOWN || after == OUTDATED;
    boolean knownGone = after == DISKLESS || after == FAILED || after == OUTDATED;
    return had ? gone : before == D_UNKNOWN && knownGone;
  }

  /// It is still called Inconsistent, as it was before; with a bitmap UUID that is of a resync.
  private static boolean losesKeptDisk(StateWord before, StateWord after) {
    return before.pdsk() == INCONSISTENT
        && before.conn().isAtLeast(ConnectionState.CONNECTED)
        && after.conn().isBelow(ConnectionState.CONNECTED);
  }

  private static boolean anyPrimary(StateWord state) {
    return state.role() == Role.PRIMARY || state.peer() == Role.PRIMARY;
  }
}
