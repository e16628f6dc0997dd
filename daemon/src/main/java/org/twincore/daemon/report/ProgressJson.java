package org.twincore.daemon.report;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The part of the JSON status that is there while a volume resyncs or verifies: amounts in
/// sectors, times in milliseconds, speeds in MiB a second.
final class ProgressJson {
  private static final long NANOS_PER_MILLI = 1_000_000L;
  private static final double SECTORS_PER_MIB = 2048;
  private static final double MILLIS_PER_SECOND = 1000;

  private final JsonLines out;
  private final Progress progress;
  private final long leftSectors;
  private final long totalSectors;
  private final Span start;
  private final Span last;
  private final Span mark;

  /// How much was done in how long.
  private record Span(long millis, long sectors) {
    double mibPerSecond() {
      return millis <= 0 ? 0 : sectors / SECTORS_PER_MIB / (millis / MILLIS_PER_SECOND);
    }
  }

  ProgressJson(JsonLines out, long nowNanos, Progress progress) {
    this.out = out;
    this.progress = progress;
    leftSectors = progress.leftBlocks() * Figures.BLOCK_SECTORS;
    totalSectors = progress.totalBlocks() * Figures.BLOCK_SECTORS;
    start = since(nowNanos, progress.startedNanos() + progress.pausedNanos(), totalSectors);
    last = since(nowNanos, progress.lastNanos(), sectors(progress.lastLeftBlocks()));
    mark = since(nowNanos, progress.recentNanos(), sectors(progress.recentLeftBlocks()));
  }

  private Span since(long nowNanos, long thenNanos, long thenLeftSectors) {
    long millis = (nowNanos - thenNanos) / NANOS_PER_MILLI;
    return new Span(millis, Math.max(0, thenLeftSectors - leftSectors));
  }

  private static long sectors(long blocks) {
    return blocks * Figures.BLOCK_SECTORS;
  }

  void write(VolumeStatus volume, boolean verifies) {
    ConnectionState state = volume.state().conn();
    out.raw("rs-total", totalSectors);
    out.raw("rs-dt-start-ms", start.millis() + progress.pausedNanos() / NANOS_PER_MILLI);
    out.raw("rs-paused-ms", progress.pausedNanos() / NANOS_PER_MILLI);
    out.raw("rs-dt0-ms", last.millis());
    out.raw("rs-db0-sectors", last.sectors());
    out.raw("rs-dt1-ms", mark.millis());
    out.raw("rs-db1-sectors", mark.sectors());
    if (verifies) {
      out.raw("ov-start-sector", progress.course().firstSector());
      out.raw("ov-stop-sector", Math.min(progress.course().stopSector(), volume.sizeSectors()));
      out.raw("ov-position", progress.positionSectors());
      out.raw("ov-left", leftSectors);
      // A verify waits for writes under way and leaves no block out for them.
      out.raw("ov-skipped", 0);
    } else {
      out.raw("rs-failed", sectors(progress.failedBlocks()));
      out.raw("rs-same-csum", sectors(progress.course().equalBlocks()));
    }
    if (state == ConnectionState.SYNC_TARGET || state == ConnectionState.VERIFY_S) {
      out.raw("want", progress.wantKibPerSecond());
    }
    out.raw("db0/dt0 [MiB/s]", Figures.twoDecimals(last.mibPerSecond()));
    out.raw("db1/dt1 [MiB/s]", Figures.twoDecimals(mark.mibPerSecond()));
    out.raw("estimated-seconds-to-finish", secondsLeft());
    out.raw("db/dt [MiB/s]", Figures.twoDecimals(start.mibPerSecond()));
    out.raw("percent-resync-done", Figures.percent(leftSectors, totalSectors));
  }

  /// At the speed since the mark, or 0 while nothing moves.
  private long secondsLeft() {
    double mibLeft = leftSectors / SECTORS_PER_MIB;
    return mark.mibPerSecond() == 0 ? 0 : (long) (mibLeft / mark.mibPerSecond());
  }
}
