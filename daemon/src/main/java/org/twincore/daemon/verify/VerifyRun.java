package org.twincore.daemon.verify;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.twincore.admin.AdminFormatException;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// One verify, over or (until its end is known) under way. In sectors, but for `outOfSyncBlocks`
/// and `droppedBlocks`, of 4 KiB.
record VerifyRun(
    Instant start,
    Instant end,
    long fromSector,
    long sectors,
    long outOfSyncBlocks,
    long droppedBlocks,
    List<Extent> ranges,
    boolean isInterrupted,
    boolean isScheduled) {
  VerifyRun {
    ranges = List.copyOf(ranges);
  }

  static VerifyRun of(Instant start, Instant end, VerifyReport report, boolean isScheduled) {
    return new VerifyRun(
        start,
        end,
        report.fromSector(),
        report.comparedSectors(),
        report.outOfSyncBlocks(),
        report.droppedBlocks(),
        report.ranges(),
        report.isInterrupted(),
        isScheduled);
  }

  Map<String, Object> json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("start", start.toString());
    map.put("end", end.toString());
    map.put("from-sector", fromSector);
    map.put("sectors", sectors);
    map.put("out-of-sync-blocks", outOfSyncBlocks);
    map.put("dropped-false-alarms", droppedBlocks);
    List<Object> all = new ArrayList<>();
    for (Extent range : ranges) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("start", range.sector());
      one.put("size", range.sizeSectors());
      all.add(one);
    }
    map.put("ranges", all);
    map.put("interrupted", isInterrupted);
    map.put("scheduled", isScheduled);
    return map;
  }

  static VerifyRun of(Map<?, ?> json) throws AdminFormatException {
    List<Extent> ranges = new ArrayList<>();
    for (Object each : BookJson.list(json, "ranges")) {
      Map<?, ?> range = BookJson.map(each);
      ranges.add(
          new Extent(
              BookJson.number(range, "start"),
              BookJson.number(range, "size") * Extent.SECTOR_BYTES));
    }
    return new VerifyRun(
        BookJson.instant(json, "start"),
        BookJson.instant(json, "end"),
        BookJson.number(json, "from-sector"),
        BookJson.number(json, "sectors"),
        BookJson.number(json, "out-of-sync-blocks"),
        BookJson.number(json, "dropped-false-alarms"),
        ranges,
        BookJson.flag(json, "interrupted"),
        BookJson.flag(json, "scheduled"));
  }
}
