package org.twincore.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What several clients wrote to single blocks and read from them, and whether the blocks can have
/// been registers.
///
/// Every write of a block has another value; a block begins as 0. Moments are numbers that grow
/// from event to event (not clock readings, which may be equal). A write whose answer never came,
/// or was an error, may take place at any time after its beginning, or never.
///
/// *Regular*: a read returns a value whose write had begun, and that was not replaced by another
/// write which lay wholly between that write and the read. *Linearizable*: all requests can be put
/// in one order that keeps what was answered before it before it, so that each read returns the
/// last value written. Since values are unique that can be decided from the zones of the values
/// (Gibbons and Korach, "Testing shared memories", 1997, section 4).
public final class RegisterHistory {
  /// The end of a request that was not answered.
  public static final long NEVER = Long.MAX_VALUE;

  private final TreeMap<Long, Block> blocks = new TreeMap<>();
  private long operations;

  private record Span(long from, long to) {}

  private static final class Value {
    final Span write;
    final List<Span> reads = new ArrayList<>();

    Value(Span write) {
      this.write = write;
    }
  }

  private static final class Block {
    final Map<Long, Value> values = new HashMap<>();
    final List<String> wrong = new ArrayList<>();

    Block() {
      values.put(0L, new Value(new Span(Long.MIN_VALUE, Long.MIN_VALUE)));
    }
  }

  private record Zone(long value, long from, long to) {}

  /// `to` is [#NEVER] if it was not answered, or with an error. To be told before its reads.
  public void wrote(long block, long value, long from, long to) {
    operations++;
    Block its = blocks.computeIfAbsent(block, _ -> new Block());
    if (its.values.putIfAbsent(value, new Value(new Span(from, to))) != null) {
      throw new IllegalArgumentException("value " + value + " was written twice");
    }
  }

  /// A read that was answered.
  public void read(long block, long value, long from, long to) {
    operations++;
    Block its = blocks.computeIfAbsent(block, _ -> new Block());
    Value found = its.values.get(value);
    if (found == null) {
      its.wrong.add("block %d read as %d, which nobody wrote".formatted(block, value));
    } else {
      found.reads.add(new Span(from, to));
    }
  }

  /// Writes and reads told.
  public long operations() {
    return operations;
  }

  /// What shows that some block was no regular register.
  public Optional<String> irregularity() {
    for (Map.Entry<Long, Block> each : blocks.entrySet()) {
      Optional<String> found = irregularity(each.getKey(), each.getValue());
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> irregularity(long number, Block block) {
    if (!block.wrong.isEmpty()) {
      return Optional.of(block.wrong.getFirst());
    }
    TreeMap<Long, Long> latestBegin = latestBeginByEnd(block);
    for (Map.Entry<Long, Value> each : block.values.entrySet()) {
      Span write = each.getValue().write;
      for (Span read : each.getValue().reads) {
        if (read.to < write.from) {
          return Optional.of("block %d read as %d before that".formatted(number, each.getKey()));
        }
        Map.Entry<Long, Long> over = latestBegin.lowerEntry(read.from);
        if (over != null && over.getValue() > write.to) {
          return Optional.of(
              "block %d read as %d at %d..%d, replaced by a write of %d at the latest"
                  .formatted(number, each.getKey(), read.from, read.to, over.getKey()));
        }
      }
    }
    return Optional.empty();
  }

  /// For each end of a write, when the latest of those began that had ended by then.
  private static TreeMap<Long, Long> latestBeginByEnd(Block block) {
    TreeMap<Long, Long> begins = new TreeMap<>();
    block.values.values().forEach(it -> begins.merge(it.write.to, it.write.from, Math::max));
    long latest = Long.MIN_VALUE;
    for (Map.Entry<Long, Long> each : begins.entrySet()) {
      latest = Math.max(latest, each.getValue());
      each.setValue(latest);
    }
    return begins;
  }

  /// What shows that some block was no linearizable register.
  public Optional<String> nonlinearity() {
    for (Map.Entry<Long, Block> each : blocks.entrySet()) {
      Optional<String> found = irregularity(each.getKey(), each.getValue());
      if (found.isEmpty()) {
        found = nonlinearity(each.getKey(), each.getValue());
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /// A value's zone reaches from its first end to its last beginning: somewhere in there it held,
  /// and where that runs forward it held all the time.
  private static Optional<String> nonlinearity(long number, Block block) {
    TreeMap<Long, Zone> forward = new TreeMap<>();
    List<Zone> backward = new ArrayList<>();
    for (Map.Entry<Long, Value> each : block.values.entrySet()) {
      Value value = each.getValue();
      long firstEnd = value.write.to;
      long lastBegin = value.write.from;
      for (Span read : value.reads) {
        firstEnd = Math.min(firstEnd, read.to);
        lastBegin = Math.max(lastBegin, read.from);
      }
      if (firstEnd < lastBegin) {
        Zone clash = forward.put(firstEnd, new Zone(each.getKey(), firstEnd, lastBegin));
        if (clash != null) {
          return Optional.of(clash(number, clash, forward.get(firstEnd)));
        }
      } else if (firstEnd != NEVER) {
        backward.add(new Zone(each.getKey(), lastBegin, firstEnd));
      }
    }
    return clash(number, forward, backward);
  }

  private static Optional<String> clash(
      long number, TreeMap<Long, Zone> forward, List<Zone> backward) {
    Zone before = null;
    for (Zone zone : forward.values()) {
      if (before != null && zone.from < before.to) {
        return Optional.of(clash(number, before, zone));
      }
      before = zone;
    }
    for (Zone zone : backward) {
      Map.Entry<Long, Zone> around = forward.lowerEntry(zone.from);
      if (around != null && zone.to < around.getValue().to) {
        return Optional.of(clash(number, around.getValue(), zone));
      }
    }
    return Optional.empty();
  }

  private static String clash(long block, Zone one, Zone other) {
    return "block %d: %d held from %d to %d, and %d within %d to %d"
        .formatted(block, one.value, one.from, one.to, other.value, other.from, other.to);
  }
}
