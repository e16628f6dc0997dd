package org.twincore.daemon.report;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The lines with the bar under a volume that resyncs or verifies.
final class ProgressText {
  private static final int STALLED_SECONDS = 180;
  private static final int STALLED_SECONDS_0_7 = 20;

  private ProgressText() {}

  /// Two lines of 8.4, three with details; empty unless the volume is at it right now.
  static String of(VolumeStatus volume, long nowNanos, boolean details) {
    ConnectionState state = volume.state().conn();
    if (volume.progress().isEmpty() || !isRunning(state)) {
      return "";
    }
    Progress progress = volume.progress().get();
    ProgressFigures figures = ProgressFigures.of(progress, nowNanos);
    boolean wants = state == ConnectionState.SYNC_TARGET || state == ConnectionState.VERIFY_S;
    String last = details ? Figures.grouped(figures.lastSpeed()) + " -- " : "";
    String mean = last + Figures.grouped(figures.meanSpeed());
    return "\t"
        + figures.bar()
        + label(state)
        + figures.percent()
        + " "
        + figures.amount()
        + "\n\t"
        + figures.finish()
        + " speed: "
        + Figures.grouped(figures.recentSpeed())
        + " ("
        + mean
        + ")"
        + (wants ? " want: " + Figures.grouped(progress.wantKibPerSecond()) : "")
        + " K/sec"
        + (figures.markAgeSeconds() > STALLED_SECONDS ? " (stalled)" : "")
        + "\n"
        + (details ? position(volume, progress) : "");
  }

  /// The lines of 8.0 to 8.2, without the wanted speed.
  static String of82(VolumeStatus volume, long nowNanos) {
    if (volume.progress().isEmpty() || !isResync(volume.state().conn())) {
      return "";
    }
    ProgressFigures figures = ProgressFigures.of(volume.progress().get(), nowNanos);
    return bar(figures.bar(), figures) + "\t" + speeds(figures) + "\n";
  }

  /// The lines of 0.7: `stalled` instead of a speed when nothing moved for long.
  static String of07(VolumeStatus volume, long nowNanos) {
    if (volume.progress().isEmpty() || !isResync(volume.state().conn())) {
      return "";
    }
    ProgressFigures figures = ProgressFigures.of(volume.progress().get(), nowNanos);
    boolean stalled = figures.markAgeSeconds() > STALLED_SECONDS_0_7;
    return bar(figures.bar07(), figures) + "\t" + (stalled ? "stalled" : speeds(figures)) + "\n";
  }

  static boolean isRunning(ConnectionState state) {
    return switch (state) {
      case SYNC_SOURCE, SYNC_TARGET, VERIFY_S, VERIFY_T -> true;
      default -> false;
    };
  }

  static String label(ConnectionState state) {
    return isResync(state) ? "sync'ed:" : "verified:";
  }

  private static boolean isResync(ConnectionState state) {
    return state == ConnectionState.SYNC_SOURCE || state == ConnectionState.SYNC_TARGET;
  }

  private static String bar(String bar, ProgressFigures figures) {
    return "\t" + bar + "sync'ed:" + figures.percent() + " " + figures.amount() + "\n";
  }

  private static String speeds(ProgressFigures figures) {
    return figures.finish()
        + " speed: "
        + grouped07(figures.recentSpeed())
        + " ("
        + grouped07(figures.meanSpeed())
        + ") K/sec";
  }

  /// Until 8.2 a thousand had no comma, and above it there was only one.
  private static String grouped07(long value) {
    return value > 1000
        ? value / 1000 + "," + Long.toString(1000 + value % 1000).substring(1)
        : Long.toString(value);
  }

  private static String position(VolumeStatus volume, Progress progress) {
    long blocks = volume.sizeSectors() / Figures.BLOCK_SECTORS;
    long at = progress.positionSectors() / Figures.BLOCK_SECTORS;
    String percent = Long.toString(at / (blocks / 100 + 1));
    return "\t"
        + " ".repeat(Math.max(0, 3 - percent.length()))
        + percent
        + "% sector pos: "
        + progress.positionSectors()
        + "/"
        + blocks * Figures.BLOCK_SECTORS
        + "\n";
  }
}
