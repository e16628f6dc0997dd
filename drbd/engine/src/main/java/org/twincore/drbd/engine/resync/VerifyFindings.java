package org.twincore.drbd.engine.resync;

import java.util.Map;
import java.util.TreeMap;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.exchange.VerifyReport;
import org.twincore.drbd.engine.state.Device;

/// What one verify has found so far: marks, counts and logs it.
final class VerifyFindings {
  private final Device device;
  private final Turn turn;
  private final OutOfSyncRun differences;

  /// What is marked: first sector to the sector behind; neighbours are one range.
  private final TreeMap<Long, Long> ranges = new TreeMap<>();

  private long comparedSectors;
  private long outOfSyncBlocks;
  private long droppedBlocks;

  VerifyFindings(Device device, Turn turn) {
    this.device = device;
    this.turn = turn;
    this.differences = new OutOfSyncRun(device, turn);
  }

  void start() {
    ranges.clear();
    comparedSectors = 0;
    outOfSyncBlocks = 0;
    droppedBlocks = 0;
  }

  /// A block was compared for the first time.
  void compared(Extent extent) {
    comparedSectors += extent.sizeSectors();
  }

  /// It is no difference; what was found before it is a range of its own.
  void isEqual() {
    differences.end();
  }

  /// It differs for good: marked out of sync.
  void differs(Extent extent) {
    outOfSyncBlocks += extent.blocks();
    differences.differs(extent);
    join(extent);
  }

  /// It differed in the first look and not in the second.
  void drop(Extent extent) {
    droppedBlocks += extent.blocks();
    differences.end();
    turn.log(
        Effect.Level.INFO,
        "volume %d: Not out of sync: start=%d, size=%d (sectors) differed once and is equal now"
            .formatted(device.volume(), extent.sector(), extent.sizeSectors()));
  }

  /// Nothing more will be found now.
  void end() {
    differences.end();
  }

  VerifyReport report(long from, long end, long reached, boolean isInterrupted) {
    return new VerifyReport(
        from,
        end,
        reached,
        comparedSectors,
        outOfSyncBlocks,
        droppedBlocks,
        ranges.entrySet().stream()
            .map(it -> new Extent(it.getKey(), (it.getValue() - it.getKey()) * Extent.SECTOR_BYTES))
            .toList(),
        device.sizeSectors(),
        isInterrupted);
  }

  /// Reads end in any order, so a block may stand before, behind or between what is known.
  private void join(Extent extent) {
    long from = extent.sector();
    long to = extent.endSector();
    Map.Entry<Long, Long> before = ranges.floorEntry(from);
    if (before != null && before.getValue() >= from) {
      from = before.getKey();
      to = Math.max(to, before.getValue());
    }
    Long behind = ranges.remove(to);
    to = behind == null ? to : behind;
    if (ranges.containsKey(from) || ranges.size() < VerifyReport.RANGES_MAX) {
      ranges.put(from, to);
    }
  }
}
