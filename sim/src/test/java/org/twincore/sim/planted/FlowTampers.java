package org.twincore.sim.planted;

import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges at which what is read for the peer, or compared with what it read, does not arrive as it
/// was read.
final class FlowTampers {
  private static final int BLOCK_BYTES = 4096;

  private FlowTampers() {}

  /// The source of a resync by checksums finds each block of the target equal to its own.
  static Tamper findsChecksumsEqual() {
    return new Tamper() {
      @Override
      public List<Event> event(SimNode node, Event event) {
        if (!(event instanceof Event.PacketArrived arrived)
            || !(arrived.packet() instanceof Packet.BlockRequest request)
            || request.type() != PacketType.CSUM_RS_REQUEST
            || arrived.payload() == null) {
          return List.of(event);
        }
        byte[] own = new byte[request.sizeBytes()];
        for (int from = 0; from < own.length; from += BLOCK_BYTES) {
          byte[] block =
              node.drive(arrived.volume()).data().block(request.sector() / 8 + from / BLOCK_BYTES);
          System.arraycopy(block, 0, own, from, Math.min(BLOCK_BYTES, own.length - from));
        }
        int hashBytes = arrived.payload().lengthBytes();
        DigestAlgorithm algorithm =
            Arrays.stream(DigestAlgorithm.values())
                .filter(it -> it.sizeBytes() == hashBytes)
                .findFirst()
                .orElseThrow();
        return List.of(
            new Event.PacketArrived(
                arrived.socket(),
                arrived.framing(),
                arrived.volume(),
                request,
                Payload.of(algorithm.digest(Payload.of(own)))));
      }
    };
  }

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
