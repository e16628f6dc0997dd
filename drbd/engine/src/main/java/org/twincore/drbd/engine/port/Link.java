package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Effect;

/// The network between a resource and its peer: a listener, dials, and any number of sockets of
/// which the engine keeps two.
public interface Link {
  /// Starts one operation; never blocks. A send to a socket that is gone is dropped.
  void carryOut(Effect.OfLink effect);
}
