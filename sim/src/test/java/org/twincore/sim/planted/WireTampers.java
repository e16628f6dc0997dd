package org.twincore.sim.planted;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Edges that change packets, and what applications are told.
final class WireTampers {
  private WireTampers() {}

  /// Packets that arrive are changed.
  static Tamper receives(UnaryOperator<Packet> change) {
    return new Tamper() {
      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event
            instanceof
            Event.PacketArrived(
                long socket,
                Framing framing,
                int volume,
                Packet packet,
                var data)) {
          return List.of(
              new Event.PacketArrived(socket, framing, volume, change.apply(packet), data));
        }
        return List.of(event);
      }
    };
  }

  /// Who hears of a new size takes it that the new area needs no copy.
  static Packet asClean(Packet packet) {
    return packet instanceof Packet.Sizes sizes
        ? new Packet.Sizes(
            sizes.diskSectors(),
            sizes.configuredSectors(),
            sizes.currentSectors(),
            sizes.maxBioBytes(),
            sizes.queueOrderType(),
            sizes.ddsFlags() | Packet.Sizes.NO_RESYNC,
            sizes.limits())
        : packet;
  }

  /// The hashes of a verify arrive as others.
  static Tamper garblesHashes() {
    return new Tamper() {
      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.PacketArrived arrived
            && arrived.packet().type() == PacketType.OV_REPLY
            && arrived.payload() != null) {
          byte[] hash = arrived.payload().toByteArray();
          hash[0] ^= 1;
          return List.of(
              new Event.PacketArrived(
                  arrived.socket(),
                  arrived.framing(),
                  arrived.volume(),
                  arrived.packet(),
                  Payload.of(hash)));
        }
        return List.of(event);
      }
    };
  }

  /// A write is answered as soon as it is sent; its real answer is swallowed.
  static Tamper answersBeforeWriting() {
    return new Tamper() {
      private final TreeSet<Long> answered = new TreeSet<>();
      private final List<Effect> due = new ArrayList<>();

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.AppWrite write) {
          answered.add(write.cookie());
          due.add(new Effect.AppDone(write.volume(), write.cookie()));
        }
        return List.of(event);
      }

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.OfApplication answer && answered.remove(answer.cookie())) {
          return List.of();
        }
        List<Effect> all = new ArrayList<>(due);
        due.clear();
        all.add(effect);
        return all;
      }
    };
  }

  /// While I/O is frozen, writes are answered and forgotten.
  static Tamper forgetsFrozenWrites() {
    return new Tamper() {
      private final List<Effect> due = new ArrayList<>();

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.AppWrite write
            && DiskTampers.state(node, write.volume()).isSuspended()) {
          due.add(new Effect.AppDone(write.volume(), write.cookie()));
          return List.of(new Event.Tick());
        }
        return List.of(event);
      }

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        List<Effect> all = new ArrayList<>(due);
        due.clear();
        all.add(effect);
        return all;
      }
    };
  }

  static Tamper answersTwice() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        return effect instanceof Effect.AppDone ? List.of(effect, effect) : List.of(effect);
      }
    };
  }

  static Tamper forgetsAnAnswer() {
    return new Tamper() {
      private int answers;

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        boolean isLost = effect instanceof Effect.AppDone && ++answers % 150 == 0;
        return isLost ? List.of() : List.of(effect);
      }
    };
  }

  static Tamper crashes() {
    return new Tamper() {
      private int writes;

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event instanceof Event.AppWrite && ++writes == 40) {
          throw new IllegalStateException("planted");
        }
        return List.of(event);
      }
    };
  }

  /// The barriers that are not acknowledged yet are taken as acknowledged when the peer is lost:
  /// the transfer log forgets what the peer may lack.
  static Tamper losesTransferLog() {
    return new Tamper() {
      private final TreeMap<Integer, Integer> open = new TreeMap<>();
      private int writes;
      private long meta;
      private Framing framing = Framing.H100;

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.Send send) {
          switch (send.packet()) {
            case Packet.Barrier barrier -> {
              open.put(barrier.barrier(), writes);
              writes = 0;
            }
            case Packet.Data data when data.type() == PacketType.DATA -> writes++;
            case Packet.Range _ -> writes++;
            default -> {}
          }
        }
        return List.of(effect);
      }

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (event
            instanceof
            Event.PacketArrived(
                long socket,
                Framing with,
                int _,
                Packet.BarrierAck(int barrier, int _),
                var _)) {
          meta = socket;
          framing = with;
          open.remove(barrier);
        }
        if (!(event instanceof Event.SocketClosed)) {
          return List.of(event);
        }
        List<Event> all = new ArrayList<>();
        open.forEach((barrier, size) ->
            all.add(
                new Event.PacketArrived(
                    meta, framing, 0, new Packet.BarrierAck(barrier, size), null)));
        open.clear();
        writes = 0;
        all.add(event);
        return all;
      }
    };
  }

  /// Barriers are acknowledged as soon as they arrive, before any flush.
  static Tamper acknowledgesBarriersAtOnce() {
    return DiskTampers.dropsFlushes(DiskTampers::onSecondary);
  }

  /// Both nodes believe that the other one is Secondary, and agree to each other's promotion.
  static Tamper hidesPrimary() {
    return receives(packet ->
        switch (packet) {
          case Packet.State(int word) ->
              new Packet.State(StateWord.of(word).orElseThrow().withRole(Role.SECONDARY).toInt());
          case Packet.StateChangeReply(PacketType type, int _) ->
              new Packet.StateChangeReply(type, StateResult.SUCCESS.code());
          default -> packet;
        });
  }

  /// The node that went on by itself takes the other one's data: the comparison is turned round.
  static Tamper swapsDirection() {
    return new Tamper() {
      private GenerationUuids own = new GenerationUuids(0, 0, 0, 0);

      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.Send send && send.packet() instanceof Packet.Uuids uuids) {
          own = uuids.uuids();
        }
        return List.of(effect);
      }

      @Override
      public List<Event> event(SimNode node, Event event) {
        if (!(event
            instanceof
            Event.PacketArrived(
                long socket,
                Framing framing,
                int volume,
                Packet.Uuids(GenerationUuids theirs, long bits, long flags),
                var _))) {
          return List.of(event);
        }
        GenerationUuids turned = theirs;
        if (own.bitmap() != 0 && theirs.bitmap() == 0) {
          turned = new GenerationUuids(own.current() ^ 0xabc0, own.current(), 0, 0);
        } else if (theirs.bitmap() != 0 && own.bitmap() == 0 && own.history0() != 0) {
          turned = new GenerationUuids(own.history0(), 0, 0, 0);
        }
        return List.of(
            new Event.PacketArrived(
                socket, framing, volume, new Packet.Uuids(turned, bits, flags), null));
      }
    };
  }

  /// A read that belongs to the peer is answered from the own disk, which is not UpToDate.
  static Tamper readsInconsistentDisk() {
    return new Tamper() {
      @Override
      public List<Effect> effect(SimNode node, Effect effect) {
        if (effect instanceof Effect.Send send
            && send.packet() instanceof Packet.BlockRequest request
            && request.type() == PacketType.DATA_REQUEST
            && DiskTampers.state(node, send.volume()).disk() == DiskState.INCONSISTENT) {
          Extent extent = new Extent(request.sector(), request.sizeBytes());
          byte[] bytes =
              node.drive(send.volume()).data().read(extent.offsetBytes(), request.sizeBytes());
          Packet.Data reply =
              new Packet.Data(
                  PacketType.DATA_REPLY,
                  request.sector(),
                  request.blockId(),
                  0,
                  0,
                  request.sizeBytes());
          node.deliver(
              new Event.PacketArrived(
                  send.socket(), send.framing(), send.volume(), reply, Payload.of(bytes)));
          return List.of();
        }
        return List.of(effect);
      }
    };
  }

  /// The peer's P_PROTOCOL seems to ask for other settings.
  static Tamper disagrees() {
    return new Tamper() {
      private int connections;

      @Override
      public List<Event> event(SimNode node, Event event) {
        boolean isHit =
            event instanceof Event.PacketArrived arrived
                && arrived.packet() instanceof Packet.Protocol protocol
                && protocol.type() == PacketType.PROTOCOL
                && ++connections % 3 == 0;
        return isHit && event instanceof Event.PacketArrived arrived
            ? List.of(otherProtocol(arrived))
            : List.of(event);
      }
    };
  }

  private static Event otherProtocol(Event.PacketArrived arrived) {
    if (!(arrived.packet() instanceof Packet.Protocol told)) {
      return arrived;
    }
    Packet.Protocol other =
        new Packet.Protocol(
            told.type(),
            told.protocol() % 3 + 1,
            told.afterSb0Pri(),
            told.afterSb1Pri(),
            told.afterSb2Pri(),
            told.connFlags(),
            told.twoPrimaries(),
            told.integrityAlg());
    return new Event.PacketArrived(
        arrived.socket(), arrived.framing(), arrived.volume(), other, null);
  }

  /// News of the peer's new generation never arrive while connected.
  static Tamper missesNewGenerations() {
    return new Tamper() {
      @Override
      public List<Event> event(SimNode node, Event event) {
        boolean isNews =
            event instanceof Event.PacketArrived arrived
                && arrived.packet() instanceof Packet.SyncUuid;
        return isNews ? List.of(changed((Event.PacketArrived) event)) : List.of(event);
      }

      private Event changed(Event.PacketArrived arrived) {
        return new Event.PacketArrived(
            arrived.socket(),
            arrived.framing(),
            arrived.volume(),
            new Packet.SyncUuid(0x1234_5678_9abc_def0L),
            null);
      }
    };
  }
}
