package org.twincore.drbd.engine;

import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.StateWord;

/// The calls of handler programs that are under way (docs/handlers.md).
///
/// The engine knows neither the programs nor how long they take: a handler that nobody configured
/// ends at once with 0. What waits for a program is what the kernel lets wait.
final class HandlerCalls {
  private final Turn turn;
  private final TreeMap<Long, IntConsumer> waiting = new TreeMap<>();

  HandlerCalls(Turn turn) {
    this.turn = turn;
  }

  /// Nobody waits for its end.
  void tell(Volume volume, String handler) {
    turn.add(new Effect.CallHandler(volume.number(), handler, 0));
  }

  /// `then` gets the exit code, once. The world may be another one by then.
  void ask(Volume volume, String handler, IntConsumer then) {
    long token = turn.newToken();
    waiting.put(token, then);
    turn.add(new Effect.CallHandler(volume.number(), handler, token));
  }

  /// A program ended.
  void ended(Event.HandlerDone done) {
    IntConsumer then = waiting.remove(done.token());
    if (then != null) {
      then.accept(done.exitCode());
    }
  }

  /// After each change of a state: a Primary that has lost the last good data says so.
  void stateChanged(Volume volume, StateWord before, StateWord after) {
    if (isPrimaryWithoutData(after) && !isPrimaryWithoutData(before)) {
      tell(volume, "pri-on-incon-degr");
    }
  }

  private static boolean isPrimaryWithoutData(StateWord state) {
    return state.role() == Role.PRIMARY
        && state.disk().isBelow(DiskState.UP_TO_DATE)
        && state.pdsk().isBelow(DiskState.UP_TO_DATE);
  }
}
