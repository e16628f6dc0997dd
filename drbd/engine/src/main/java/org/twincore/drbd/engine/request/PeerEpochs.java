package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.wire.Packet;

/// The peer's writes by epoch, over all volumes of one connection (drbd-wire section 8.4).
///
/// A closed epoch is acknowledged when all its writes are done and, with write ordering `flush`,
/// every disk that got one is flushed. Writes behind a barrier wait until then, unless the ordering
/// is `none`. Made anew for each connection, so what an old connection still has in flight
/// acknowledges nothing.
///
/// A disk that fails takes with it what it answered since its last flush. The peer hears of each
/// such write that it failed after all, and marks it, before its epoch is acknowledged
/// ([#tellLost]).
public final class PeerEpochs {
  /// `disk-flushes`, `disk-drain`, or neither.
  public enum Ordering {
    FLUSH,
    DRAIN,
    NONE
  }

  private final Turn turn;
  private final Ordering ordering;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final ArrayDeque<Epoch> closed = new ArrayDeque<>();
  private Epoch current = new Epoch();
  private boolean over;

  /// One epoch; handed to its writes.
  static final class Epoch {
    private int size;
    private int active;
    private int barrier;
    private boolean flushing;

    /// The disks that answered writes of this epoch, and which.
    private final Map<LocalDisk, List<Answered>> unflushed = new LinkedHashMap<>();

    private boolean hasLostWrites() {
      return unflushed.keySet().stream().anyMatch(LocalDisk::isLost);
    }

    private void tellLost() {
      unflushed.forEach((disk, writes) -> {
        if (disk.isLost()) {
          writes.forEach(Answered::lost);
        }
      });
      unflushed.keySet().removeIf(LocalDisk::isLost);
    }
  }

  /// A write that a disk answered and that is not known to be flushed. There may be thousands: one
  /// must not hold the write's data.
  interface Answered {
    /// The flush of its disk failed.
    void flushFailed(String cause);

    /// Its disk is gone, and it may be with it.
    void lost();
  }

  public PeerEpochs(Turn turn, Ordering ordering) {
    this.turn = turn;
    this.ordering = ordering;
  }

  private record Held(Runnable go, Runnable dropped) {}

  /// The connection is gone: nothing is sent any more, what is held is dropped.
  public void end() {
    over = true;
    List<Held> dropped = List.copyOf(held);
    held.clear();
    dropped.forEach(each -> each.dropped.run());
  }

  /// Writes and barriers that wait behind a barrier.
  public int heldCount() {
    return held.size();
  }

  /// Epochs open or not yet acknowledged, for the status.
  public int count() {
    return closed.size() + 1;
  }

  /// Runs `admitted` when the write may go to disk, with the epoch that counts it; whoever gets the
  /// epoch calls [#finished] once. It is dropped at once if its own arrival ended the connection.
  void arrive(Admitted admitted) {
    if (over) {
      admitted.dropped();
      return;
    }
    Runnable go =
        () -> {
          current.size++;
          current.active++;
          admitted.admitted(current);
        };
    runOrHold(new Held(go, admitted::dropped));
  }

  /// Runs `go` when every write before an earlier barrier is done; never if the connection goes
  /// first.
  public void order(Runnable go) {
    order(go, () -> {});
  }

  /// The same; `dropped` runs if the connection goes first, or is gone.
  void order(Runnable go, Runnable dropped) {
    if (over) {
      dropped.run();
    } else {
      runOrHold(new Held(go, dropped));
    }
  }

  /// A write that waits for its turn.
  interface Admitted {
    /// It may go on.
    void admitted(Epoch epoch);

    /// It will not: the connection is gone.
    void dropped();
  }

  private void runOrHold(Held next) {
    if (isHolding() || !held.isEmpty()) {
      held.add(next);
    } else {
      next.go.run();
    }
  }

  private boolean isHolding() {
    return ordering != Ordering.NONE && !closed.isEmpty();
  }

  /// P_BARRIER.
  public void barrier(int number) {
    runOrHold(new Held(() -> close(number), () -> {}));
  }

  private void close(int number) {
    current.barrier = number;
    if (current.size == 0) {
      return;
    }
    closed.add(current);
    current = new Epoch();
    advance();
  }

  /// `disk` answered a write of this epoch and must be flushed before the barrier is acknowledged.
  void written(Epoch epoch, LocalDisk disk, Answered write) {
    if (ordering == Ordering.FLUSH) {
      epoch.unflushed.computeIfAbsent(disk, _ -> new ArrayList<>()).add(write);
    }
  }

  /// At the end of each step: tells the peer what was lost with a disk. P_NEG_ACK goes the same way
  /// as P_BARRIER_ACK, and comes first.
  public void tellLost() {
    boolean isLost = current.hasLostWrites() || closed.stream().anyMatch(Epoch::hasLostWrites);
    if (isLost && !over) {
      closed.forEach(Epoch::tellLost);
      current.tellLost();
      Epoch first = closed.peekFirst();
      if (first != null && first.flushing && first.unflushed.isEmpty()) {
        acknowledge(first);
      } else {
        advance();
      }
    }
  }

  /// A write of this epoch is done, one way or the other.
  void finished(Epoch epoch) {
    epoch.active--;
    advance();
  }

  /// A write of this epoch is done and was not written: the sender does not count it either.
  void discarded(Epoch epoch) {
    epoch.size--;
    finished(epoch);
  }

  private void advance() {
    Epoch first = closed.peekFirst();
    if (first == null || first.active > 0 || first.flushing || over || first.hasLostWrites()) {
      return;
    }
    first.flushing = true;
    // One that was detached in good order has flushed all.
    first.unflushed.keySet().removeIf(LocalDisk::isReleased);
    if (first.unflushed.isEmpty()) {
      acknowledge(first);
      return;
    }
    first.unflushed.forEach((disk, writes) -> flush(first, disk, writes.getFirst()));
  }

  private void flush(Epoch epoch, LocalDisk disk, Answered one) {
    disk.flush((error, _) -> {
      if (error == null) {
        flushed(epoch, disk);
      } else {
        one.flushFailed(error);
      }
    });
  }

  private void flushed(Epoch epoch, LocalDisk disk) {
    if (!disk.isLost() && epoch.unflushed.remove(disk) != null) {
      if (epoch.unflushed.isEmpty() && !over) {
        acknowledge(epoch);
      }
    }
  }

  private void acknowledge(Epoch epoch) {
    closed.removeFirst();
    if (epoch.size > 0) {
      turn.send(0, new Packet.BarrierAck(epoch.barrier, epoch.size));
    }
    while (!held.isEmpty() && !isHolding()) {
      held.removeFirst().go.run();
    }
    advance();
  }
}
