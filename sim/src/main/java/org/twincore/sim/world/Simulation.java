package org.twincore.sim.world;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/// Virtual time: one queue of actions ordered by time, then by when they were put in.
///
/// Nothing here waits. Times are in nanoseconds since the start of the run.
public final class Simulation {
  public static final long MICROSECOND = 1_000;
  public static final long MILLISECOND = 1_000_000;
  public static final long SECOND = 1_000_000_000;

  /// More actions than this without time going on is an endless loop.
  private static final int ACTIONS_AT_ONCE_MAX = 200_000;

  private final Trace trace;
  private final PriorityQueue<Scheduled> queue =
      new PriorityQueue<>(
          Comparator.comparingLong(Scheduled::atNanos).thenComparingLong(Scheduled::sequence));
  private long nowNanos;
  private long sequence;
  private long actions;
  private int actionsAtOnce;

  private record Scheduled(long atNanos, long sequence, Runnable action) {}

  public Simulation(Trace trace) {
    this.trace = trace;
    trace.clock(this::nowNanos);
  }

  public Trace trace() {
    return trace;
  }

  public long nowNanos() {
    return nowNanos;
  }

  /// Actions run so far.
  public long actions() {
    return actions;
  }

  /// Runs `action` when `delayNanos` have passed; with 0 after everything that is due now.
  public void after(long delayNanos, Runnable action) {
    at(nowNanos + Math.max(0, delayNanos), action);
  }

  /// Runs `action` at `atNanos`, or now if that has passed.
  public void at(long atNanos, Runnable action) {
    queue.add(new Scheduled(Math.max(atNanos, nowNanos), sequence++, action));
  }

  /// Runs everything that is due up to and including `untilNanos`, which is then the time.
  public void runUntil(long untilNanos) {
    runUntil(untilNanos, () -> false);
  }

  /// As above, but stops right after an action that makes `done` true. Whether it did.
  public boolean runUntil(long untilNanos, BooleanSupplier done) {
    if (done.getAsBoolean()) {
      return true;
    }
    while (true) {
      Scheduled next = queue.peek();
      if (next == null || next.atNanos > untilNanos) {
        nowNanos = Math.max(nowNanos, untilNanos);
        return false;
      }
      queue.remove();
      run(next);
      if (done.getAsBoolean()) {
        return true;
      }
    }
  }

  private void run(Scheduled next) {
    actionsAtOnce = next.atNanos == nowNanos ? actionsAtOnce + 1 : 0;
    if (actionsAtOnce > ACTIONS_AT_ONCE_MAX) {
      throw new Stuck("more than " + ACTIONS_AT_ONCE_MAX + " actions at one moment");
    }
    nowNanos = next.atNanos;
    actions++;
    next.action.run();
  }

  /// The run goes on for ever without getting anywhere.
  public static final class Stuck extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public Stuck(String message) {
      super(message);
    }
  }
}
