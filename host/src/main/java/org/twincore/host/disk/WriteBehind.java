package org.twincore.host.disk;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.twincore.host.linux.LinuxException;

/// Sends what was written on its way to the disk soon after, so that a flush finds little left to
/// wait for: at a peer everything behind a barrier waits for the flush.
///
/// Only where flushes come at all, as at a peer or under an application that wants order: elsewhere
/// a block that is written again and again is better written once. Nothing depends on it. It works
/// in threads of `executor`, one task at a time.
final class WriteBehind {
  private static final Logger LOG = System.getLogger("org.twincore.disk");

  /// Writes gather so long: neighbours go out as one, and a thread is not woken for each.
  private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final long FLUSHING_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DiskFile file;
  private final Executor executor;
  private final Runnable hold;
  private final Runnable release;
  private final AtomicBoolean isUnderWay = new AtomicBoolean();
  private volatile long flushedNanos = System.nanoTime() - FLUSHING_NANOS;

  /// Between `hold` and `release` the file is in use.
  WriteBehind(DiskFile file, Executor executor, Runnable hold, Runnable release) {
    this.file = file;
    this.executor = executor;
    this.hold = hold;
    this.release = release;
  }

  /// A flush is asked for.
  void flushes() {
    flushedNanos = System.nanoTime();
  }

  /// Something was written and is not durable. Returns at once.
  void wrote() {
    boolean isFlushing = System.nanoTime() - flushedNanos < FLUSHING_NANOS;
    if (isFlushing && !isUnderWay.get() && isUnderWay.compareAndSet(false, true)) {
      hold.run();
      executor.execute(this::work);
    }
  }

  private void work() {
    try {
      LockSupport.parkNanos(GATHER_NANOS);
      isUnderWay.set(false);
      file.beginWriteback();
    } catch (LinuxException unable) {
      LOG.log(Level.DEBUG, "write-behind: {0}", unable.getMessage()); // the flush will tell
    } finally {
      release.run();
    }
  }
}
