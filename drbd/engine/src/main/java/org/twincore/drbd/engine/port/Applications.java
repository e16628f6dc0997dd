package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Effect;

/// The applications' side of a resource: takes the answers to their requests.
public interface Applications {
  void carryOut(Effect.OfApplication effect);
}
