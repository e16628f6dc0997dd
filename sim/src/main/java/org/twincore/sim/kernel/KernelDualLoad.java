package org.twincore.sim.kernel;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.RegisterHistory;

/// Applications at both of two Primaries that write and read the same single blocks, all of it
/// recorded; and in a region beside them write lengths that overlap in part, of which only equal
/// disks are asked.
///
/// What is answered after the connection was lost is of one side only: such a write may be there or
/// not when they have met again, and such a read is left out.
final class KernelDualLoad {
  private static final int HOT_BLOCKS = 6;
  private static final int BLOCK_SECTORS = KernelDisk.BLOCK_BYTES / Extent.SECTOR_BYTES;
  private static final long SCRATCH_SECTOR = 64 * BLOCK_SECTORS;
  private static final int SCRATCH_SECTORS = 96;
  private static final int LENGTH_SECTORS_MAX = 24;
  private static final long THINK_NANOS = 4 * Simulation.MILLISECOND;
  private static final int DEPTH = 3;

  private final KernelWorld world;
  private final TreeMap<Long, Consumer<Effect.OfApplication>> waiting = new TreeMap<>();
  private final List<Write> writes = new ArrayList<>();
  private final List<Read> reads = new ArrayList<>();
  private long lastCookie;
  private long lastValue;
  private long moment;
  private int openByTheirs;
  private int clients;

  private static final class Write {
    private final long block;
    private final long value;
    private final long from;
    private long to = RegisterHistory.NEVER;

    Write(long block, long value, long from) {
      this.block = block;
      this.value = value;
      this.from = from;
    }
  }

  private record Read(long block, long value, long from, long to) {}

  KernelDualLoad(KernelWorld world) {
    this.world = world;
    world.ours.applications(answer -> {
      Consumer<Effect.OfApplication> asked = waiting.remove(answer.cookie());
      if (asked != null) {
        asked.accept(answer);
      }
    });
  }

  /// Begins `count` requests at each node, a few at a time.
  void begin(int count) {
    for (int i = 0; i < DEPTH; i++) {
      clients += 2;
      int share = Math.ceilDiv(count, DEPTH);
      think(() -> ours(share));
      think(() -> theirs(share));
    }
  }

  boolean isIdle() {
    return clients == 0 && waiting.isEmpty() && openByTheirs == 0;
  }

  int answered() {
    return (int) writes.stream().filter(it -> it.to != RegisterHistory.NEVER).count();
  }

  private void think(Runnable next) {
    world.simulation.after(world.random.nextLong(THINK_NANOS), next);
  }

  private static Extent hot(long block) {
    return new Extent(block * BLOCK_SECTORS, KernelDisk.BLOCK_BYTES);
  }

  private Extent scratch() {
    int from = world.random.nextInt(SCRATCH_SECTORS);
    int length = world.random.nextInt(1, LENGTH_SECTORS_MAX);
    return new Extent(SCRATCH_SECTOR + from, (long) length * Extent.SECTOR_BYTES);
  }

  private static Payload filled(long value, Extent extent) {
    ByteBuffer bytes = ByteBuffer.allocate((int) extent.sizeBytes());
    while (bytes.hasRemaining()) {
      bytes.putLong(value);
    }
    return Payload.of(bytes.array());
  }

  private static long value(Payload payload) {
    ByteBuffer bytes = ByteBuffer.wrap(payload.toByteArray());
    long value = bytes.getLong();
    while (bytes.hasRemaining()) {
      if (bytes.getLong() != value) {
        throw new Misbehaved("a torn block is read: " + value);
      }
    }
    return value;
  }

  private Write beginWrite(long block) {
    Write write = new Write(block, ++lastValue, ++moment);
    writes.add(write);
    return write;
  }

  private void ended(Write write, boolean isTogether) {
    if (isTogether) {
      write.to = ++moment;
    }
  }

  // ---- our node

  private void ours(int left) {
    if (left == 0 || !world.isOurPrimary()) {
      clients--;
      return;
    }
    Runnable next = () -> think(() -> ours(left - 1));
    long block = world.random.nextInt(HOT_BLOCKS);
    switch (world.random.nextInt(20)) {
      case 0 -> ask(new Event.AppFlush(0, ++lastCookie), _ -> next.run());
      case 1, 2, 3 -> {
        Extent extent = scratch();
        Payload payload = filled(++lastValue, extent);
        ask(new Event.AppWrite(0, ++lastCookie, extent.sector(), payload, false), _ -> next.run());
      }
      case 4, 5, 6, 7, 8, 9, 10, 11, 12 -> {
        Write write = beginWrite(block);
        boolean fua = world.random.nextInt(8) == 0;
        ask(
            new Event.AppWrite(
                0, ++lastCookie, hot(block).sector(), filled(write.value, hot(block)), fua),
            answer -> {
              if (answer instanceof Effect.AppDone) {
                ended(write, isTogether(world.ourConn()));
              }
              next.run();
            });
      }
      default -> {
        long from = ++moment;
        ask(
            new Event.AppRead(0, ++lastCookie, hot(block)),
            answer -> {
              if (answer instanceof Effect.AppReadDone done && isTogether(world.ourConn())) {
                reads.add(new Read(block, value(done.payload()), from, ++moment));
              }
              next.run();
            });
      }
    }
  }

  private void ask(Event request, Consumer<Effect.OfApplication> answered) {
    waiting.put(lastCookie, answered);
    world.ours.deliver(request);
  }

  private static boolean isTogether(ConnectionState conn) {
    return conn == ConnectionState.CONNECTED;
  }

  // ---- theirs, which reads its disk without asking anybody

  private void theirs(int left) {
    if (left == 0 || !world.isTheirPrimary()) {
      clients--;
      return;
    }
    Runnable next = () -> think(() -> theirs(left - 1));
    long block = world.random.nextInt(HOT_BLOCKS);
    switch (world.random.nextInt(20)) {
      case 0, 1, 2 -> {
        Extent extent = scratch();
        write(extent, filled(++lastValue, extent), next, next);
      }
      case 3, 4, 5, 6, 7, 8, 9, 10, 11 -> {
        if (world.theirs.writer().isBusy(hot(block))) {
          next.run();
          return;
        }
        Write write = beginWrite(block);
        write(
            hot(block),
            filled(write.value, hot(block)),
            () -> {
              ended(write, isTogether(world.theirs.state().conn()));
              next.run();
            },
            next);
      }
      default -> {
        if (isTogether(world.theirs.state().conn())) {
          long value = value(world.theirDisk().read(hot(block)));
          reads.add(new Read(block, value, ++moment, ++moment));
        }
        next.run();
      }
    }
  }

  private void write(Extent extent, Payload payload, Runnable done, Runnable busy) {
    if (world.theirs.writer().isBusy(extent)) {
      busy.run();
      return;
    }
    openByTheirs++;
    world
        .theirs
        .writer()
        .write(
            extent.sector(),
            payload,
            _ -> {
              openByTheirs--;
              done.run();
            });
  }

  // ---- the record

  /// Both are together again, and equal.
  void met() {
    for (long block = 0; block < HOT_BLOCKS; block++) {
      reads.add(new Read(block, value(world.theirDisk().read(hot(block))), ++moment, ++moment));
    }
  }

  /// Fails unless each block was a regular register.
  void check() {
    RegisterHistory history = new RegisterHistory();
    writes.forEach(it -> history.wrote(it.block, it.value, it.from, it.to));
    reads.forEach(it -> history.read(it.block, it.value, it.from, it.to));
    history
        .irregularity()
        .ifPresent(found -> {
          throw new Misbehaved(found);
        });
  }
}
