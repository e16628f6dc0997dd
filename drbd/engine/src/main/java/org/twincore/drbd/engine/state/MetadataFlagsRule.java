package org.twincore.drbd.engine.state;

import static org.twincore.drbd.meta.MetadataFlags.AL_CLEAN;
import static org.twincore.drbd.meta.MetadataFlags.AL_DISABLED;
import static org.twincore.drbd.meta.MetadataFlags.CONNECTED_INDICATOR;
import static org.twincore.drbd.meta.MetadataFlags.CONSISTENT;
import static org.twincore.drbd.meta.MetadataFlags.CRASHED_PRIMARY;
import static org.twincore.drbd.meta.MetadataFlags.FULL_SYNC;
import static org.twincore.drbd.meta.MetadataFlags.PEER_OUTDATED;
import static org.twincore.drbd.meta.MetadataFlags.PRIMARY_INDICATOR;
import static org.twincore.drbd.meta.MetadataFlags.WAS_UP_TO_DATE;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// What the superblock's flags say about a state, and what they mean at the next attach
/// (drbd-metadata sections 2 and 2.1).
public final class MetadataFlagsRule {
  private static final int FOLLOW_THE_STATE =
      CONSISTENT
          | PRIMARY_INDICATOR
          | CONNECTED_INDICATOR
          | WAS_UP_TO_DATE
          | PEER_OUTDATED
          | CRASHED_PRIMARY
          | AL_CLEAN;

  private MetadataFlagsRule() {}

  /// The flags of a state; `crashed` is the crash flag in memory ([#staysCrashed]).
  ///
  /// Only a disk that is Inconsistent or better has its flags rewritten: while it attaches,
  /// negotiates, fails or detaches they say what they said before.
  public static int flags(int flags, StateWord state, boolean crashed) {
    if (!state.disk().isAtLeast(DiskState.INCONSISTENT)) {
      return flags;
    }
    boolean usedByPeer =
        state.pdsk().isBelow(DiskState.INCONSISTENT) && state.peer() == Role.PRIMARY;
    boolean peerOutdated =
        state.pdsk() == DiskState.INCONSISTENT || state.pdsk() == DiskState.OUTDATED;
    return (flags & ~FOLLOW_THE_STATE)
        | bit(CRASHED_PRIMARY, crashed)
        | bit(PRIMARY_INDICATOR, state.role() == Role.PRIMARY || usedByPeer)
        | bit(CONNECTED_INDICATOR, state.conn().compareTo(ConnectionState.WF_REPORT_PARAMS) > 0)
        | bit(CONSISTENT, state.disk().compareTo(DiskState.INCONSISTENT) > 0)
        | bit(WAS_UP_TO_DATE, state.disk().compareTo(DiskState.OUTDATED) > 0)
        | bit(PEER_OUTDATED, peerOutdated);
  }

  private static int bit(int flag, boolean set) {
    return set ? flag : 0;
  }

  /// The crash flag is cleared once both disks are UpToDate.
  public static boolean staysCrashed(boolean crashed, StateWord state) {
    return crashed
        && !(state.disk() == DiskState.UP_TO_DATE && state.pdsk() == DiskState.UP_TO_DATE);
  }

  /// What an attach finds in the flags. `disk` and `peerDisk` are the states to go to; if
  /// `negotiates`, go to Negotiating first and remember them as the intended ones. `fullSync`: set
  /// all bits and write them instead of reading the bitmap. `degraded`: wait for the peer with
  /// degr-wfc-timeout.
  public record Attach(
      DiskState disk,
      DiskState peerDisk,
      boolean negotiates,
      boolean crashed,
      boolean fullSync,
      boolean degraded) {}

  /// Reads the flags (after the activity log was applied) for an attach in state `own`.
  public static Attach attach(int flags, StateWord own, Fencing fencing) {
    boolean isPrimary = own.role() == Role.PRIMARY;
    boolean indicated = has(flags, PRIMARY_INDICATOR);
    boolean lostDiskBefore = isPrimary && own.suspNod();
    boolean crashed = has(flags, CRASHED_PRIMARY) || (indicated && !lostDiskBefore);
    DiskState peerDisk = has(flags, PEER_OUTDATED) ? DiskState.OUTDATED : own.pdsk();
    DiskState disk =
        !has(flags, CONSISTENT)
            ? DiskState.INCONSISTENT
            : has(flags, WAS_UP_TO_DATE) ? DiskState.CONSISTENT : DiskState.OUTDATED;
    boolean nobodyNewer = peerDisk == DiskState.OUTDATED || fencing == Fencing.DONT_CARE;
    if (disk == DiskState.CONSISTENT && nobodyNewer) {
      disk = DiskState.UP_TO_DATE;
    }
    return new Attach(
        disk,
        peerDisk,
        own.conn() == ConnectionState.CONNECTED,
        crashed,
        // What a Primary marked went with its disk, also if it still runs (the kernel looks away).
        has(flags, FULL_SYNC) || (has(flags, AL_DISABLED) && (crashed || indicated)),
        !isPrimary && indicated && !has(flags, CONNECTED_INDICATOR));
  }

  private static boolean has(int flags, int flag) {
    return (flags & flag) != 0;
  }
}
