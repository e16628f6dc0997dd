package org.twincore.sim.recorded;

import java.nio.ByteBuffer;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Event.Access;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.check.Violation;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// The clients of one node: single hot blocks are written and read, a few requests at a time, and
/// each is recorded; beside them writes of any length that overlap in part, whose only claim is
/// that both disks end equal.
final class Clients {
  static final int BLOCK_BYTES = 4096;
  static final int HOT_BLOCKS = 6;
  private static final long SCRATCH_SECTOR = 64 * 8;
  private static final int SCRATCH_SECTORS = 256;
  private static final int LENGTH_SECTORS_MAX = 48;
  private static final long THINK_NANOS_MAX = 2 * Simulation.MILLISECOND;
  private static final long SULK_NANOS = Simulation.SECOND;

  private final SimNode node;
  private final Prng random;
  private final Answered answersAWrite;
  private final TreeMap<Long, Consumer<Effect.OfApplication>> waiting = new TreeMap<>();
  private @Nullable Recording recording;
  private boolean isDurable;
  private boolean isOpen;
  private int process;
  private int left;
  private long lastCookie;

  /// Hears of each answer to a write.
  @FunctionalInterface
  interface Answered {
    /// `node` has answered the one that began at `sector`.
    void write(SimNode node, long sector);
  }

  Clients(SimNode node, Prng random, Answered answersAWrite) {
    this.node = node;
    this.random = random;
    this.answersAWrite = answersAWrite;
  }

  /// Opens the device if the node lets us. Whether it is open.
  boolean open() {
    if (isOpen()) {
      return true;
    }
    boolean may =
        node.resource()
            .map(resource -> resource.mayOpen(0, Access.READ_WRITE).isSuccess())
            .orElse(false);
    if (may) {
      node.deliver(new Event.Opened(0, Access.READ_WRITE));
      isOpen = true;
      process = node.processNumber();
    }
    return may;
  }

  boolean isOpen() {
    return isOpen && node.isRunning() && node.processNumber() == process;
  }

  void close() {
    if (isOpen()) {
      node.deliver(new Event.Closed(0, Access.READ_WRITE));
    }
    isOpen = false;
  }

  /// The node has ended: nothing is answered any more.
  void ended() {
    isOpen = false;
    waiting.clear();
    left = 0;
  }

  /// Begins to ask, that many at a time; `durable` writes are FUA.
  void begin(Recording history, int requests, int depth, boolean durable) {
    recording = history;
    isDurable = durable;
    left = requests;
    for (int i = 0; i < depth; i++) {
      think(THINK_NANOS_MAX);
    }
  }

  /// What was written before is to survive any loss of power; [#isDone] says when it does.
  void flush() {
    ask(cookie -> new Event.AppFlush(0, cookie), _ -> {});
  }

  /// Asks nothing new.
  void stop() {
    left = 0;
  }

  boolean isDone() {
    return left == 0 && waiting.isEmpty();
  }

  private void think(long most) {
    int running = node.processNumber();
    node.simulation()
        .after(
            random.nextLong(most),
            () -> {
              if (running == node.processNumber()) {
                next();
              }
            });
  }

  private void next() {
    Recording history = recording;
    if (left == 0 || !isOpen() || history == null) {
      return;
    }
    left--;
    long block = random.nextInt(HOT_BLOCKS);
    switch (random.nextInt(20)) {
      case 0 -> ask(cookie -> new Event.AppFlush(0, cookie), _ -> {});
      case 1, 2 -> scratch(history);
      case 3, 4, 5, 6, 7, 8, 9, 10 -> write(history, block);
      default -> read(history, block);
    }
  }

  private void ask(LongFunction<Event> request, Consumer<Effect.OfApplication> answered) {
    long cookie = ++lastCookie;
    waiting.put(cookie, answered);
    node.deliver(request.apply(cookie));
  }

  private void write(Recording history, long block) {
    Recording.Told write = history.beginsWrite(node.id(), block);
    byte[] bytes = new byte[BLOCK_BYTES];
    ByteBuffer.wrap(bytes).putLong(write.value());
    boolean fua = isDurable || random.nextInt(8) == 0;
    ask(
        cookie -> new Event.AppWrite(0, cookie, block * 8, Payload.of(bytes), fua),
        answer -> {
          if (answer instanceof Effect.AppDone) {
            history.wrote(write);
            answersAWrite.write(node, block * 8);
          }
        });
  }

  private void read(Recording history, long block) {
    Recording.Told read = history.beginsRead(node.id(), block);
    ask(
        cookie -> new Event.AppRead(0, cookie, new Extent(block * 8, BLOCK_BYTES)),
        answer -> {
          if (answer instanceof Effect.AppReadDone done) {
            Payload data = done.payload();
            history.read(read, ByteBuffer.wrap(data.array(), data.arrayOffset(), 8).getLong());
          }
        });
  }

  private void scratch(Recording history) {
    int first = random.nextInt(SCRATCH_SECTORS);
    int count = random.nextInt(1, Math.min(LENGTH_SECTORS_MAX, SCRATCH_SECTORS - first) + 1);
    long sector = SCRATCH_SECTOR + first;
    byte[] bytes = new byte[count * 512];
    random.nextBytes(bytes);
    boolean discards = random.nextInt(5) == 0;
    ask(
        cookie ->
            discards
                ? new Event.AppDiscard(
                    0, cookie, new Extent(sector, bytes.length), Event.Discard.ZERO_OUT, false)
                : new Event.AppWrite(0, cookie, sector, Payload.of(bytes), isDurable),
        answer -> {
          if (answer instanceof Effect.AppDone) {
            history.wroteAnything(node.id(), sector);
            answersAWrite.write(node, sector);
          }
        });
  }

  void answered(Effect.OfApplication answer) {
    Consumer<Effect.OfApplication> waiter = waiting.remove(answer.cookie());
    if (waiter == null) {
      throw new Violation(
          "EachRequestAnsweredOnce", node.name() + " answers what was not asked: " + answer);
    }
    waiter.accept(answer);
    think(answer instanceof Effect.AppFailed ? SULK_NANOS : THINK_NANOS_MAX);
  }
}
