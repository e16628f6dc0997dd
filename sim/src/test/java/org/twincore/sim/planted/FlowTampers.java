package org.twincore.sim.planted;

import java.util.List;
import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges at which what a balanced volume reads does not arrive as it was read.
final class FlowTampers {
  private FlowTampers() {}

  /// What the peer reads is what was there when it was read for the first time.
  static Tamper readsOldCopies() {
    return new Tamper() {
      private final TreeMap<Long, Payload> first = new TreeMap<>();

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (!(event instanceof Event.PacketArrived arrived)
            || !(arrived.packet() instanceof Packet.Data reply)
            || reply.type() != PacketType.DATA_REPLY
            || arrived.payload() == null) {
          return List.of(event);
        }
        long place = reply.sector() * 8 + arrived.volume();
        Payload known = first.putIfAbsent(place, arrived.payload());
        return known == null || known.lengthBytes() != arrived.payload().lengthBytes()
            ? List.of(event)
            : List.of(
                new Event.PacketArrived(
                    arrived.socket(), arrived.framing(), arrived.volume(), reply, known));
      }
    };
  }
}
