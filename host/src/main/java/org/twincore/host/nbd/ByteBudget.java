package org.twincore.host.nbd;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// The payload bytes that all connections of a listener may hold together.
final class ByteBudget {
  private final long bytesMax;
  private final AtomicLong used = new AtomicLong();
  private final ConcurrentLinkedQueue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  ByteBudget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  boolean tryAcquire(long bytes) {
    while (true) {
      long now = used.get();
      if (now + bytes > bytesMax) {
        return false;
      }
      if (used.compareAndSet(now, now + bytes)) {
        return true;
      }
    }
  }

  /// Calls `wake` at the next release; whoever waits tries once more after asking for this.
  void wakeOnRelease(Runnable wake) {
    waiting.add(wake);
  }

  void release(long bytes) {
    if (bytes == 0) {
      return;
    }
    used.addAndGet(-bytes);
    Runnable wake = waiting.poll();
    while (wake != null) {
      wake.run();
      wake = waiting.poll();
    }
  }

  long usedBytes() {
    return used.get();
  }
}
