package org.twincore.host.net;

import java.util.List;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;

/// Where a link puts what happened. A call returns after the events were applied, so that a change
/// of limits or a pause asked for by one packet holds for the next.
public interface PacketSink extends EventSink {
  /// Several events of one socket, in order.
  void postAll(List<Event> events);
}
