package org.twincore.sim.check;

import java.util.OptionalLong;
import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Which size each node last gave to each volume. What lies behind the smaller of the two is on no
/// device that both have.
final class DeviceSizes implements NodeWatcher {
  private final TreeMap<Integer, Long> sectors = new TreeMap<>();

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.SizeChanged(int volume, long size) && size > 0) {
      sectors.put(volume * 2 + node.id(), size);
    }
  }

  /// The smaller one, if both gave one.
  OptionalLong agreed(int volume) {
    Long first = sectors.get(volume * 2);
    Long second = sectors.get(volume * 2 + 1);
    return first == null || second == null
        ? OptionalLong.empty()
        : OptionalLong.of(Math.min(first, second));
  }
}
