package org.twincore.host.nbd;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// The unanswered requests of one connection: bounded in number and bytes, so that a client that
/// asks faster than it is served, or that does not read its replies, is no longer read from.
///
/// Only the connection's thread acquires; any thread releases.
final class RequestWindow {
  private final NbdSettings settings;
  private final ByteBudget budget;
  private final Runnable wakeReader;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean readerWaits;

  RequestWindow(NbdSettings settings, ByteBudget budget, Runnable wakeReader) {
    this.settings = settings;
    this.budget = budget;
    this.wakeReader = wakeReader;
  }

  /// Takes a place for a request; if false, the reader waits until it is woken and tries again.
  boolean tryAcquire(long payloadBytes) {
    if (take(payloadBytes)) {
      readerWaits = false;
      return true;
    }
    // Said first and tried again, so that a release between the two is not missed.
    readerWaits = true;
    budget.wakeOnRelease(wakeReader);
    if (take(payloadBytes)) {
      readerWaits = false;
      return true;
    }
    return false;
  }

  /// True if nothing is unanswered; if false, the reader is woken by later releases.
  boolean isEmptyOrWaits() {
    readerWaits = true;
    return requests.get() == 0;
  }

  private boolean take(long payloadBytes) {
    int running = requests.get();
    if (running >= settings.requestsMax()
        || (running > 0 && bytes.get() + payloadBytes > settings.bytesMax())
        || !budget.tryAcquire(payloadBytes)) {
      return false;
    }
    requests.incrementAndGet();
    bytes.addAndGet(payloadBytes);
    return true;
  }

  /// Gives back the places of `count` requests with together `payloadBytes`.
  void release(int count, long payloadBytes) {
    bytes.addAndGet(-payloadBytes);
    requests.addAndGet(-count);
    budget.release(payloadBytes);
    if (readerWaits) {
      wakeReader.run();
    }
  }

  int requests() {
    return requests.get();
  }
}
