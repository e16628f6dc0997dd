package org.twincore.daemon.loop;

import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/// The timer of one resource. Used under the resource's lock.
///
/// Deadlines mostly move back (each packet does that), so only an earlier one touches the node's
/// timer; an alarm that rings early looks again.
final class Alarm {
  private final Timers timers;
  private final Runnable ring;
  private long setForNanos = Long.MAX_VALUE;
  private @Nullable ScheduledFuture<?> pending;

  Alarm(Timers timers, Runnable ring) {
    this.timers = timers;
    this.ring = ring;
  }

  /// Sees to it that it rings at `deadlineNanos` or before.
  void set(long deadlineNanos, long nowNanos) {
    if (deadlineNanos >= setForNanos) {
      return;
    }
    cancel();
    setForNanos = deadlineNanos;
    pending = timers.after(deadlineNanos - nowNanos, ring);
  }

  /// It rang; it is set no more.
  void rang() {
    setForNanos = Long.MAX_VALUE;
    pending = null;
  }

  void cancel() {
    if (pending != null) {
      pending.cancel(false);
    }
    rang();
  }
}
