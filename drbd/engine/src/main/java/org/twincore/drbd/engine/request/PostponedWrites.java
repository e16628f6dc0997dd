package org.twincore.drbd.engine.request;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Peering;

/// Own writes that the peer wants again behind one of its own (P_RETRY_WRITE), which may still be
/// on its way here. They keep their place in the gates and their extents of the activity log.
final class PostponedWrites {
  private static final long TENTH_NANOS = 100_000_000L;

  private final Turn turn;
  private final Peering peering;
  private final ConflictGate conflicts;
  private final Set<WriteRequest> writes = new LinkedHashSet<>();

  PostponedWrites(Turn turn, Peering peering, ConflictGate conflicts) {
    this.turn = turn;
    this.peering = peering;
    this.conflicts = conflicts;
  }

  /// The own disk is done with it: from now on the peer's write may overtake it.
  void add(WriteRequest request) {
    if (request.place != null && writes.add(request)) {
      request.postponedNanos = turn.now();
      conflicts.postpone(request.place);
    }
  }

  /// It goes out again.
  void remove(WriteRequest request) {
    writes.remove(request);
    request.postponedNanos = null;
  }

  /// Hands out all of them, as writes that the peer has not answered.
  List<WriteRequest> takeAll() {
    List<WriteRequest> all = List.copyOf(writes);
    for (WriteRequest request : all) {
      remove(request);
      request.remote = Side.PENDING;
    }
    return all;
  }

  /// Sends again what has waited too long for a write that does not come.
  void tick() {
    if (turn.now() < deadlineNanos()) {
      return;
    }
    for (WriteRequest request : List.copyOf(writes)) {
      Long since = request.postponedNanos;
      if (since != null && request.place != null && turn.now() >= since + patienceNanos()) {
        request.postponedNanos = turn.now();
        conflicts.recall(request.place);
      }
    }
  }

  /// When [#tick] has something to do; Long.MAX_VALUE if never.
  long deadlineNanos() {
    long deadline = Long.MAX_VALUE;
    for (WriteRequest request : writes) {
      Long since = request.postponedNanos;
      if (since != null) {
        deadline = Math.min(deadline, since + patienceNanos());
      }
    }
    return deadline;
  }

  private long patienceNanos() {
    return peering.net().num(Option.PING_TIMEOUT) * TENTH_NANOS;
  }
}
