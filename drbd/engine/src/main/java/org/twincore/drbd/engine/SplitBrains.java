package org.twincore.drbd.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.SplitForecast;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.engine.state.SyncHandshake.Step;
import org.twincore.drbd.engine.state.UuidCompare;
import org.twincore.drbd.meta.SyncBitmap;

/// What is kept of a split brain for `drbdadm split-brain`; nothing is decided by it.
final class SplitBrains {
  private SplitBrains() {}

  /// What is known after a meeting: another split brain, none any more, or, where the nodes were
  /// kept apart by something else, what was known before.
  static @Nullable SplitBrain after(
      @Nullable SplitBrain known,
      SyncHandshake.Meeting meeting,
      SyncHandshake.Decision decision,
      long nowNanos) {
    List<Step> steps = decision.trace().steps();
    boolean isSplit =
        steps.contains(Step.SPLIT_BRAIN_UNRESOLVED)
            || steps.contains(Step.SPLIT_BRAIN_SOLVED_BY_POLICY)
            || steps.contains(Step.SPLIT_BRAIN_SOLVED_BY_ADMIN);
    boolean isApart = decision instanceof SyncHandshake.Refuse;
    if (!isSplit) {
      return isApart ? known : null;
    }
    UuidCompare.Comparison comparison = decision.trace().comparison();
    return new SplitBrain(
        nowNanos,
        decision.trace().text(),
        isApart,
        comparison.verdict() == UuidCompare.Verdict.SPLIT_BRAIN_HISTORY,
        new SplitBrain.Side(comparison.self(), meeting.question().self().role(), meeting.ownBits()),
        new SplitBrain.Side(
            comparison.peer(), meeting.question().peer().role(), meeting.peerBits()),
        SplitForecast.of(meeting, comparison));
  }

  /// What this node has marked, the lowest `max` ranges of it.
  static List<SplitBrain.Range> changed(Device device, int max) {
    List<SplitBrain.Range> ranges = new ArrayList<>();
    if (!device.hasUsableDisk()) {
      return ranges;
    }
    SyncBitmap bitmap = device.disk().bitmap();
    long from = bitmap.nextSet(0);
    while (from >= 0 && ranges.size() < max) {
      long clear = bitmap.nextClear(from);
      long end = clear < 0 ? bitmap.sizeBits() : clear;
      ranges.add(new SplitBrain.Range(from, end - from));
      from = end < bitmap.sizeBits() ? bitmap.nextSet(end) : -1;
    }
    return ranges;
  }
}
