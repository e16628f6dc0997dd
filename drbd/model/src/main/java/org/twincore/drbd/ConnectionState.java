package org.twincore.drbd;

import java.util.Optional;

/// Where a volume's connection stands, from no configuration to resync (drbd.h, `drbd_conns`).
///
/// DRBD 8.4 keeps one value per volume: up to WFReportParams it is the same for all volumes of a
/// resource, from Connected on it is the replication state of the one volume. The numeric order is
/// used in comparisons.
public enum ConnectionState {
  STAND_ALONE("StandAlone"),
  DISCONNECTING("Disconnecting"),
  UNCONNECTED("Unconnected"),
  TIMEOUT("Timeout"),
  BROKEN_PIPE("BrokenPipe"),
  NETWORK_FAILURE("NetworkFailure"),
  PROTOCOL_ERROR("ProtocolError"),
  TEAR_DOWN("TearDown"),
  WF_CONNECTION("WFConnection"),
  WF_REPORT_PARAMS("WFReportParams"),
  CONNECTED("Connected"),
  STARTING_SYNC_S("StartingSyncS"),
  STARTING_SYNC_T("StartingSyncT"),
  WF_BITMAP_S("WFBitMapS"),
  WF_BITMAP_T("WFBitMapT"),
  WF_SYNC_UUID("WFSyncUUID"),
  SYNC_SOURCE("SyncSource"),
  SYNC_TARGET("SyncTarget"),
  VERIFY_S("VerifyS"),
  VERIFY_T("VerifyT"),
  PAUSED_SYNC_S("PausedSyncS"),
  PAUSED_SYNC_T("PausedSyncT"),
  AHEAD("Ahead"),
  BEHIND("Behind");

  private static final ConnectionState[] BY_CODE = values();
  private final String text;

  ConnectionState(String text) {
    this.text = text;
  }

  /// The five-bit code in the state word.
  public int code() {
    return ordinal();
  }

  /// The state of a five-bit code; empty for the unused codes 24 to 31.
  public static Optional<ConnectionState> ofCode(int code) {
    return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
  }

  public boolean isAtLeast(ConnectionState other) {
    return compareTo(other) >= 0;
  }

  public boolean isBelow(ConnectionState other) {
    return compareTo(other) < 0;
  }

  /// Whether the peer gets blocks from this node, or will.
  public boolean isSource() {
    return switch (this) {
      case STARTING_SYNC_S, WF_BITMAP_S, SYNC_SOURCE, PAUSED_SYNC_S, AHEAD -> true;
      default -> false;
    };
  }

  /// Whether this node gets blocks from the peer, or will.
  public boolean isTarget() {
    return switch (this) {
      case STARTING_SYNC_T, WF_BITMAP_T, WF_SYNC_UUID, SYNC_TARGET, PAUSED_SYNC_T, BEHIND -> true;
      default -> false;
    };
  }

  /// As `/proc/drbd` prints it.
  @Override
  public String toString() {
    return text;
  }
}
