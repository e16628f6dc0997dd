package org.twincore.sim.kernel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// What the disks of two captured nodes were slower with than a scripted one's, which has every
/// write at once.
///
/// An epoch ends when a write is done, on both disks. The capture shows when the peer had it; when
/// the own disk had it only the barrier behind that shows: until then acks are kept back. And the
/// peer's barrier acks may be earlier than the captured ones, but never before the acks of their
/// own epoch.
final class CapturedEpochs {
  private final List<Packet.BlockAck> keptBack = new ArrayList<>();
  private final Map<Long, Integer> ownEpochs = new HashMap<>();
  private int ownBarriers;
  private int acked;

  /// The numbers of the writes that came since the last barrier, and in each epoch.
  private final List<Integer> open = new ArrayList<>();

  private final Map<Integer, List<Integer>> theirs = new HashMap<>();

  /// A packet comes on the data socket.
  void heard(Packet packet) {
    if (packet instanceof Packet.Data data && data.type() == PacketType.DATA) {
      open.add(data.sequence());
    } else if (packet instanceof Packet.Barrier barrier) {
      theirs.put(barrier.barrier(), List.copyOf(open));
      open.clear();
    }
  }

  /// A packet comes on the meta socket: what is to arrive now.
  List<Packet> acked(Packet packet) {
    if (packet instanceof Packet.BlockAck ack && ownEpochs.containsKey(ack.blockId())) {
      keptBack.add(ack);
      return List.of();
    }
    List<Packet> now = new ArrayList<>();
    if (packet instanceof Packet.BarrierAck) {
      keptBack.removeIf(ack -> {
        boolean isOfEpoch = ownEpochs.getOrDefault(ack.blockId(), 0) <= acked;
        if (isOfEpoch) {
          now.add(ack);
        }
        return isOfEpoch;
      });
      acked++;
    } else {
      now.addAll(all());
    }
    now.add(packet);
    return now;
  }

  /// The captured node says this next: what must have arrived by then.
  List<Packet> before(Packet own) {
    if (own instanceof Packet.Data data && data.type() == PacketType.DATA) {
      ownEpochs.put(data.blockId(), ownBarriers);
      return List.of();
    }
    if (own instanceof Packet.Barrier) {
      ownBarriers++;
    }
    return all();
  }

  /// All that was kept back.
  List<Packet> all() {
    List<Packet> now = List.copyOf(keptBack);
    keptBack.clear();
    return now;
  }

  /// Has `said` been said where `expected` was, because the disk was quicker?
  boolean mayBeEarly(Packet said, Packet expected) {
    return said instanceof Packet.BarrierAck barrier
        && expected instanceof Packet.BlockAck ack
        && theirs.containsKey(barrier.barrier())
        && !theirs.get(barrier.barrier()).contains(ack.sequence());
  }
}
