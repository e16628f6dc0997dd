package org.twincore.sim.check;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Remembers which writes left the sectors of blocks that were looked at, as long as a block's
/// content stays the same array: reading 4 KiB word by word is what checkers would mostly do.
final class SeenBlocks {
  private static final int SECTORS = 8;

  private @Nullable Seen[] blocks = new @Nullable Seen[256];

  private record Seen(byte[] bytes, long[] writes) {}

  /// Which write left the sector, whose whole block has these bytes now.
  long of(byte[] block, long sector) {
    int number = (int) (sector / SECTORS);
    if (number >= blocks.length) {
      blocks = Arrays.copyOf(blocks, Math.max(number + 1, 2 * blocks.length));
    }
    Seen seen = blocks[number];
    if (seen == null || seen.bytes != block) {
      seen = read(block, (long) number * SECTORS);
      blocks[number] = seen;
    }
    return seen.writes[(int) (sector % SECTORS)];
  }

  private static Seen read(byte[] block, long firstSector) {
    long[] writes = new long[SECTORS];
    for (int i = 0; i < SECTORS; i++) {
      writes[i] = Content.writeOf(block, i * Content.SECTOR_BYTES, firstSector + i);
    }
    return new Seen(block, writes);
  }
}
