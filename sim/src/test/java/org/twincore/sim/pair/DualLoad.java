package org.twincore.sim.pair;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.testkit.Prng;
import org.twincore.testkit.RegisterHistory;

/// Clients of one node among those of both: single blocks of a few are read and written, and every
/// request told to a history.
final class DualLoad {
  private static final int HOT_BLOCKS = 6;

  /// What the loads of both nodes share.
  static final class Shared {
    private final List<Told> told = new ArrayList<>();
    private long moment;
    private long lastValue;
    private int failed;

    /// Requests that were answered with an error.
    int failed() {
      return failed;
    }

    private long moment() {
      moment++;
      return moment;
    }

    RegisterHistory history() {
      RegisterHistory history = new RegisterHistory();
      for (Told each : told) {
        if (each.writes) {
          history.wrote(each.block, each.value, each.from, each.to);
        }
      }
      for (Told each : told) {
        if (!each.writes && each.to != RegisterHistory.NEVER) {
          history.read(each.block, each.value, each.from, each.to);
        }
      }
      return history;
    }
  }

  /// One request; `value` of a read is known at its end.
  private static final class Told {
    final boolean writes;
    final long block;
    final long from;
    long value;
    long to = RegisterHistory.NEVER;

    Told(boolean writes, long block, long from) {
      this.writes = writes;
      this.block = block;
      this.from = from;
    }
  }

  private final Pair pair;
  private final int node;
  private final Shared shared;
  private final Prng random;
  private int left;
  private int inFlight;
  private boolean pastTheGates;

  DualLoad(Pair pair, int node, Shared shared, Prng random, int requests, int depth) {
    this.pair = pair;
    this.node = node;
    this.shared = shared;
    this.random = random;
    this.left = requests;
    for (int i = 0; i < depth; i++) {
      next();
    }
  }

  private void next() {
    if (left == 0) {
      return;
    }
    left--;
    inFlight++;
    long block = random.nextInt(HOT_BLOCKS);
    switch (random.nextInt(20)) {
      case 0 -> flush();
      case 1, 2, 3, 4, 5, 6, 7, 8, 9 -> write(block);
      default -> read(block);
    }
  }

  private void flush() {
    long cookie = pair.startFlush(node, 0);
    pair.whenAnswered(cookie, this::ended);
  }

  private void write(long block) {
    Told write = tell(true, block);
    shared.lastValue++;
    write.value = shared.lastValue;
    byte[] bytes = new byte[Pair.BLOCK];
    ByteBuffer.wrap(bytes).putLong(write.value);
    boolean fua = random.nextInt(8) == 0;
    long cookie =
        pair.start(node, it -> new Event.AppWrite(0, it, block * 8, Payload.of(bytes), fua));
    pair.whenAnswered(
        cookie,
        () -> {
          if (pair.answer(cookie) instanceof Effect.AppDone) {
            write.to = shared.moment();
          } else {
            shared.failed++;
          }
          ended();
        });
  }

  /// From now on reads take what the own disk has, at once.
  void readPastTheGates() {
    pastTheGates = true;
  }

  private void read(long block) {
    Told read = tell(false, block);
    if (pastTheGates) {
      read.value = ByteBuffer.wrap(pair.nodes[node].drive(0).data().block(block)).getLong();
      read.to = shared.moment();
      pair.simulation.after(0, this::ended);
      return;
    }
    long cookie =
        pair.start(node, it -> new Event.AppRead(0, it, new Extent(block * 8, Pair.BLOCK)));
    pair.whenAnswered(
        cookie,
        () -> {
          if (pair.answer(cookie) instanceof Effect.AppReadDone done) {
            Payload data = done.payload();
            read.value = ByteBuffer.wrap(data.array(), data.arrayOffset(), 8).getLong();
            read.to = shared.moment();
          } else {
            shared.failed++;
          }
          ended();
        });
  }

  private Told tell(boolean writes, long block) {
    Told told = new Told(writes, block, shared.moment());
    shared.told.add(told);
    return told;
  }

  private void ended() {
    inFlight--;
    next();
  }

  boolean isDone() {
    return left == 0 && inFlight == 0;
  }
}
