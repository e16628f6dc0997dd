package org.twincore.host.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.Disk;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.wire.Payload;

/// The backing disk of one volume: a file or block device for the data, and the same one or another
/// for the metadata.
///
/// Two ways to have an effect carried out. [#carryOut] hands it to threads of this disk and posts
/// the answer. [#runHere] does it in the calling thread and returns the answer; that saves two
/// hand-offs for small reads and writes ([#isQuick]). Metadata writes are done by one thread, in
/// the order of the effects; everything else in any order.
///
/// Closed by `CloseDisk` once nothing is under way any more. Threads of this class are never
/// interrupted.
public final class FileDisk implements Disk {
  /// A buffered access keeps a processor busy, a direct one waits for the disk.
  private static final int BUFFERED_WORKERS_MAX = 4;

  private static final int DIRECT_WORKERS_MAX = 16;
  private static final long IDLE_SECONDS = 10;
  private static final int QUICK_MAX_BYTES = 256 << 10;

  private final int volume;
  private final DiskAccess access;
  private final DiskFile data;
  private final DiskFile metadata;
  private final EventSink sink;
  private final Runnable released;
  private final ThreadPoolExecutor workers;
  private final ThreadPoolExecutor metadataWriter;
  private final ThreadPoolExecutor behind;
  private final WriteBehind writeBehind;

  /// Effects under way, plus one until CloseDisk.
  private final AtomicInteger holds = new AtomicInteger(1);

  private FileDisk(
      Place place, DiskFile data, DiskFile metadata, EventSink sink, Runnable released) {
    this.volume = place.volume;
    this.access = place.access;
    this.data = data;
    this.metadata = metadata;
    this.sink = sink;
    this.released = released;
    this.workers =
        threads(
            "disk-" + place.name,
            access == DiskAccess.DIRECT ? DIRECT_WORKERS_MAX : BUFFERED_WORKERS_MAX);
    this.metadataWriter = threads("meta-" + place.name, 1);
    this.behind = threads("behind-" + place.name, 1);
    this.writeBehind = new WriteBehind(data, behind, holds::incrementAndGet, this::release);
  }

  /// Where a volume's bytes are: `name` for threads and messages (`r0/0`); `metadata` equals `data`
  /// where it is internal.
  public record Place(String name, int volume, Path data, Path metadata, DiskAccess access) {
    boolean isInternal() {
      return data.equals(metadata);
    }
  }

  /// Opens both files. `released` is called once, when CloseDisk is done and the files are closed:
  /// whoever locked them unlocks them there. Answers go to `sink`.
  public static FileDisk open(Place place, EventSink sink, Runnable released) throws IOException {
    return open(place, Optional.empty(), sink, released);
  }

  /// As above, for a caller who holds `dataLock` on the data; it may be closed when `released`
  /// runs.
  public static FileDisk open(
      Place place, Optional<DiskLock> dataLock, EventSink sink, Runnable released)
      throws IOException {
    BufferPool buffers = new BufferPool();
    DiskFile data = DiskFile.open(place.data.toString(), place.access, dataLock, buffers);
    try {
      DiskFile metadata =
          place.isInternal()
              ? data
              : DiskFile.open(place.metadata.toString(), place.access, Optional.empty(), buffers);
      return new FileDisk(place, data, metadata, sink, released);
    } catch (IOException failed) {
      data.close();
      throw failed;
    }
  }

