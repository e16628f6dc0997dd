package org.twincore.host.disk;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.engine.exchange.Effect.Region;

/// Regions of the metadata device that lie one behind the other, as one write of limited size.
record RegionRun(long offsetBytes, byte[] bytes) {
  private static final int RUN_MAX_BYTES = 1 << 20;

  /// The same bytes in the same order; only neighbours are joined.
  static List<RegionRun> of(List<Region> regions) {
    List<RegionRun> runs = new ArrayList<>();
    int first = 0;
    while (first < regions.size()) {
      long start = regions.get(first).offsetBytes();
      int length = regions.get(first).bytes().length;
      int next = first + 1;
      while (next < regions.size()
          && regions.get(next).offsetBytes() == start + length
          && length + regions.get(next).bytes().length <= RUN_MAX_BYTES) {
        length += regions.get(next).bytes().length;
        next++;
      }
      runs.add(join(regions.subList(first, next), length));
      first = next;
    }
    return runs;
  }

  private static RegionRun join(List<Region> regions, int length) {
    if (regions.size() == 1) {
      return new RegionRun(regions.getFirst().offsetBytes(), regions.getFirst().bytes());
    }
    byte[] bytes = new byte[length];
    int at = 0;
    for (Region region : regions) {
      System.arraycopy(region.bytes(), 0, bytes, at, region.bytes().length);
      at += region.bytes().length;
    }
    return new RegionRun(regions.getFirst().offsetBytes(), bytes);
  }
}
