package org.twincore.drbd.engine;

import java.util.ArrayDeque;
import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// Keeps packets of the data socket that overtook an ack on the other one (drbd-wire section 9,
/// `wait_for_and_update_peer_seq`): with two Primaries, on the node that resolves conflicts, a
/// write is dealt with only behind all that the peer sent before it.
final class DataOrder {
  private static final long TENTH_NANOS = 100_000_000L;
  private static final long PACKET_BYTES = 512;

  private final Parts parts;
  private final ArrayDeque<Event.PacketArrived> parked = new ArrayDeque<>();
  private long bytes;
  private long deadlineNanos = Long.MAX_VALUE;

  DataOrder(Parts parts) {
    this.parts = parts;
  }

  /// What is kept.
  long bytes() {
    return bytes;
  }

  /// When the ack that is missing must have come; Long.MAX_VALUE if none is.
  long deadlineNanos() {
    return deadlineNanos;
  }

  /// Whether the packet has to wait, and if so keeps it.
  boolean keeps(Event.PacketArrived arrived) {
    boolean ofData = arrived.socket() == parts.turn.dataSocket();
    if (!ofData || (parked.isEmpty() && isDue(arrived))) {
      return false;
    }
    if (parked.isEmpty()) {
      restartClock();
    }
    parked.add(arrived);
    bytes += size(arrived);
    return true;
  }

  private static long size(Event.PacketArrived arrived) {
    return PACKET_BYTES + (arrived.payload() == null ? 0 : arrived.payload().lengthBytes());
  }

  /// The next packet that need not wait any more.
  Optional<Event.PacketArrived> next() {
    Event.PacketArrived first = parked.peekFirst();
    if (first == null || !isDue(first)) {
      return Optional.empty();
    }
    parked.removeFirst();
    bytes -= size(first);
    if (parked.isEmpty()) {
      deadlineNanos = Long.MAX_VALUE;
    } else {
      restartClock();
    }
    return Optional.of(first);
  }

  private void restartClock() {
    deadlineNanos = parts.turn.now() + parts.peering.net().num(Option.PING_TIMEOUT) * TENTH_NANOS;
  }

  private boolean isDue(Event.PacketArrived arrived) {
    Volume volume = parts.volumes.get(arrived.volume());
    if (volume == null || !volume.conflicts.isEngaged() || !parts.peering.resolvesConflicts()) {
      return true;
    }
    return switch (arrived.packet()) {
      case Packet.Data data when data.type() == PacketType.DATA ->
          volume.peerSequence.isDue(data.sequence());
      case Packet.Range range -> volume.peerSequence.isDue(range.sequence());
      default -> true;
    };
  }

  void connectionLost() {
    parked.clear();
    bytes = 0;
    deadlineNanos = Long.MAX_VALUE;
  }
}
