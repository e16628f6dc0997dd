package org.twincore.sim.planted;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges that do to two Primaries and to fencing what must not be done.
final class RecordedTampers {
  private static final int STONITHED = 7;

  private RecordedTampers() {}

  /// A write of the peer that meets an own one in flight is acked and not written.
  static Tamper keepsOwnOrder() {
    return new Tamper() {
      private final TreeMap<Long, Extent> inFlight = new TreeMap<>();
      private final List<Long> unwanted = new ArrayList<>();

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.AppWrite write) {
          inFlight.put(write.cookie(), new Extent(write.sector(), write.payload().lengthBytes()));
        }
        if (event instanceof Event.PacketArrived arrived
            && arrived.packet() instanceof Packet.Data data
            && data.type() == PacketType.DATA
            && arrived.payload() != null
            && inFlight.values().stream().anyMatch(own -> own.sector() == data.sector())) {
          unwanted.add(begin(arrived.payload()));
        }
        return List.of(event);
      }

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.OfApplication answer) {
          inFlight.remove(answer.cookie());
        }
        if (effect instanceof Effect.WriteLocal write && unwanted.remove(begin(write.payload()))) {
          node.simulation().after(0, () -> node.deliver(new Event.LocalDone(0, write.token())));
          return List.of();
        }
        return List.of(effect);
      }
    };
  }

  private static Long begin(Payload payload) {
    return ByteBuffer.wrap(payload.toByteArray()).getLong();
  }

  /// A read is answered with what the own disk had when it was asked, whatever was under way.
  static Tamper readsPastTheGates() {
    return new Tamper() {
      private final TreeMap<Long, byte[]> found = new TreeMap<>();

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.AppRead(int _, long cookie, Extent extent)) {
          found.put(cookie, node.drive(0).data().block(extent.sector() / 8).clone());
        }
        return List.of(event);
      }

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.AppReadDone(int volume, long cookie, Payload payload)) {
          byte[] old = found.remove(cookie);
          if (old != null && old.length == payload.lengthBytes()) {
            return List.of(new Effect.AppReadDone(volume, cookie, Payload.of(old)));
          }
        }
        return List.of(effect);
      }
    };
  }

  /// I/O goes on without the fence: nobody is asked, and the peer counts as without power.
  static Tamper fencesNobody() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.CallHandler(int _, String name, long token)
            && name.equals("fence-peer")) {
          node.simulation().after(0, () -> node.deliver(new Event.HandlerDone(token, STONITHED)));
          return List.of();
        }
        return List.of(effect);
      }
    };
  }
}
