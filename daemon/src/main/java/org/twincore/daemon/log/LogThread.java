package org.twincore.daemon.log;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/// Writes lines in a thread of its own, named `log`: a full disk or a stopped terminal holds up
/// nobody. What does not fit into the queue is counted and named later.
final class LogThread {
  private static final int LINES_MAX = 8192;

  /// Ends the thread; no line has a line end in it.
  private static final String END = "\n";

  private final LogTarget target;
  private final LongFunction<String> lostLine;
  private final ArrayBlockingQueue<String> lines = new ArrayBlockingQueue<>(LINES_MAX);
  private final AtomicLong lost = new AtomicLong();
  private final CountDownLatch ended = new CountDownLatch(1);

  /// `lostLine` says how many lines are missing where it stands.
  LogThread(LogTarget target, LongFunction<String> lostLine) {
    this.target = target;
    this.lostLine = lostLine;
    Thread.ofPlatform().daemon().name("log").start(this::run);
  }

  void add(String line) {
    if (!lines.offer(line)) {
      lost.incrementAndGet();
    }
  }

  /// Writes what is queued, if that takes no longer than `millis`.
  void close(long millis) throws InterruptedException {
    if (lines.offer(END, millis, TimeUnit.MILLISECONDS)) {
      ended.await(millis, TimeUnit.MILLISECONDS);
    }
  }

  private void run() {
    try {
      for (String line = lines.take(); !line.equals(END); line = lines.take()) {
        write(line);
      }
    } catch (InterruptedException _) {
      // the process ends
    } finally {
      ended.countDown();
    }
  }

  private void write(String line) {
    try {
      long missing = lost.get();
      if (missing > 0) {
        target.write(lostLine.apply(missing));
        lost.addAndGet(-missing);
      }
      target.write(line);
    } catch (IOException _) {
      lost.incrementAndGet(); // nowhere to say it but in the log, once that works again
    }
  }
}
