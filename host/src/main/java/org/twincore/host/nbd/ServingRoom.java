package org.twincore.host.nbd;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/// What connections that are served together share: limits, buffers, timeouts, and what is logged
/// of clients that go wrong.
final class ServingRoom {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  private final NbdSettings settings;
  private final ByteBudget budget;
  private final BufferPool pool = new BufferPool();
  private final LongConsumer stalledCutter;
  private final ScheduledThreadPoolExecutor timeouts;
  private final AtomicLong refused = new AtomicLong();
  private volatile boolean isAborting;

  /// `stalledCutter` cuts the clients that have kept room from others for so many nanoseconds.
  ServingRoom(NbdSettings settings, LongConsumer stalledCutter) {
    this.settings = settings;
    this.stalledCutter = stalledCutter;
    this.budget = new ByteBudget(settings.bytesTotalMax());
    this.timeouts =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("nbd-timeouts").daemon().factory());
    timeouts.setRemoveOnCancelPolicy(true);
    // A client accepted while closing: it is stopped anyway.
    timeouts.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
  }

  NbdSettings settings() {
    return settings;
  }

  ByteBudget budget() {
    return budget;
  }

  BufferPool pool() {
    return pool;
  }

  /// From here on nothing in flight is waited for.
  void abort() {
    isAborting = true;
  }

  boolean isAborting() {
    return isAborting;
  }

  ScheduledFuture<?> afterMillis(long delayMillis, Runnable action) {
    return timeouts.schedule(action, delayMillis, TimeUnit.MILLISECONDS);
  }

  ScheduledFuture<?> everyMillis(long periodMillis, Runnable action) {
    return timeouts.scheduleWithFixedDelay(
        action, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
  }

  void endTimeouts() {
    timeouts.shutdownNow();
  }

  /// Cuts each client that holds what others wait for, in replies that it does not take.
  void cutStalled() {
    stalledCutter.accept(TimeUnit.MILLISECONDS.toNanos(settings.stallMillis()));
  }

  /// Logs a client that broke the protocol: the first, and then ever more rarely, for a port scan
  /// must not fill the log.
  void noteRefused(String client, String reason, boolean byProtocol) {
    if (byProtocol) {
      LOG.log(Level.DEBUG, "nbd client={0} closed: {1}", client, reason);
      return;
    }
    long count = refused.incrementAndGet();
    if (Long.bitCount(count) == 1) {
      LOG.log(Level.WARNING, "nbd client={0} refused: {1} (refused={2})", client, reason, count);
    }
  }
}
