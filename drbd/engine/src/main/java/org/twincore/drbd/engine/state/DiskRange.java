package org.twincore.drbd.engine.state;

import static org.twincore.drbd.DiskState.CONSISTENT;
import static org.twincore.drbd.DiskState.DISKLESS;
import static org.twincore.drbd.DiskState.D_UNKNOWN;
import static org.twincore.drbd.DiskState.INCONSISTENT;
import static org.twincore.drbd.DiskState.OUTDATED;
import static org.twincore.drbd.DiskState.UP_TO_DATE;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;

/// Between which states the two disks can be while the connection is in a given state (the table of
/// drbd-wire section 7.1).
record DiskRange(DiskState diskMin, DiskState diskMax, DiskState peerMin, DiskState peerMax) {
  private static final DiskRange TARGET_TO_BE =
      new DiskRange(INCONSISTENT, OUTDATED, UP_TO_DATE, UP_TO_DATE);
  private static final DiskRange VERIFY =
      new DiskRange(UP_TO_DATE, UP_TO_DATE, UP_TO_DATE, UP_TO_DATE);
  private static final DiskRange CONNECTED =
      new DiskRange(DISKLESS, UP_TO_DATE, DISKLESS, UP_TO_DATE);
  private static final DiskRange SOURCE_TO_BE =
      new DiskRange(UP_TO_DATE, UP_TO_DATE, INCONSISTENT, CONSISTENT);
  private static final DiskRange TARGET =
      new DiskRange(INCONSISTENT, INCONSISTENT, UP_TO_DATE, UP_TO_DATE);
  private static final DiskRange SOURCE =
      new DiskRange(UP_TO_DATE, UP_TO_DATE, INCONSISTENT, INCONSISTENT);
  private static final DiskRange WITHOUT_CONNECTION =
      new DiskRange(DISKLESS, UP_TO_DATE, INCONSISTENT, D_UNKNOWN);

  static DiskRange of(ConnectionState conn) {
    return switch (conn) {
      case WF_BITMAP_T, PAUSED_SYNC_T, STARTING_SYNC_T, WF_SYNC_UUID, BEHIND -> TARGET_TO_BE;
      case VERIFY_S, VERIFY_T -> VERIFY;
      case CONNECTED -> CONNECTED;
      case WF_BITMAP_S, PAUSED_SYNC_S, STARTING_SYNC_S, AHEAD -> SOURCE_TO_BE;
      case SYNC_TARGET -> TARGET;
      case SYNC_SOURCE -> SOURCE;
      case STAND_ALONE,
          DISCONNECTING,
          UNCONNECTED,
          TIMEOUT,
          BROKEN_PIPE,
          NETWORK_FAILURE,
          PROTOCOL_ERROR,
          TEAR_DOWN,
          WF_CONNECTION,
          WF_REPORT_PARAMS ->
          WITHOUT_CONNECTION;
    };
  }
}
