package org.twincore.sim.pair;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Keeps disk operations of a node back: their answers until they are given free, or the operations
/// themselves for good, as a disk does that a crash finds busy.
final class Withheld implements Tamper {
  private final Map<Integer, Predicate<Effect>> held = new TreeMap<>();
  private final Map<Integer, Predicate<Effect>> lost = new TreeMap<>();
  private final Map<Integer, Predicate<Effect>> failing = new TreeMap<>();
  private final Map<Integer, Said> said = new TreeMap<>();
  private final Map<Integer, PacketType> garbled = new TreeMap<>();
  private final Map<Integer, PacketType.Stream> deaf = new TreeMap<>();
  private final Map<Long, Event> waiting = new TreeMap<>();
  private final List<Long> tokens = new ArrayList<>();
  private int lostCount;

  private record Said(PacketType behind, Packet packet, @Nullable Payload payload) {}

  /// From now on operations of `node` that match take place, but are not answered.
  void hold(SimNode node, Predicate<Effect> which) {
    held.put(node.id(), which);
  }

  /// From now on operations of `node` that match never take place.
  void lose(SimNode node, Predicate<Effect> which) {
    lost.put(node.id(), which);
  }

  /// From now on operations of `node` that match never take place and are answered with an error.
  void fail(SimNode node, Predicate<Effect> which) {
    failing.put(node.id(), which);
  }

  /// Once: right behind the first packet of that type that `node` sends, volume 0 of the peer hears
  /// this one too.
  void say(SimNode node, PacketType behind, Packet packet, @Nullable Payload payload) {
    said.put(node.id(), new Said(behind, packet, payload));
  }

  /// Once: a bit of the first packet of that type that `node` sends falls over on its way, the last
  /// of its data.
  void garble(SimNode node, PacketType type) {
    garbled.put(node.id(), type);
  }

  /// Behind the next packet that `node` sends there, it takes nothing more off that stream.
  void deafen(SimNode node, PacketType.Stream stream) {
    deaf.put(node.id(), stream);
  }

  /// Whether what was to be said was said.
  boolean hasSaid(SimNode node) {
    return !said.containsKey(node.id());
  }

  /// How many operations were lost.
  int lostCount() {
    return lostCount;
  }

  /// Answers that are being held.
  int waiting() {
    return waiting.size();
  }

  /// Nothing is kept back any more; what was held is answered now.
  void release(SimNode node) {
    held.remove(node.id());
    lost.remove(node.id());
    failing.remove(node.id());
    List<Long> keys = waiting.keySet().stream().filter(key -> key % 2 == node.id()).toList();
    tokens.removeIf(key -> key % 2 == node.id());
    keys.forEach(key -> node.deliver(waiting.remove(key)));
  }

  static boolean isMetadata(Effect effect) {
    return effect instanceof Effect.WriteMetadata;
  }

  static boolean isWrite(Effect effect) {
    return effect instanceof Effect.WriteLocal;
  }

  static boolean isFlush(Effect effect) {
    return effect instanceof Effect.FlushLocal;
  }

  /// A write to that volume.
  static boolean isWriteTo(Effect effect, int volume) {
    return effect instanceof Effect.WriteLocal write && write.volume() == volume;
  }

  @Override
  public List<Effect> effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.Send send) {
      return sent(node, send);
    }
    Long token = token(effect);
    if (token == null) {
      return List.of(effect);
    }
    Predicate<Effect> loses = lost.get(node.id());
    if (loses != null && loses.test(effect)) {
      lostCount++;
      return List.of();
    }
    Predicate<Effect> fails = failing.get(node.id());
    if (fails != null && fails.test(effect) && effect instanceof Effect.OfDisk operation) {
      Event failed = new Event.LocalFailed(operation.volume(), token, "planted");
      node.simulation().after(0, () -> node.deliver(failed));
      return List.of();
    }
    Predicate<Effect> holds = held.get(node.id());
    if (holds != null && holds.test(effect)) {
      tokens.add(key(node, token));
    }
    return List.of(effect);
  }

  private List<Effect> sent(SimNode node, Effect.Send send) {
    if (deaf.remove(node.id(), send.packet().type().stream())) {
      return List.of(send, new Effect.PauseReading(send.socket()));
    }
    if (send.payload() != null && garbled.remove(node.id(), send.packet().type())) {
      byte[] bytes = send.payload().toByteArray();
      bytes[bytes.length - 1] ^= 1;
      return List.of(
          new Effect.Send(
              send.socket(),
              send.framing(),
              send.volume(),
              send.packet(),
              Payload.of(bytes),
              send.token()));
    }
    Said more = said.get(node.id());
    if (more == null || send.packet().type() != more.behind) {
      return List.of(send);
    }
    said.remove(node.id());
    return List.of(
        send, new Effect.Send(send.socket(), send.framing(), 0, more.packet, more.payload, 0));
  }

  @Override
  public List<Event> event(SimNode node, Event event) {
    Long token =
        switch (event) {
          case Event.LocalDone(int _, long answered) -> answered;
          case Event.LocalReadDone(int _, long answered, var _) -> answered;
          default -> null;
        };
    if (token == null || !tokens.remove((Long) key(node, token))) {
      return List.of(event);
    }
    waiting.put(key(node, token), event);
    return List.of();
  }

  private static long key(SimNode node, long token) {
    return token * 2 + node.id();
  }

  private static @Nullable Long token(Effect effect) {
    return switch (effect) {
      case Effect.ReadLocal read -> read.token();
      case Effect.WriteLocal write -> write.token();
      case Effect.DiscardLocal discard -> discard.token();
      case Effect.FlushLocal flush -> flush.token();
      case Effect.WriteMetadata write -> write.token();
      case Effect.MeasureDisk measure -> measure.token();
      default -> null;
    };
  }
}
