package org.twincore.drbd.engine.resync;

import java.util.Arrays;
import org.twincore.drbd.engine.exchange.ResourceStatus;

/// The figures of a running resync or verify, and its speed over the last seconds.
///
/// Eight marks, three seconds apart, remember when how much was left (drbd_int.h, `rs_mark_*`); a
/// mark is made only when something changed since the last one. While paused no time passes for the
/// marks. Blocks are of 4 KiB, times in nanoseconds of the resource's clock.
public final class SyncProgress {
  private static final int MARKS = 8;
  private static final long MARK_STEP_NANOS = 3_000_000_000L;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final int KIB_PER_BLOCK = 4;

  /// The mark that /proc/drbd's speed counts from is this many behind the newest.
  private static final int SHOWN_BACK = 6;

  private final long totalBlocks;
  private final long startedNanos;
  private final long[] markNanos = new long[MARKS];
  private final long[] markLeft = new long[MARKS];
  private int newest;
  private long failedBlocks;
  private long pausedNanos;
  private long pausedSinceNanos;
  private boolean paused;

  /// A resync that starts now with `totalBlocks` to go.
  public SyncProgress(long nowNanos, long totalBlocks) {
    this.totalBlocks = totalBlocks;
    this.startedNanos = nowNanos;
    Arrays.fill(markNanos, nowNanos);
    Arrays.fill(markLeft, totalBlocks);
  }

  public long totalBlocks() {
    return totalBlocks;
  }

  public long failedBlocks() {
    return failedBlocks;
  }

  /// Blocks that could not be read or written; they stay out of sync.
  public void failed(long blocks) {
    failedBlocks += blocks;
  }

  /// Makes a mark if it is time; to be called now and then, at least about once a second.
  public void look(long nowNanos, long leftBlocks) {
    boolean due = nowNanos - markNanos[newest] >= MARK_STEP_NANOS;
    if (!paused && due && markLeft[newest] != leftBlocks) {
      newest = (newest + 1) % MARKS;
      markNanos[newest] = nowNanos;
      markLeft[newest] = leftBlocks;
    }
  }

  public void pause(long nowNanos) {
    if (!paused) {
      paused = true;
      pausedSinceNanos = nowNanos;
    }
  }

  public void resume(long nowNanos) {
    if (paused) {
      paused = false;
      long away = nowNanos - pausedSinceNanos;
      pausedNanos += away;
      for (int mark = 0; mark < MARKS; mark++) {
        markNanos[mark] += away;
      }
    }
  }

  /// The speed over the last three to six seconds, for c-min-rate.
  public long recentKibPerSecond(long nowNanos, long leftBlocks) {
    int mark = back(1);
    long seconds = Math.max(1, (clock(nowNanos) - markNanos[mark]) / NANOS_PER_SECOND);
    return Math.max(0, markLeft[mark] - leftBlocks) / seconds * KIB_PER_BLOCK;
  }

  /// For the tools; what follows `leftBlocks` is the caller's.
  public ResourceStatus.Progress snapshot(
      long nowNanos,
      long leftBlocks,
      long wantKibPerSecond,
      long positionSectors,
      ResourceStatus.Course course) {
    int shown = back(SHOWN_BACK);
    int last = back(1);
    long running = paused ? nowNanos - pausedSinceNanos : 0;
    return new ResourceStatus.Progress(
        totalBlocks,
        leftBlocks,
        failedBlocks,
        startedNanos,
        pausedNanos + running,
        markNanos[shown] + running,
        markLeft[shown],
        markNanos[last] + running,
        markLeft[last],
        wantKibPerSecond,
        positionSectors,
        course);
  }

  private int back(int marks) {
    return (newest + MARKS - marks) % MARKS;
  }

  private long clock(long nowNanos) {
    return paused ? pausedSinceNanos : nowNanos;
  }
}
