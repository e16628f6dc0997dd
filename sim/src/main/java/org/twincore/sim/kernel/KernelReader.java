package org.twincore.sim.kernel;

import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// What a scripted Primary reads: from its own disk, or from the peer's where that is missing or
/// out of sync (drbd-wire 8.5).
public final class KernelReader {
  /// Apart from the block ids of writes.
  private static final long FIRST_BLOCK_ID = 1L << 32;

  private record Asked(Extent extent, Consumer<Optional<Payload>> answer) {}

  private final KernelPeer node;
  private final TreeMap<Long, Asked> asked = new TreeMap<>();
  private long lastBlockId = FIRST_BLOCK_ID;

  KernelReader(KernelPeer node) {
    this.node = node;
  }

  boolean isIdle() {
    return asked.isEmpty();
  }

  /// Reads one block; `answer` gets nothing if neither disk has it, and is never called after a
  /// crash.
  public void read(Extent extent, Consumer<Optional<Payload>> answer) {
    if (isHere(extent)) {
      answer.accept(Optional.of(node.disk.read(extent)));
    } else if (node.state().pdsk() == DiskState.UP_TO_DATE) {
      read(extent, ++lastBlockId, answer);
    } else {
      answer.accept(Optional.empty());
    }
  }

  /// From the peer, with a given block_id.
  void read(Extent extent, long blockId, Consumer<Optional<Payload>> answer) {
    asked.put(blockId, new Asked(extent, answer));
    node.wire.data(
        new Packet.BlockRequest(
            PacketType.DATA_REQUEST, extent.sector(), blockId, (int) extent.sizeBytes()),
        null);
  }

  private boolean isHere(Extent extent) {
    int block = (int) (extent.offsetBytes() / KernelDisk.BLOCK_BYTES);
    return node.state().disk() == DiskState.UP_TO_DATE
        || node.state().disk() == DiskState.INCONSISTENT && !node.disk.isOutOfSync(block);
  }

  /// P_DATA_REPLY.
  void reply(Packet.Data reply, Payload payload) {
    Asked request = asked.remove(reply.blockId());
    Extent extent = new Extent(reply.sector(), payload.lengthBytes());
    if (request == null || !request.extent.equals(extent)) {
      throw new Misbehaved("nobody asked for " + reply);
    }
    request.answer.accept(Optional.of(payload));
  }

  /// P_NEG_DREPLY: the peer has lost its disk as well.
  void refused(Packet.BlockAck refusal) {
    Asked request = asked.remove(refusal.blockId());
    if (request == null || request.extent.sector() != refusal.sector()) {
      throw new Misbehaved("nobody asked for " + refusal);
    }
    request.answer.accept(Optional.empty());
  }

  /// The connection is gone.
  void lost() {
    TreeMap<Long, Asked> unanswered = new TreeMap<>(asked);
    asked.clear();
    unanswered.values().forEach(request -> request.answer.accept(Optional.empty()));
  }

  void crashed() {
    asked.clear();
  }
}
