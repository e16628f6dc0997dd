package org.twincore.sim.world;

import java.util.ArrayDeque;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.engine.port.UndoFile;
import org.twincore.drbd.meta.undo.UndoWriter;

/// Carries out a process's undo effects of one volume, in order: first into the cache, a moment
/// later onto the medium, then the answer.
final class SimUndoFile implements UndoFile {
  private static final long STEP_MIN_NANOS = 20 * Simulation.MICROSECOND;
  private static final long STEP_MAX_NANOS = Simulation.MILLISECOND;

  private final Simulation simulation;
  private final RandomGenerator random;
  private final String node;
  private final SimUndoStore store;
  private final EventSink sink;
  private final ArrayDeque<Effect.OfUndo> queue = new ArrayDeque<>();
  private boolean isWorking;
  private boolean isAbandoned;

  SimUndoFile(
      Simulation simulation,
      RandomGenerator random,
      String node,
      SimUndoStore store,
      EventSink sink) {
    this.simulation = simulation;
    this.random = random;
    this.node = node;
    this.store = store;
    this.sink = sink;
  }

  @Override
  public void carryOut(Effect.OfUndo effect) {
    queue.add(effect);
    if (!isWorking) {
      next();
    }
  }

  /// The node is gone: nothing more happens.
  void abandon() {
    isAbandoned = true;
    queue.clear();
  }

  private void next() {
    Effect.OfUndo effect = queue.poll();
    isWorking = effect != null;
    if (effect != null) {
      later(() -> write(effect));
    }
  }

  private void later(Runnable then) {
    simulation.after(
        random.nextLong(STEP_MIN_NANOS, STEP_MAX_NANOS),
        () -> {
          if (!isAbandoned) {
            then.run();
          }
        });
  }

  private void write(Effect.OfUndo effect) {
    @Nullable String error =
        switch (effect) {
          case Effect.BeginUndo begin -> {
            store.begin(begin.terms(), node, begin.volume());
            yield null;
          }
          case Effect.AppendUndo append -> {
            UndoWriter writer = store.writer();
            for (Effect.OldBlocks blocks : append.blocks()) {
              writer.blocks(blocks.extent(), blocks.data().toByteArray(), 0);
            }
            yield store.append(writer.bytes());
          }
          case Effect.EndUndo end ->
              store.append(store.writer().end(end.complete(), simulation.nowNanos()).bytes());
        };
    if (error == null) {
      later(() -> flush(effect));
    } else {
      answer(new Event.UndoFailed(effect.volume(), effect.token(), error));
    }
  }

  private void flush(Effect.OfUndo effect) {
    store.flush();
    answer(new Event.UndoDone(effect.volume(), effect.token()));
  }

  private void answer(Event event) {
    isWorking = false;
    sink.post(event);
    if (!isWorking && !isAbandoned) {
      next();
    }
  }
}
