package org.twincore.drbd.engine.exchange;

import java.util.ArrayList;
import java.util.List;

/// Where a step puts its effects, in order. Reused from step to step by its owner.
public final class Effects {
  private final List<Effect> list = new ArrayList<>();

  public void add(Effect effect) {
    list.add(effect);
  }

  public boolean isEmpty() {
    return list.isEmpty();
  }

  /// All effects so far, oldest first, and forgets them.
  public List<Effect> drain() {
    List<Effect> drained = List.copyOf(list);
    list.clear();
    return drained;
  }
}
