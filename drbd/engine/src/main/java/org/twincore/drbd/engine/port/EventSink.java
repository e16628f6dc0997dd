package org.twincore.drbd.engine.port;

import org.twincore.drbd.engine.exchange.Event;

/// Where ports put what happened; callable from any thread of the edge.
@FunctionalInterface
public interface EventSink {
  void post(Event event);
}
