package org.twincore.drbd.engine.exchange;

import java.util.List;
import org.twincore.drbd.Extent;

/// What an online verify that was begun on this node has found, once it is over.
///
/// `fromSector` and `endSector` (behind the last) are what it was to compare, `reachedSector` is
/// where a verify that was cut may go on: `endSector` if it has compared all. `comparedSectors`
/// were looked at. Blocks are of 4 KiB: `outOfSyncBlocks` are marked now because they differed in
/// both looks (or could not be looked at twice), `droppedBlocks` differed in the first and were
/// equal in the second. `ranges` are the marked ones, neighbours as one, at most [#RANGES_MAX] of
/// them.
public record VerifyReport(
    long fromSector,
    long endSector,
    long reachedSector,
    long comparedSectors,
    long outOfSyncBlocks,
    long droppedBlocks,
    List<Extent> ranges,
    long deviceSectors,
    boolean isInterrupted) {
  public static final int RANGES_MAX = 1000;

  public VerifyReport {
    ranges = List.copyOf(ranges);
  }

  /// It has compared the device from its first sector to its last.
  public boolean isWhole() {
    return fromSector == 0 && endSector >= deviceSectors && !isInterrupted;
  }
}
