package org.twincore.sim.pair;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// The first packet of such a kind that the peer sends stays on its way, with all behind it.
final class Late implements Tamper {
  private final Class<? extends Packet> kind;
  final List<Event> kept = new ArrayList<>();
  private long socket;

  Late(Class<? extends Packet> kind) {
    this.kind = kind;
  }

  @Override
  public List<Event> event(SimNode node, Event event) {
    if (!(event instanceof Event.PacketArrived arrived)) {
      return List.of(event);
    }
    boolean isFirst = kept.isEmpty() && kind.isInstance(arrived.packet());
    if (isFirst) {
      socket = arrived.socket();
    }
    boolean isLate = isFirst || (!kept.isEmpty() && arrived.socket() == socket);
    if (isLate) {
      kept.add(event);
    }
    return isLate ? List.of() : List.of(event);
  }

  void arrivesAt(SimNode node) {
    node.tamper(Tamper.NONE);
    kept.forEach(node::deliver);
  }
}
