package org.twincore.daemon.report;

import java.util.Locale;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;

/// The numbers behind a progress line, with the kernel's integer arithmetic (drbd_proc.c).
///
/// Blocks of 4 KiB; speeds in KiB a second.
record ProgressFigures(
    int permille,
    long leftBlocks,
    long totalBlocks,
    long remainingSeconds,
    long recentSpeed,
    long lastSpeed,
    long meanSpeed,
    long markAgeSeconds) {

  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long LARGE_TOTAL_BLOCKS = 0xffff_ffffL;
  private static final long MIB_TOTAL_BLOCKS = 1L << 20;
  private static final int PERMILLE_PER_CHARACTER = 50;
  private static final int BAR_CHARACTERS = 20;

  static ProgressFigures of(Progress progress, long nowNanos) {
    long total = progress.totalBlocks();
    long counted = Math.max(0, progress.leftBlocks() - progress.failedBlocks());
    long left = Math.min(counted, total);
    long done = total - left;
    long markAge = (nowNanos - progress.recentNanos()) / NANOS_PER_SECOND;
    long seconds = Math.max(1, markAge);
    long doneSinceMark = Math.max(0, progress.recentLeftBlocks() - left);
    long lastSeconds = seconds(nowNanos - progress.lastNanos());
    long doneSinceLast = Math.max(0, progress.lastLeftBlocks() - left);
    long runSeconds = seconds(nowNanos - progress.startedNanos() - progress.pausedNanos());
    return new ProgressFigures(
        permille(counted, total),
        left,
        total,
        seconds * (left / (doneSinceMark / 100 + 1)) / 100,
        doneSinceMark / seconds * Figures.BLOCK_KIB,
        doneSinceLast / lastSeconds * Figures.BLOCK_KIB,
        done / runSeconds * Figures.BLOCK_KIB,
        markAge);
  }

  private static int permille(long left, long total) {
    if (left > total) {
      return total == 0 ? 1000 : 0;
    }
    int shift = total > LARGE_TOTAL_BLOCKS ? 16 : 10;
    return (int) (1000 - (left >> shift) * 1000 / (1 + (total >> shift)));
  }

  private static long seconds(long nanos) {
    return Math.max(1, nanos / NANOS_PER_SECOND);
  }

  /// `[===>....] `: 20 characters between the brackets, 21 before anything is done.
  String bar() {
    int reached = permille / PERMILLE_PER_CHARACTER;
    return bar(reached, BAR_CHARACTERS - reached);
  }

  /// The same of 0.7, which rounds what is left instead of what is done.
  String bar07() {
    int missing = (1000 - permille) / PERMILLE_PER_CHARACTER;
    return bar(BAR_CHARACTERS - missing, missing);
  }

  private static String bar(int reached, int missing) {
    return "[" + "=".repeat(Math.max(0, reached - 1)) + ">" + ".".repeat(missing) + "] ";
  }

  /// ` 6.3%`
  String percent() {
    return String.format(Locale.ROOT, "%3d.%d%%", permille / 10, permille % 10);
  }

  /// `(65288/65496)K`, in MiB for more than 4 GiB.
  String amount() {
    return totalBlocks > MIB_TOTAL_BLOCKS
        ? "(" + (leftBlocks >> 8) + "/" + (totalBlocks >> 8) + ")M"
        : "(" + (leftBlocks << 2) + "/" + (totalBlocks << 2) + ")K";
  }

  /// `finish: 0:02:43`
  String finish() {
    return String.format(
        Locale.ROOT,
        "finish: %d:%02d:%02d",
        remainingSeconds / 3600,
        remainingSeconds / 60 % 60,
        remainingSeconds % 60);
  }
}
