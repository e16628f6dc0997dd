package org.twincore.sim.world;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.Disk;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.wire.Payload;

/// One attachment of a drive: carries out the disk effects of one volume after random delays.
///
/// Requests in flight together finish in any order. A request takes effect at the moment it is
/// answered; what a crash finds in flight has happened in part, block by block.
public final class SimDisk implements Disk {
  private static final int SECTOR_BYTES = 512;

  private final Simulation simulation;
  private final RandomGenerator random;
  private final int volume;
  private final SimDrive drive;
  private final EventSink sink;
  private final TreeMap<Long, Effect.OfDisk> inFlight = new TreeMap<>();
  private long requests;
  private boolean isClosed;

  public SimDisk(
      Simulation simulation, RandomGenerator random, int volume, SimDrive drive, EventSink sink) {
    this.simulation = simulation;
    this.random = random;
    this.volume = volume;
    this.drive = drive;
    this.sink = sink;
  }

  @Override
  public void carryOut(Effect.OfDisk effect) {
    if (isClosed) {
      throw new IllegalStateException("the disk was closed before " + effect);
    }
    if (effect instanceof Effect.CloseDisk) {
      isClosed = true;
      return;
    }
    if (effect instanceof Effect.MeasureDisk(int _, long token)) {
      measure(token);
      return;
    }
    long request = ++requests;
    inFlight.put(request, effect);
    long mark = drive.data().mark();
    long metadataMark = drive.metadata().mark();
    finishLater(request, new Marks(mark, metadataMark));
  }

  /// At once, and without chance: a question costs nothing.
  private void measure(long token) {
    simulation.after(
        0,
        () -> {
          if (!isClosed) {
            sink.post(
                new Event.LocalMeasured(
                    volume, token, drive.data().sizeBytes(), drive.metadata().sizeBytes()));
          }
        });
  }

  /// Whether nothing is in flight: what the drive has now it has until the next request.
  boolean isIdle() {
    return inFlight.isEmpty();
  }

  /// What writes and discards in flight are about.
  List<Extent> changing() {
    List<Extent> extents = new ArrayList<>();
    for (Effect.OfDisk effect : inFlight.values()) {
      if (effect instanceof Effect.WriteLocal write) {
        extents.add(new Extent(write.sector(), write.payload().lengthBytes()));
      } else if (effect instanceof Effect.DiscardLocal discard) {
        extents.add(discard.extent());
      }
    }
    return extents;
  }

  private record Marks(long data, long metadata) {}

  private void finishLater(long request, Marks marks) {
    long delay = drive.health().latencyNanos(random);
    long at = Math.max(simulation.nowNanos(), drive.health().stalledUntilNanos()) + delay;
    simulation.at(
        at,
        () -> {
          if (!inFlight.containsKey(request)) {
            return;
          }
          if (drive.health().stalledUntilNanos() > simulation.nowNanos()) {
            finishLater(request, marks);
            return;
          }
          Effect.OfDisk effect = inFlight.remove(request);
          if (effect != null) {
            sink.post(finish(effect, marks));
          }
        });
  }

