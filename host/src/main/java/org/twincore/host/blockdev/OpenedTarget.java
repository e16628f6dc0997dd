package org.twincore.host.blockdev;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;

/// The target behind a device: opened at the first request, closed once, when [#close] was called
/// and every request is finished.
final class OpenedTarget {
  private static final Logger LOG = System.getLogger(OpenedTarget.class.getName());

  private final Supplier<Exports.Opening> source;
  private @Nullable BlockTarget target;
  private int inFlight;
  private boolean closing;

  OpenedTarget(Supplier<Exports.Opening> source) {
    this.source = source;
  }

  /// The opened target with one more request in flight; null if it cannot be opened.
  synchronized @Nullable BlockTarget begin() {
    if (closing) {
      return null;
    }
    if (target == null) {
      switch (source.get()) {
        case Exports.Opened(_, BlockTarget opened) -> target = opened;
        case Exports.NotOpened(var refusal) ->
            LOG.log(Level.WARNING, "device not opened: {0}", refusal.message());
      }
    }
    if (target != null) {
      inFlight++;
    }
    return target;
  }

  /// A request that [#begin] let through is finished.
  void end() {
    BlockTarget last;
    synchronized (this) {
      inFlight--;
      if (inFlight == 0) {
        notifyAll();
      }
      last = takeIfIdle();
    }
    if (last != null) {
      last.close();
    }
  }

  /// Waits for a moment without a request in flight; false if none comes in time.
  synchronized boolean awaitIdle(long timeoutMillis) {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
    try {
      for (long left = timeoutMillis; inFlight > 0 && left > 0; ) {
        wait(left);
        left = (deadline - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return inFlight == 0;
  }

  /// No request is taken from here on.
  void close() {
    BlockTarget last;
    synchronized (this) {
      closing = true;
      last = takeIfIdle();
    }
    if (last != null) {
      last.close();
    }
  }

  private @Nullable BlockTarget takeIfIdle() {
    BlockTarget last = closing && inFlight == 0 ? target : null;
    if (last != null) {
      target = null;
    }
    return last;
  }
}
