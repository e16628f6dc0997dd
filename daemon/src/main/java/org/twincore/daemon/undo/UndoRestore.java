package org.twincore.daemon.undo;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.nbd.NbdError;

/// Writes what was saved back to the volume, as an application would: replicated, to both disks.
public final class UndoRestore {
  private static final int IN_FLIGHT_MAX = 16;
  private static final int PIECE_BYTES = 1 << 20;

  private final BlockTarget target;
  private final UndoContents undo;
  private final Semaphore room = new Semaphore(IN_FLIGHT_MAX);
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

  public UndoRestore(BlockTarget target, UndoContents undo) {
    this.target = target;
    this.undo = undo;
  }

  /// All of it, flushed on return; how many bytes were written.
  public long run() throws IOException {
    long bytes = 0;
    try {
      for (Extent extent : undo.extents()) {
        bytes += extent.sizeBytes();
        for (long at = 0; at < extent.sizeBytes() && failure.get() == null; at += PIECE_BYTES) {
          long size = Math.min(PIECE_BYTES, extent.sizeBytes() - at);
          piece(new Extent(extent.sector() + at / Extent.SECTOR_BYTES, size));
        }
      }
      room.acquire(IN_FLIGHT_MAX);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
    String failed = failure.get();
    if (failed != null) {
      throw new IOException(failed);
    }
    flush();
    return bytes;
  }

  private void piece(Extent extent) throws IOException, InterruptedException {
    byte[] data = new byte[(int) extent.sizeBytes()];
    undo.lay(extent.sector(), data);
    room.acquire();
    target.write(data, 0, data.length, extent.offsetBytes(), false, done(_ -> room.release()));
  }

  private BlockTarget.Done done(Consumer<@Nullable String> then) {
    return new BlockTarget.Done() {
      @Override
      public void done() {
        then.accept(null);
      }

      @Override
      public void failed(NbdError error, String message) {
        failure.compareAndSet(null, error + ": " + message);
        then.accept(message);
      }
    };
  }

  private void flush() throws IOException {
    CompletableFuture<Boolean> flushed = new CompletableFuture<>();
    target.flush(done(error -> flushed.complete(error == null)));
    try {
      if (!flushed.get()) {
        throw new IOException(String.valueOf(failure.get()));
      }
    } catch (ExecutionException never) {
      throw new IOException(never);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", interrupted);
    }
  }
}
