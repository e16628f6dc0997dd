package org.twincore.drbd.wire;

/// The flag word of P_UUIDS (drbd-wire section 6).
public final class UuidFlags {
  public static final long DISCARD_MY_DATA = 1;
  public static final long CRASHED_PRIMARY = 2;

  /// The sender's real disk state is Inconsistent (its P_STATE says Negotiating).
  public static final long INCONSISTENT = 4;

  public static final long SKIP_INITIAL_SYNC = 8;

  private UuidFlags() {}
}
