package org.twincore.sim.world;

import java.util.List;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;

/// A planted fault between a resource and its edges: proves that a checker can see such a fault.
public interface Tamper {
  /// What is applied in the place of `event`, in order.
  default List<Event> event(SimNode node, Event event) {
    return List.of(event);
  }

  /// What is carried out in the place of `effect`, in order.
  default List<Effect> effect(SimNode node, Effect effect) {
    return List.of(effect);
  }

  /// Changes nothing.
  Tamper NONE = new Tamper() {};
}
