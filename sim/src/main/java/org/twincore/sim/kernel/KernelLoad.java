package org.twincore.sim.kernel;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.Simulation;

/// What the applications of whichever node is Primary write and read.
final class KernelLoad {
  private static final int HOT_BLOCKS = 96;
  private static final int BLOCK_SECTORS = KernelDisk.BLOCK_BYTES / Extent.SECTOR_BYTES;
  private static final int WRITES_MAX = 24;
  private static final int BLOCKS_MAX = 9;
  private static final int READS_MAX = 8;
  private static final long BURST_NANOS = 300 * Simulation.MILLISECOND;

  /// A write without an answer yet.
  private record Open(int block, int count, int number) {}

  /// A read of one block, and how many writes to it had begun by then.
  private record OpenRead(int block, int begun) {}

  private final KernelWorld world;
  private final KernelHistory history = new KernelHistory(HOT_BLOCKS);
  private final TreeMap<Long, Open> ours = new TreeMap<>();
  private final TreeMap<Long, Open> theirs = new TreeMap<>();
  private final TreeMap<Long, OpenRead> oursRead = new TreeMap<>();
  private final TreeSet<Long> flushes = new TreeSet<>();
  private long lastCookie;
  private boolean isResting;

  KernelLoad(KernelWorld world) {
    this.world = world;
    world.ours.applications(this::answered);
  }

  KernelHistory history() {
    return history;
  }

  /// A few writes within a short time, some of several blocks, some discards, and a few reads.
  void burst() {
    boolean byOurs = world.isOurPrimary();
    if (!byOurs && !world.isTheirPrimary()) {
      return;
    }
    int writes = world.random.nextInt(1, WRITES_MAX);
    for (int i = 0; i < writes; i++) {
      int count = world.random.nextInt(4) == 0 ? world.random.nextInt(1, BLOCKS_MAX) : 1;
      int block = world.random.nextInt(HOT_BLOCKS - count + 1);
      boolean discards = world.random.nextInt(16) == 0;
      world.simulation.after(
          world.random.nextLong(BURST_NANOS), () -> write(block, count, discards));
    }
    for (int i = world.random.nextInt(READS_MAX); i > 0; i--) {
      int block = world.random.nextInt(HOT_BLOCKS);
      world.simulation.after(world.random.nextLong(BURST_NANOS), () -> read(block));
    }
    if (byOurs && world.random.nextBoolean()) {
      flushes.add(++lastCookie);
      world.ours.deliver(new Event.AppFlush(0, lastCookie));
    }
  }

  /// Nothing is written while they rest.
  void rest(boolean rests) {
    isResting = rests;
  }

  boolean isResting() {
    return isResting;
  }

  private void write(int block, int count, boolean discards) {
    if (isResting || !history.isFree(block, count)) {
      return;
    }
    Extent extent = extent(block, count);
    long cookie = ++lastCookie;
    if (world.isOurPrimary()) {
      int number = history.begin(block, count, discards);
      ours.put(cookie, new Open(block, count, number));
      world.ours.deliver(
          discards
              ? new Event.AppDiscard(0, cookie, extent, Event.Discard.ZERO_OUT_MAY_UNMAP, false)
              : new Event.AppWrite(
                  0,
                  cookie,
                  extent.sector(),
                  KernelHistory.payload(number, count),
                  world.random.nextInt(8) == 0));
    } else if (world.isTheirPrimary() && !world.theirs.writer().isBusy(extent)) {
      int number = history.begin(block, count, false);
      theirs.put(cookie, new Open(block, count, number));
      world
          .theirs
          .writer()
          .write(
              extent.sector(),
              KernelHistory.payload(number, count),
              isWritten -> {
                Open open = theirs.remove(cookie);
                if (isWritten) {
                  done(open);
                } else if (open != null) {
                  history.undecided(open.block, open.count);
                }
              });
    }
  }

  private void read(int block) {
    if (isResting || !history.isFree(block, 1)) {
      return;
    }
    OpenRead read = new OpenRead(block, history.begun(block));
    if (world.isOurPrimary()) {
      long cookie = ++lastCookie;
      oursRead.put(cookie, read);
      world.ours.deliver(new Event.AppRead(0, cookie, extent(block, 1)));
    } else if (world.isTheirPrimary()) {
      world.theirs.reader().read(extent(block, 1), found -> check(read, found));
    }
  }

  private void check(OpenRead read, Optional<Payload> found) {
    if (found.isPresent() && history.begun(read.block) == read.begun) {
      history.check(read.block, found.get().toByteArray());
    }
  }

  private static Extent extent(int block, int count) {
    return new Extent((long) block * BLOCK_SECTORS, (long) count * KernelDisk.BLOCK_BYTES);
  }

  private void answered(Effect.OfApplication answer) {
    flushes.remove(answer.cookie());
    OpenRead read = oursRead.remove(answer.cookie());
    if (read != null && answer instanceof Effect.AppReadDone done) {
      check(read, Optional.of(done.payload()));
    }
    Open write = ours.remove(answer.cookie());
    if (answer instanceof Effect.AppDone) {
      done(write);
    } else if (write != null) {
      history.undecided(write.block, write.count);
    }
  }

  private void done(@Nullable Open write) {
    if (write != null) {
      history.done(write.block, write.count, write.number);
    }
  }

  /// Our node is gone, and with it whoever waited for answers.
  void abandonOurs() {
    flushes.clear();
    oursRead.clear();
    abandon(ours);
  }

  void abandonTheirs() {
    abandon(theirs);
  }

  private void abandon(TreeMap<Long, Open> writes) {
    List.copyOf(writes.values()).forEach(it -> history.undecided(it.block, it.count));
    writes.clear();
  }

  /// Has every request been answered?
  boolean isIdle() {
    return history.isIdle() && flushes.isEmpty() && oursRead.isEmpty();
  }

  /// Fails unless a block of either disk holds what it may.
  void check(int block, byte[] content) {
    if (block < HOT_BLOCKS) {
      history.check(block, content);
    }
  }
}
