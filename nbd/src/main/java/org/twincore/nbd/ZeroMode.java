package org.twincore.nbd;

/// How a range shall come to read as zeroes (proto.md, NBD_CMD_WRITE_ZEROES).
public enum ZeroMode {
  /// A hole is welcome.
  MAY_PUNCH,
  /// Space stays allocated (NO_HOLE).
  NO_HOLE,
  /// As MAY_PUNCH, or ENOTSUP at once if it were no faster than writing zeroes (FAST_ZERO).
  FAST_MAY_PUNCH,
  /// NO_HOLE and FAST_ZERO.
  FAST_NO_HOLE;

  public boolean mayPunch() {
    return this == MAY_PUNCH || this == FAST_MAY_PUNCH;
  }

  public boolean mustBeFast() {
    return this == FAST_MAY_PUNCH || this == FAST_NO_HOLE;
  }
}
