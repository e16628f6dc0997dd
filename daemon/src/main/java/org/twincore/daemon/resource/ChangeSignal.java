package org.twincore.daemon.resource;

import java.util.concurrent.TimeUnit;

/// Wakes who waits for a change. The counter makes sure that no change between looking and waiting
/// is missed.
public final class ChangeSignal {
  private long changes;

  public synchronized long count() {
    return changes;
  }

  public synchronized void changed() {
    changes++;
    notifyAll();
  }

  /// Waits until there were more changes than `seen`, or `nanos` are over.
  public synchronized void await(long seen, long nanos) throws InterruptedException {
    long end = System.nanoTime() + nanos;
    while (changes == seen) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
    }
  }
}
