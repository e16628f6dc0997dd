package org.twincore.sim.pair;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Everything that the two nodes of a pair send to each other.
final class Overheard implements NodeWatcher {
  private final Map<PacketType, List<Packet>> sent = new EnumMap<>(PacketType.class);
  private final List<Effect.Send> all = new ArrayList<>();

  static Overheard of(Pair pair) {
    Overheard overheard = new Overheard();
    pair.nodes[0].watch(overheard);
    pair.nodes[1].watch(overheard);
    return overheard;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.Send send) {
      all.add(send);
      sent.computeIfAbsent(send.packet().type(), _ -> new ArrayList<>()).add(send.packet());
    }
  }

  void forget() {
    sent.clear();
    all.clear();
  }

  List<Packet> of(PacketType type) {
    return sent.getOrDefault(type, List.of());
  }

  boolean has(PacketType type) {
    return sent.containsKey(type);
  }

  /// The largest figure among the packets of a type; 0 if there is none.
  long most(PacketType type, ToLongFunction<Packet> figure) {
    return of(type).stream().mapToLong(figure).max().orElse(0);
  }

  /// What came, after the features, with a header that `version` does not have for it.
  List<Effect.Send> withWrongHeader(int version) {
    return all.stream()
        .filter(send -> !isOfHandshake(send.packet().type()))
        .filter(send -> {
          int body = send.packet().type().bodyBytesMin() + send.packet().payloadBytes();
          return send.framing() != Framing.of(version, body);
        })
        .toList();
  }

  private static boolean isOfHandshake(PacketType type) {
    return type == PacketType.INITIAL_DATA
        || type == PacketType.INITIAL_META
        || type == PacketType.CONNECTION_FEATURES;
  }

  /// Types that `version` does not know.
  List<PacketType> tooNew(int version) {
    return sent.keySet().stream().filter(type -> type.versionMin() > version).toList();
  }
}
