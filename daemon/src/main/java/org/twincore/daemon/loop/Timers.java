package org.twincore.daemon.loop;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// The one thread of a node that wakes its resources at their deadlines, named `timer`.
///
/// What runs there must not wait for anything slower than a resource's lock.
public final class Timers implements AutoCloseable {
  private final ScheduledThreadPoolExecutor executor;

  public Timers() {
    executor =
        new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().name("timer").daemon().factory());
    executor.setRemoveOnCancelPolicy(true);
    // A resource that arms its timer while the node ends has nobody to wake any more.
    executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
  }

  /// Runs `action` once after `delayNanos`.
  public ScheduledFuture<?> after(long delayNanos, Runnable action) {
    return executor.schedule(action, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