  private static ThreadPoolExecutor threads(String name, int most) {
    AtomicInteger number = new AtomicInteger();
    ThreadFactory factory =
        work ->
            Thread.ofPlatform()
                .daemon()
                .name(name + (most == 1 ? "" : "-" + number.incrementAndGet()))
                .unstarted(work);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /// The size of the data disk when it was opened, internal metadata included.
  public long dataSizeBytes() {
    return data.sizeBytes();
  }

  /// Whether the thread that caused an effect may as well carry it out itself, instead of waking
  /// another: a small access, not durable, to the page cache; or to a disk that has nothing else to
  /// do, so that nothing waits behind this thread. `hasMore`: others wait to be begun here.
  public boolean isQuick(Effect.OfDisk effect, boolean hasMore) {
    boolean isIdle = !hasMore && holds.get() == 1;
    return isSmall(effect) && (access == DiskAccess.BUFFERED || isIdle);
  }

  private static boolean isSmall(Effect.OfDisk effect) {
    return switch (effect) {
      case Effect.ReadLocal read -> read.extent().sizeBytes() <= QUICK_MAX_BYTES;
      case Effect.WriteLocal write ->
          !write.fua() && write.payload().lengthBytes() <= QUICK_MAX_BYTES;
      case Effect.DiscardLocal _,
          Effect.FlushLocal _,
          Effect.WriteMetadata _,
          Effect.MeasureDisk _,
          Effect.CloseDisk _ ->
          false;
    };
  }

  @Override
  public void carryOut(Effect.OfDisk effect) {
    if (effect instanceof Effect.CloseDisk) {
      release();
      return;
    }
    holds.incrementAndGet();
    ThreadPoolExecutor pool = effect instanceof Effect.WriteMetadata ? metadataWriter : workers;
    pool.execute(() -> {
      Event answer = run(effect);
      release();
      sink.post(answer);
    });
  }

  /// Carries out an effect other than CloseDisk and WriteMetadata in this thread, and returns its
  /// answer instead of posting it.
  public Event runHere(Effect.OfDisk effect) {
    holds.incrementAndGet();
    try {
      return run(effect);
    } finally {
      release();
    }
  }

  private void release() {
    if (holds.decrementAndGet() == 0) {
      workers.shutdown();
      metadataWriter.shutdown();
      behind.shutdown();
      data.close();
      metadata.close();
      released.run();
    }
  }

  private Event run(Effect.OfDisk effect) {
    return switch (effect) {
      case Effect.ReadLocal(int _, long token, Extent extent) -> read(token, extent);
      case Effect.WriteLocal write ->
          answer(
              write.token(),
              () -> {
                Payload payload = write.payload();
                long offsetBytes = write.sector() * Extent.SECTOR_BYTES;
                DiskFile.checkRange(data, offsetBytes, payload.lengthBytes());
                data.write(
                    offsetBytes,
                    payload.array(),
                    payload.arrayOffset(),
                    payload.lengthBytes(),
                    write.fua());
                if (!write.fua() && access == DiskAccess.BUFFERED) {
                  writeBehind.wrote();
                }
              });
      case Effect.DiscardLocal(int _, long token, Extent extent, Event.Discard kind) ->
          answer(token, () -> discard(extent, kind));
      case Effect.FlushLocal(int _, long token) -> answer(token, this::flush);
      case Effect.WriteMetadata write -> answer(write.token(), () -> writeMetadata(write));
      case Effect.MeasureDisk measure -> measure(measure.token());
      case Effect.CloseDisk _ -> throw new IllegalArgumentException("CloseDisk has no answer");
    };
  }

  private Event read(long token, Extent extent) {
    try {
      DiskFile.checkRange(data, extent.offsetBytes(), extent.sizeBytes());
      byte[] bytes = new byte[(int) extent.sizeBytes()];
      data.read(extent.offsetBytes(), bytes);
      return new Event.LocalReadDone(volume, token, Payload.of(bytes));
    } catch (IOException failed) {
      return failure(token, failed);
    }
  }

  private Event measure(long token) {
    try {
      long dataBytes = data.measure();
      long metadataBytes = metadata == data ? dataBytes : metadata.measure();
      return new Event.LocalMeasured(volume, token, dataBytes, metadataBytes);
    } catch (IOException failed) {
      return failure(token, failed);
    }
  }

  private void discard(Extent extent, Event.Discard kind) throws IOException {
    DiskFile.checkRange(data, extent.offsetBytes(), extent.sizeBytes());
    switch (kind) {
      case TRIM, ZERO_OUT_MAY_UNMAP -> data.punch(extent.offsetBytes(), extent.sizeBytes());
      case ZERO_OUT -> data.zero(extent.offsetBytes(), extent.sizeBytes());
    }
  }

  private void flush() throws IOException {
    writeBehind.flushes();
    data.sync();
    if (metadata != data) {
      metadata.sync();
    }
  }

  /// Neighbouring regions go out as one write. A durable region is stable before the next begins.
  private void writeMetadata(Effect.WriteMetadata effect) throws IOException {
    for (RegionRun run : RegionRun.of(effect.regions())) {
      DiskFile.checkRange(metadata, run.offsetBytes(), run.bytes().length);
      metadata.write(run.offsetBytes(), run.bytes(), 0, run.bytes().length, effect.durable());
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private Event answer(long token, Work work) {
    try {
      work.run();
      return new Event.LocalDone(volume, token);
    } catch (IOException failed) {
      return failure(token, failed);
    }
  }

  private Event failure(long token, IOException failed) {
    return new Event.LocalFailed(
        volume, token, Optional.ofNullable(failed.getMessage()).orElse("I/O error"));
  }
}
