package org.twincore.sim.world;

import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;

/// Sees everything that goes into and comes out of the nodes; changes nothing.
public interface NodeWatcher {
  /// `event` is about to be applied.
  default void event(SimNode node, Event event) {}

  /// The node's resource wants this; it is about to be carried out.
  default void effect(SimNode node, Effect effect) {}

  /// The step is over and its effects are on their way.
  default void stepped(SimNode node) {}

  /// The node's process has just ended, its drives show what is left.
  default void down(SimNode node, SimNode.Ending ending) {}
}
