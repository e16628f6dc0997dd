package org.twincore.drbd.engine.resync;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;

/// The blocks that differed in the first look of a verify, and how far the second one has come.
///
/// A page that its application changes while DRBD sends it arrives other than it is written here,
/// and is written again soon; what a verify sees between the two is no difference that stays. So
/// nothing is marked at once: when all was compared, and [#PAUSE_NANOS] later, the blocks that
/// differed are compared again.
///
/// ```
/// NONE -> WAITS (all was compared) -> ASKS (may it begin?) -> LOOKS -> NONE
///           ^--- the peer cannot yet ---'
/// ```
final class SecondLook {
  /// 256 MiB that differ. Whoever has more has no false alarms to look for: the rest is marked at
  /// the first look.
  static final int BLOCKS_MAX = 1 << 16;

  /// How long what was under way at the first look has to settle.
  static final long PAUSE_NANOS = 1_000_000_000L;

  private static final long AGAIN_NANOS = 100_000_000L;

  /// Twenty seconds; the peer has ended the first look long before.
  private static final int TRIES_MAX = 200;

  private final TreeMap<Long, Extent> suspects = new TreeMap<>();
  private final ArrayDeque<Extent> toAsk = new ArrayDeque<>();
  private Step step = Step.NONE;
  private long dueNanos;
  private int tries;
  private boolean wasNeeded;

  private enum Step {
    NONE,
    WAITS,
    ASKS,
    LOOKS
  }

  /// Forgets all of an earlier verify.
  void clear() {
    suspects.clear();
    toAsk.clear();
    step = Step.NONE;
    tries = 0;
    wasNeeded = false;
  }

  /// In this verify there was a second look.
  boolean wasNeeded() {
    return wasNeeded;
  }

  /// Differed in the first look; false if there are too many to look at them again.
  boolean add(Extent extent) {
    if (suspects.size() >= BLOCKS_MAX) {
      return false;
    }
    suspects.put(extent.sector(), extent);
    return true;
  }

  boolean isEmpty() {
    return suspects.isEmpty();
  }

  /// Blocks that were not looked at twice yet.
  int size() {
    return suspects.size();
  }

  /// Of the first block that was not looked at twice; Long.MAX_VALUE if there is none.
  long firstSector() {
    return suspects.isEmpty() ? Long.MAX_VALUE : suspects.firstKey();
  }

  /// All was compared once.
  void plan(long nowNanos) {
    step = Step.WAITS;
    dueNanos = nowNanos + PAUSE_NANOS;
  }

  long deadlineNanos() {
    return step == Step.WAITS ? dueNanos : Long.MAX_VALUE;
  }

  /// True once when it is time to ask the peer whether the second look may begin.
  boolean isDue(long nowNanos) {
    if (step != Step.WAITS || nowNanos < dueNanos) {
      return false;
    }
    step = Step.ASKS;
    return true;
  }

  boolean isAsking() {
    return step == Step.ASKS;
  }

  /// The peer is ready.
  void begin() {
    step = Step.LOOKS;
    wasNeeded = true;
    toAsk.addAll(suspects.values());
  }

  boolean isLooking() {
    return step == Step.LOOKS;
  }

  /// Not yet; false if that was said too often.
  boolean tryLater(long nowNanos) {
    step = Step.WAITS;
    dueNanos = nowNanos + AGAIN_NANOS;
    tries++;
    return tries < TRIES_MAX;
  }

  /// The next block to ask for, in ascending order.
  @Nullable Extent next() {
    return toAsk.poll();
  }

  /// There is one more to ask for.
  boolean hasNext() {
    return !toAsk.isEmpty();
  }

  /// It was looked at twice.
  void settle(Extent extent) {
    suspects.remove(extent.sector());
  }

  /// What could not be looked at twice; it is forgotten here.
  List<Extent> giveUp() {
    List<Extent> left = new ArrayList<>(suspects.values());
    clear();
    return left;
  }
}
