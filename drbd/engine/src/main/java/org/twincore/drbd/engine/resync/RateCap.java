package org.twincore.drbd.engine.resync;

/// A rate that a verify does not exceed whatever [ResyncPacing] would allow: so many KiB in a
/// second, dealt out in turns of 100 ms. A rate below one block a turn adds up over several turns.
final class RateCap {
  private static final long KIB_PER_BLOCK_SECOND = 4L * 1000 / ResyncPacing.TURN_MILLIS;

  private long kibPerSecond = Long.MAX_VALUE;
  private long leftOverKib;
  private long leftBlocks;

  /// A verify begins; Long.MAX_VALUE: as fast as the pacing says.
  void start(long mostKibPerSecond) {
    kibPerSecond = mostKibPerSecond;
    leftOverKib = 0;
    leftBlocks = 0;
  }

  /// A turn begins; what the last one left over is forgotten.
  void turn() {
    if (kibPerSecond == Long.MAX_VALUE) {
      leftBlocks = Long.MAX_VALUE;
      return;
    }
    leftOverKib += kibPerSecond;
    leftBlocks = leftOverKib / KIB_PER_BLOCK_SECOND;
    leftOverKib -= leftBlocks * KIB_PER_BLOCK_SECOND;
  }

  boolean mayAsk() {
    return leftBlocks > 0;
  }

  void asked() {
    leftBlocks--;
  }
}
