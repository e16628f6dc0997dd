package org.twincore.drbd.engine.replay;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.UuidFlags;

/// The random and timing fields in which a replayed node may differ from the captured one.
///
/// | field | why |
/// |---|---|
/// | `block_id` of own writes and reads | opaque, a pointer in the kernel; the peer's answers are translated |
/// | `block_id` of P_RS_IS_IN_SYNC | left-over memory in the kernel |
/// | `barrier` | opaque; the peer's barrier acks are translated |
/// | `pad` of block requests and barriers | left-over memory in the kernel |
/// | feature WZEROES beside `data-integrity-alg` | not offered by us: a kernel fails such a session at its first P_ZEROES |
/// | `dp_flags` SYNC | a property of the application's request, which NBD does not have |
/// | the place of P_PING and P_PING_ACK among others on META | a thread of their own in the kernel |
/// | P_UNPLUG_REMOTE | a hint; the kernel's plugging decides when |
/// | P_UUIDS behind everything else | a generation that begins as the connection ends; the kernel may still get it out |
/// | P_STATE behind a skipped initial sync | ours says what the other one takes for granted |
///
/// UUIDs are no difference: [ScriptedRandom] draws the captured ones. Neither is time: the replay
/// lets it pass until the next captured packet is due.
final class AllowedDifferences {
  private final Map<Long, Long> blockIds = new HashMap<>();
  private final Map<Integer, Integer> barriers = new HashMap<>();
  private final boolean digests;

  /// `digests` if the captured node was configured with `data-integrity-alg`.
  AllowedDifferences(boolean digests) {
    this.digests = digests;
  }

  /// Whether the captured node's packet may be missing; `isLast` if it is its last one.
  static boolean mayBeMissing(Packet captured, boolean isLast) {
    return captured.type() == PacketType.UNPLUG_REMOTE
        || isLast && captured.type() == PacketType.UUIDS;
  }

  /// Whether the replayed node may send that although the captured one did not, when it has just
  /// got `before`.
  static boolean maySayMore(Packet own, Packet before) {
    return own instanceof Packet.State
        && before instanceof Packet.Uuids uuids
        && (uuids.flags() & UuidFlags.SKIP_INITIAL_SYNC) != 0;
  }

  /// Compares what the replayed node sent with what the captured one did; empty if they agree.
  Optional<String> between(Packet captured, Packet own) {
    Packet expected = captured;
    Packet found = own;
    if (captured instanceof Packet.Data c && own instanceof Packet.Data o && isWrite(c.type())) {
      blockIds.put(c.blockId(), o.blockId());
      expected =
          new Packet.Data(
              c.type(), c.sector(), 0, c.sequence(), ofEngine(c.flags()), c.payloadBytes());
      found =
          new Packet.Data(
              o.type(), o.sector(), 0, o.sequence(), ofEngine(o.flags()), o.payloadBytes());
    } else if (captured instanceof Packet.ConnectionFeatures c
        && own instanceof Packet.ConnectionFeatures o
        && digests) {
      expected =
          new Packet.ConnectionFeatures(
              c.protocolMin(), c.featureFlags() & ~Features.WZEROES, c.protocolMax());
      found = o;
    } else if (captured instanceof Packet.Range c && own instanceof Packet.Range o) {
      blockIds.put(c.blockId(), o.blockId());
      expected = comparable(c);
      found = comparable(o);
    } else if (captured instanceof Packet.Barrier c && own instanceof Packet.Barrier o) {
      barriers.put(c.barrier(), o.barrier());
      expected = new Packet.Barrier(0, 0);
      found = new Packet.Barrier(0, 0);
    } else if (captured instanceof Packet.BlockAck c
        && own instanceof Packet.BlockAck o
        && c.type() == PacketType.RS_IS_IN_SYNC) {
      expected = comparable(c);
      found = comparable(o);
    } else if (captured instanceof Packet.BlockRequest c && own instanceof Packet.BlockRequest o) {
      if (c.type() == PacketType.DATA_REQUEST) {
        blockIds.put(c.blockId(), o.blockId());
      }
      expected = comparable(c);
      found = comparable(o);
    }
    return expected.equals(found)
        ? Optional.empty()
        : Optional.of("expected " + expected + "\n   found " + found);
  }

  /// The captured peer's packet as it would have been sent to the replayed node.
  Packet translated(Packet fromPeer) {
    return switch (fromPeer) {
      case Packet.BlockAck ack ->
          new Packet.BlockAck(
              ack.type(),
              ack.sector(),
              blockIds.getOrDefault(ack.blockId(), ack.blockId()),
              ack.sizeBytes(),
              ack.sequence());
      case Packet.Data reply when reply.type() == PacketType.DATA_REPLY ->
          new Packet.Data(
              reply.type(),
              reply.sector(),
              blockIds.getOrDefault(reply.blockId(), reply.blockId()),
              reply.sequence(),
              reply.flags(),
              reply.payloadBytes());
      case Packet.BarrierAck ack ->
          new Packet.BarrierAck(barriers.getOrDefault(ack.barrier(), ack.barrier()), ack.setSize());
      default -> fromPeer;
    };
  }

  private static boolean isWrite(PacketType type) {
    return type == PacketType.DATA;
  }

  private static int ofEngine(int flags) {
    return flags & ~DpFlags.SYNC;
  }

  private static Packet comparable(Packet.Range p) {
    return new Packet.Range(
        p.type(), p.sector(), 0, p.sequence(), ofEngine(p.flags()), p.sizeBytes(), 0);
  }

  private static Packet comparable(Packet.BlockAck p) {
    return new Packet.BlockAck(p.type(), p.sector(), 0, p.sizeBytes(), p.sequence());
  }

  private static Packet comparable(Packet.BlockRequest p) {
    long blockId = p.type() == PacketType.DATA_REQUEST ? 0 : p.blockId();
    return new Packet.BlockRequest(
        p.type(), p.sector(), blockId, p.sizeBytes(), 0, p.payloadBytes());
  }
}
