package org.twincore.sim.world;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// What happened, as lines for people and as one number: two runs with the same hash took the same
/// course.
///
/// Lines of state changes, faults and commands are always kept (the last few hundred); details of
/// packets and disk requests only when somebody listens. Both go into the hash in any case.
public final class Trace {
  private static final long FNV_OFFSET = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;
  private static final int TAIL_LINES = 400;

  private final Consumer<String> listener;
  private final boolean withDetails;
  private final ArrayDeque<String> tail = new ArrayDeque<>();
  private LongSupplier clock = () -> 0;
  private long hash = FNV_OFFSET;
  private long lines;

  /// `listener` gets each line as it comes; `withDetails` asks for packets and disk requests too.
  public Trace(Consumer<String> listener, boolean withDetails) {
    this.listener = listener;
    this.withDetails = withDetails;
  }

  /// Keeps lines, shows none.
  public static Trace silent() {
    return new Trace(_ -> {}, false);
  }

  void clock(LongSupplier nowNanos) {
    clock = nowNanos;
  }

  /// Something people want to read.
  public void line(String text) {
    mix(clock.getAsLong());
    for (int i = 0; i < text.length(); i++) {
      mix(text.charAt(i));
    }
    keep(text);
  }

  /// Something of interest only when looking closely; `number` stands for it in the hash.
  public void detail(long number, Supplier<String> text) {
    mix(clock.getAsLong() * 31 + number);
    if (withDetails) {
      keep(text.get());
    }
  }

  private void keep(String text) {
    long micros = clock.getAsLong() / Simulation.MICROSECOND;
    String line = "%4d.%06d %s".formatted(micros / 1_000_000, micros % 1_000_000, text);
    lines++;
    tail.addLast(line);
    if (tail.size() > TAIL_LINES) {
      tail.removeFirst();
    }
    listener.accept(line);
  }

  /// FNV-1a, with 64 bits a step instead of 8.
  private void mix(long number) {
    hash = (hash ^ number) * FNV_PRIME;
    hash ^= hash >>> 29;
  }

  public long hash() {
    return hash;
  }

  public long lines() {
    return lines;
  }

  /// The last lines, oldest first.
  public List<String> tail() {
    return List.copyOf(tail);
  }
}
