package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Effect;

/// The node around a resource: admin answers, state publication, handlers, log.
public interface NodeServices {
  void carryOut(Effect.OfNode effect);
}
