package org.twincore.host.nbd;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// The unanswered requests of one connection: bounded in number and bytes, so that a client that
/// asks faster than it is served, or that does not read its replies, is no longer read from.
///
/// The first [#RESERVE_BYTES] of each connection are its own, what is above them is charged to the
/// budget of all: clients with much in flight cannot starve one with little. Only the connection's
/// thread acquires; any thread releases.
final class RequestWindow {
  /// 64 requests of 4 KiB.
  static final long RESERVE_BYTES = 256 << 10;

  private final NbdSettings settings;
  private final ByteBudget budget;
  private final Runnable wakeReader;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean readerWaits;
  private volatile boolean awaitsOthers;

  RequestWindow(NbdSettings settings, ByteBudget budget, Runnable wakeReader) {
    this.settings = settings;
    this.budget = budget;
    this.wakeReader = wakeReader;
  }

  private enum Attempt {
    TAKEN,
    WINDOW_FULL,
    BUDGET_EMPTY
  }

  /// Takes a place for a request; if false, the reader waits until it is woken and tries again.
  boolean tryAcquire(long payloadBytes) {
    if (take(payloadBytes) == Attempt.TAKEN) {
      readerWaits = false;
      awaitsOthers = false;
      return true;
    }
    // Said first and tried again, so that a release between the two is not missed.
    readerWaits = true;
    Attempt second = take(payloadBytes);
    if (second == Attempt.BUDGET_EMPTY) {
      budget.wakeOnRelease(wakeReader);
      second = take(payloadBytes);
    }
    readerWaits = second != Attempt.TAKEN;
    awaitsOthers = second == Attempt.BUDGET_EMPTY;
    return second == Attempt.TAKEN;
  }

  /// Whether the reader waits for what other connections hold.
  boolean awaitsOthers() {
    return awaitsOthers;
  }

  /// Whether some of it is charged to the budget of all.
  boolean holdsShared() {
    return bytes.get() > RESERVE_BYTES;
  }

  /// True if nothing is unanswered; if false, the reader is woken by later releases.
  boolean isEmptyOrWaits() {
    readerWaits = true;
    return requests.get() == 0;
  }

  private Attempt take(long payloadBytes) {
    int running = requests.get();
    while (running < settings.requestsMax()) {
      long before = bytes.get();
      if (running > 0 && before + payloadBytes > settings.bytesMax()) {
        return Attempt.WINDOW_FULL;
      }
      long charge = charged(before + payloadBytes) - charged(before);
      if (!budget.tryAcquire(charge)) {
        return Attempt.BUDGET_EMPTY;
      }
      if (bytes.compareAndSet(before, before + payloadBytes)) {
        requests.incrementAndGet();
        return Attempt.TAKEN;
      }
      // Something was released just now: the charge is another one.
      budget.release(charge);
    }
    return Attempt.WINDOW_FULL;
  }

  /// Gives back the places of `count` requests with together `payloadBytes`.
  void release(int count, long payloadBytes) {
    long after = bytes.addAndGet(-payloadBytes);
    requests.addAndGet(-count);
    budget.release(charged(after + payloadBytes) - charged(after));
    if (readerWaits) {
      wakeReader.run();
    }
  }

  private static long charged(long bytesInFlight) {
    return Math.max(0, bytesInFlight - RESERVE_BYTES);
  }

  int requests() {
    return requests.get();
  }
}
