package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.wire.Since;

/// Ends a resync at its source by the source's own count: a target of protocol 95 and older may say
/// nothing at the end (`maybe_schedule_on_disk_bitmap_update`, `drbd_start_resync`).
///
/// | agreed | nothing had to be copied | something had |
/// |---|---|---|
/// | 86 to 94 | after `ping-int` and a good `ping-timeout`, so that a lost connection shows first | at the last acknowledgement |
/// | 95 | when the target says so | at the last acknowledgement |
/// | 96 and up | when the target says so | when the target says so |
///
/// A target of ours, and a kernel's, says it whatever was agreed; who is first ends it.
final class OldResyncEnd {
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long TENTH_NANOS = 100_000_000L;

  private final Parts parts;
  private final Resyncs resyncs;

  OldResyncEnd(Parts parts, Resyncs resyncs) {
    this.parts = parts;
    this.resyncs = resyncs;
  }

  /// To be called at the end of each step.
  void maintain() {
    for (Volume volume : parts.all()) {
      if (dueNanos(volume) <= parts.turn.now()) {
        if (volume.failedBlocks() == 0) {
          resyncs.finishSource(volume);
        } else {
          resyncs.giveUpSource(volume);
        }
      }
    }
  }

  long deadlineNanos() {
    long deadline = Long.MAX_VALUE;
    for (Volume volume : parts.all()) {
      deadline = Math.min(deadline, dueNanos(volume));
    }
    return deadline;
  }

  private long dueNanos(Volume volume) {
    ConnectionState conn = volume.device.state().conn();
    boolean isSource = conn == SYNC_SOURCE || conn == PAUSED_SYNC_S;
    if (!isSource || !parts.turn.isLinked() || parts.peering.has(Since.LATE_MARKS)) {
      return Long.MAX_VALUE;
    }
    ResourceStatus.Progress progress = volume.progress().orElse(null);
    if (progress == null || volume.device.outOfSyncBlocks() > volume.failedBlocks()) {
      return Long.MAX_VALUE;
    }
    if (progress.totalBlocks() > 0) {
      return parts.turn.now();
    }
    return parts.peering.has(Since.RESYNC_END) || volume.announcedNanos == Long.MAX_VALUE
        ? Long.MAX_VALUE
        : volume.announcedNanos + patienceNanos();
  }

  private long patienceNanos() {
    long pingInt = parts.peering.net().num(Option.PING_INT) * SECOND_NANOS;
    long pingTimeout = parts.peering.net().num(Option.PING_TIMEOUT) * TENTH_NANOS;
    return pingInt + pingTimeout + pingTimeout / 9;
  }
}