  private Event finish(Effect.OfDisk effect, Marks marks) {
    return switch (effect) {
      case Effect.ReadLocal read -> {
        if (fails(SimDrive.Failing.READS)) {
          yield failed(read.token());
        }
        byte[] bytes =
            drive.data().read(read.extent().offsetBytes(), (int) read.extent().sizeBytes());
        yield new Event.LocalReadDone(volume, read.token(), Payload.of(bytes));
      }
      case Effect.WriteLocal write -> {
        if (fails(SimDrive.Failing.WRITES)) {
          applyPart(write);
          yield failed(write.token());
        }
        write(write);
        yield done(write.token());
      }
      case Effect.DiscardLocal discard -> {
        if (fails(SimDrive.Failing.WRITES)) {
          yield failed(discard.token());
        }
        drive.data().zero(discard.extent().offsetBytes(), discard.extent().sizeBytes());
        yield done(discard.token());
      }
      case Effect.FlushLocal flush -> {
        if (fails(SimDrive.Failing.WRITES)) {
          yield failed(flush.token());
        }
        if (!drive.health().flushLies()) {
          drive.data().flush(marks.data);
          drive.metadata().flush(marks.metadata);
        }
        yield done(flush.token());
      }
      case Effect.WriteMetadata write -> {
        if (fails(SimDrive.Failing.METADATA)) {
          yield failed(write.token());
        }
        for (Effect.Region region : write.regions()) {
          writeRegion(region, write.durable());
        }
        yield done(write.token());
      }
      case Effect.MeasureDisk _, Effect.CloseDisk _ ->
          throw new IllegalArgumentException(effect + " is not answered here");
    };
  }

  private boolean fails(SimDrive.Failing kind) {
    return drive.health().fails(kind);
  }

  private Event done(long token) {
    return new Event.LocalDone(volume, token);
  }

  private Event failed(long token) {
    return new Event.LocalFailed(volume, token, "the drive fails");
  }

  private void write(Effect.WriteLocal write) {
    Payload payload = write.payload();
    boolean durable = write.fua() && !drive.health().flushLies();
    drive
        .data()
        .write(
            write.sector() * SECTOR_BYTES,
            payload.array(),
            payload.arrayOffset(),
            payload.lengthBytes(),
            durable);
  }

  private void writeRegion(Effect.Region region, boolean durable) {
    if (region.offsetBytes() % SimStore.BLOCK_BYTES != 0
        || region.bytes().length % SimStore.BLOCK_BYTES != 0) {
      throw new IllegalArgumentException("metadata region at " + region.offsetBytes());
    }
    boolean stable = durable && !drive.health().flushLies();
    drive.metadata().write(region.offsetBytes(), region.bytes(), 0, region.bytes().length, stable);
  }

  /// The node is gone: what was in flight happened in part, and nothing is answered any more.
  public void abandon() {
    isClosed = true;
    List<Effect.OfDisk> unfinished = new ArrayList<>(inFlight.values());
    inFlight.clear();
    for (Effect.OfDisk effect : unfinished) {
      switch (effect) {
        case Effect.WriteLocal write -> applyPart(write);
        case Effect.DiscardLocal discard -> {
          if (random.nextBoolean()) {
            drive.data().zero(discard.extent().offsetBytes(), discard.extent().sizeBytes());
          }
        }
        case Effect.WriteMetadata write -> applyPart(write);
        case Effect.ReadLocal _, Effect.FlushLocal _, Effect.MeasureDisk _, Effect.CloseDisk _ -> {}
      }
    }
  }

  /// Some of the 4 KiB blocks of a write reach the volatile cache.
  private void applyPart(Effect.WriteLocal write) {
    Payload payload = write.payload();
    long offset = write.sector() * SECTOR_BYTES;
    for (int done = 0; done < payload.lengthBytes(); ) {
      int within = (int) ((offset + done) % SimStore.BLOCK_BYTES);
      int part = Math.min(SimStore.BLOCK_BYTES - within, payload.lengthBytes() - done);
      if (random.nextBoolean()) {
        drive
            .data()
            .write(offset + done, payload.array(), payload.arrayOffset() + done, part, false);
      }
      done += part;
    }
  }

  /// The first regions reach the volatile cache; which of their sectors survive a power cut is
  /// decided there.
  private void applyPart(Effect.WriteMetadata write) {
    int regions = random.nextInt(write.regions().size() + 1);
    for (Effect.Region region : write.regions().subList(0, regions)) {
      writeRegion(region, false);
    }
  }

  public boolean isClosed() {
    return isClosed;
  }

  /// Requests that are not answered yet.
  public int inFlight() {
    return inFlight.size();
  }
}
