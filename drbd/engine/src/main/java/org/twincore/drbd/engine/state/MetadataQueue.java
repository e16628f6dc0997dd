package org.twincore.drbd.engine.state;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;

/// The metadata writes of one attached disk, one after the other.
///
/// Order kept (docs/durability.md): what a job writes is taken when the job starts; a job that
/// writes bitmap pages flushes the data area between taking and writing them, so no cleared bit
/// gets to disk before the data it stands for. After a failed job the disk is to be given up: every
/// later job fails at once.
public final class MetadataQueue {
  /// Hears once that a metadata write failed.
  @FunctionalInterface
  public interface FailureListener {
    void metadataFailed(String cause);
  }

  /// Hears how a job ended.
  @FunctionalInterface
  public interface Then {
    void ended(boolean ok);
  }

  private record Job(
      boolean flushFirst, Supplier<List<Effect.Region>> regions, Then then, Runnable undo) {}

  private final LocalDisk disk;
  private final BooleanSupplier durable;
  private final FailureListener listener;
  private final ArrayDeque<Job> jobs = new ArrayDeque<>();
  private @Nullable Job running;
  private boolean failed;

  MetadataQueue(LocalDisk disk, BooleanSupplier durable, FailureListener listener) {
    this.disk = disk;
    this.durable = durable;
    this.listener = listener;
  }

  public boolean isIdle() {
    return running == null && jobs.isEmpty();
  }

  /// Writes these regions as they are when the job starts.
  public void write(Supplier<List<Effect.Region>> regions, Then then) {
    add(new Job(false, regions, then, () -> {}));
  }

  /// As [#write] with a flush of the data area before it; `undo` is called if the write failed.
  void writeAfterFlush(Supplier<List<Effect.Region>> regions, Then then, Runnable undo) {
    add(new Job(true, regions, then, undo));
  }

  /// Calls back when all that was queued before is done.
  public void settle(Then then) {
    add(new Job(false, List::of, then, () -> {}));
  }

  private void add(Job job) {
    jobs.add(job);
    if (running == null) {
      startNext();
    }
  }

  private void startNext() {
    while (running == null && !jobs.isEmpty()) {
      Job job = jobs.remove();
      if (failed) {
        job.then.ended(false);
        continue;
      }
      List<Effect.Region> regions = List.copyOf(job.regions.get());
      if (regions.isEmpty() && !job.flushFirst) {
        job.then.ended(true);
        continue;
      }
      running = job;
      if (job.flushFirst) {
        disk.flush((error, _) -> flushed(job, regions, error));
      } else {
        disk.writeMetadata(regions, durable.getAsBoolean(), (error, _) -> ended(job, error));
      }
    }
  }

  private void flushed(Job job, List<Effect.Region> regions, @Nullable String error) {
    if (error != null || regions.isEmpty()) {
      ended(job, error);
    } else {
      disk.writeMetadata(regions, durable.getAsBoolean(), (cause, _) -> ended(job, cause));
    }
  }

  private void ended(Job job, @Nullable String error) {
    if (error != null) {
      job.undo.run();
      boolean first = !failed;
      failed = true;
      if (first) {
        listener.metadataFailed(error);
      }
    }
    running = null;
    job.then.ended(error == null);
    startNext();
  }
}
