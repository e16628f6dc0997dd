package org.twincore.cli.demo;

import java.io.PrintStream;
import java.util.Locale;
import org.twincore.admin.ResourceView;

/// The progress of a resync as a bar that moves on a terminal, or as a line a second elsewhere.
final class SyncBar {
  private static final int WIDTH = 20;
  private static final long LINE_NANOS = 1_000_000_000L;
  private static final int KIB_PER_BLOCK = 4;

  private final PrintStream out;
  private final boolean isTerminal;
  private long startNanos;
  private long lastLineNanos;
  private long totalKib;

  SyncBar(PrintStream out, boolean isTerminal) {
    this.out = out;
    this.isTerminal = isTerminal;
  }

  /// Shows a moment of a running resync.
  void show(ResourceView.ProgressView progress) {
    long now = System.nanoTime();
    if (totalKib == 0) {
      startNanos = now - progress.sinceStartMillis() * 1_000_000;
      totalKib = progress.totalBlocks() * KIB_PER_BLOCK;
    }
    if (!isTerminal && now - lastLineNanos < LINE_NANOS) {
      return;
    }
    lastLineNanos = now;
    long leftKib = progress.leftBlocks() * KIB_PER_BLOCK;
    long doneKib = totalKib - leftKib;
    double seconds = Math.max(0.001, (now - startNanos) / 1e9);
    long rate = (long) (doneKib / seconds);
    long finish = rate == 0 ? 0 : leftKib / rate;
    print(line(doneKib, leftKib, rate, finish));
  }

  private String line(long doneKib, long leftKib, long rate, long finish) {
    int filled = totalKib == 0 ? WIDTH : (int) (doneKib * WIDTH / totalKib);
    String bar =
        "["
            + "=".repeat(filled)
            + (filled < WIDTH ? ">" : "")
            + ".".repeat(Math.max(0, WIDTH - filled - 1))
            + "]";
    return String.format(
        Locale.ROOT,
        "  %s sync'ed: %5.1f%% (%d/%d)K finish: %d:%02d:%02d speed: %,d K/sec",
        bar,
        totalKib == 0 ? 100.0 : doneKib * 100.0 / totalKib,
        leftKib,
        totalKib,
        finish / 3600,
        finish / 60 % 60,
        finish % 60,
        rate);
  }

  private void print(String line) {
    if (isTerminal) {
      out.print("\r" + line + "  ");
    } else {
      out.println(line);
    }
    out.flush();
  }

  /// The resync is over: the last line, and what it moved. KiB per second.
  long finish() {
    double seconds = Math.max(0.001, (System.nanoTime() - startNanos) / 1e9);
    long rate = totalKib == 0 ? 0 : (long) (totalKib / seconds);
    if (totalKib > 0) {
      print(line(totalKib, 0, rate, 0));
      if (isTerminal) {
        out.println();
      }
    }
    return rate;
  }

  /// What was out of sync at the start, KiB; 0 if it was over before it was seen.
  long totalKib() {
    return totalKib;
  }
}
