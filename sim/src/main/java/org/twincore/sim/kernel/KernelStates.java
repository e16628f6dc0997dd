package org.twincore.sim.kernel;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// What a new state implies (drbd-wire 7.1), as far as a node with one volume needs it.
final class KernelStates {
  private KernelStates() {}

  /// The state that a node takes when it wants `wanted`.
  static StateWord implied(StateWord wanted) {
    StateWord state = wanted;
    if (state.conn().isBelow(ConnectionState.CONNECTED)) {
      state = state.withPeer(Role.UNKNOWN).withPeerIsp(false);
      boolean isForgotten =
          state.pdsk().isAtLeast(DiskState.CONSISTENT)
              || state.pdsk().isBelow(DiskState.INCONSISTENT);
      state = isForgotten ? state.withPdsk(DiskState.D_UNKNOWN) : state;
    }
    boolean hasDisks =
        state.disk().isAtLeast(DiskState.NEGOTIATING)
            && state.pdsk().isAtLeast(DiskState.NEGOTIATING);
    if (state.conn().isAtLeast(ConnectionState.STARTING_SYNC_S) && !hasDisks) {
      state = state.withConn(ConnectionState.CONNECTED);
    }
    if (state.conn().isAtLeast(ConnectionState.CONNECTED)
        && state.conn().isBelow(ConnectionState.AHEAD)) {
      state = state.withDisk(known(state.disk())).withPdsk(known(state.pdsk()));
    }
    return paused(ranged(state));
  }

  /// Is the peer's copy of the data one that it cannot be counted on any more?
  static boolean isOutOfReach(DiskState before, DiskState after) {
    boolean isGone =
        after.isBelow(DiskState.INCONSISTENT)
            || after == DiskState.D_UNKNOWN
            || after == DiskState.OUTDATED;
    boolean wasThere =
        before.isAtLeast(DiskState.INCONSISTENT)
            && before != DiskState.D_UNKNOWN
            && before != DiskState.OUTDATED;
    return isGone && (wasThere || before == DiskState.D_UNKNOWN && after != DiskState.D_UNKNOWN);
  }

  private static DiskState known(DiskState disk) {
    return disk == DiskState.CONSISTENT || disk == DiskState.OUTDATED ? DiskState.UP_TO_DATE : disk;
  }

  private static StateWord ranged(StateWord state) {
    return switch (state.conn()) {
      case WF_BITMAP_T, PAUSED_SYNC_T, STARTING_SYNC_T, WF_SYNC_UUID, BEHIND ->
          state
              .withDisk(clamp(state.disk(), DiskState.INCONSISTENT, DiskState.OUTDATED))
              .withPdsk(DiskState.UP_TO_DATE);
      case WF_BITMAP_S, PAUSED_SYNC_S, STARTING_SYNC_S, AHEAD ->
          state
              .withDisk(DiskState.UP_TO_DATE)
              .withPdsk(clamp(state.pdsk(), DiskState.INCONSISTENT, DiskState.CONSISTENT));
      case SYNC_TARGET -> state.withDisk(DiskState.INCONSISTENT).withPdsk(DiskState.UP_TO_DATE);
      case SYNC_SOURCE -> state.withDisk(DiskState.UP_TO_DATE).withPdsk(DiskState.INCONSISTENT);
      default -> state;
    };
  }

  private static DiskState clamp(DiskState disk, DiskState lowest, DiskState highest) {
    if (disk.isBelow(lowest)) {
      return lowest;
    }
    return highest.isBelow(disk) ? highest : disk;
  }

  private static StateWord paused(StateWord state) {
    return switch (state.conn()) {
      case SYNC_SOURCE ->
          state.isResyncPaused() ? state.withConn(ConnectionState.PAUSED_SYNC_S) : state;
      case SYNC_TARGET ->
          state.isResyncPaused() ? state.withConn(ConnectionState.PAUSED_SYNC_T) : state;
      case PAUSED_SYNC_S ->
          state.isResyncPaused() ? state : ranged(state.withConn(ConnectionState.SYNC_SOURCE));
      case PAUSED_SYNC_T ->
          state.isResyncPaused() ? state : ranged(state.withConn(ConnectionState.SYNC_TARGET));
      default -> state;
    };
  }

  /// A change that the peer asks for, in its own view, in ours.
  static int swapped(int bits) {
    return bits >> 2 & 0x3 | (bits & 0x3) << 2 | (bits >> 13 & 0xf) << 9 | (bits >> 9 & 0xf) << 13;
  }
}
