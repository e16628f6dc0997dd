package org.twincore.drbd;

import java.util.Optional;

/// How good a backing disk is, worst first; the order is used in comparisons (drbd.h,
/// `drbd_disk_state`).
public enum DiskState {
  DISKLESS("Diskless"),
  ATTACHING("Attaching"),
  FAILED("Failed"),
  NEGOTIATING("Negotiating"),
  INCONSISTENT("Inconsistent"),
  OUTDATED("Outdated"),
  /// Only of the peer: no connection tells.
  D_UNKNOWN("DUnknown"),
  CONSISTENT("Consistent"),
  UP_TO_DATE("UpToDate");

  private static final DiskState[] BY_CODE = values();
  private final String text;

  DiskState(String text) {
    this.text = text;
  }

  /// The four-bit code in the state word.
  public int code() {
    return ordinal();
  }

  /// The state of a four-bit code; empty for the unused codes 9 to 15.
  public static Optional<DiskState> ofCode(int code) {
    return code >= 0 && code < BY_CODE.length ? Optional.of(BY_CODE[code]) : Optional.empty();
  }

  public boolean isAtLeast(DiskState other) {
    return compareTo(other) >= 0;
  }

  public boolean isBelow(DiskState other) {
    return compareTo(other) < 0;
  }

  /// As `drbdsetup` prints it.
  @Override
  public String toString() {
    return text;
  }
}
