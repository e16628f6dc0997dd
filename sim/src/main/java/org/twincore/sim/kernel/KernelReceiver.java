package org.twincore.sim.kernel;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.Simulation;

/// The peer's writes and reads: applied in the order in which they come, acknowledged a little
/// later and not in order, and each barrier once all before it is on the medium (drbd-wire 8.3 and
/// 8.4).
final class KernelReceiver {
  private static final long DELAY_NANOS = 2 * Simulation.MILLISECOND;

  /// The writes between two barriers.
  private static final class Epoch {
    private int size;
    private int active;
    private @Nullable Integer barrier;
  }

  private record Arrived(Extent extent, long blockId, int flags, int sequence) {
    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  private final KernelPeer node;
  private final ArrayDeque<Epoch> epochs = new ArrayDeque<>();

  KernelReceiver(KernelPeer node) {
    this.node = node;
    epochs.add(new Epoch());
  }

  void forget() {
    epochs.clear();
    epochs.add(new Epoch());
  }

  boolean isIdle() {
    return epochs.size() == 1 && epochs.getFirst().active == 0;
  }

  /// P_DATA; without data it is a flush.
  void write(Packet.Data data, @Nullable Payload payload) {
    if (data.type() != PacketType.DATA) {
      throw new Misbehaved("nobody asked for " + data);
    }
    int bytes = payload == null ? 0 : payload.lengthBytes();
    if (payload == null && (data.flags() & DpFlags.FLUSH) == 0) {
      throw new Misbehaved("a write of nothing that is no flush: " + data);
    }
    Extent extent = inside(new Extent(data.sector(), bytes), data);
    if (!node.attachment().isThere()) {
      refuse(extent, data.blockId());
      return;
    }
    arrived(
        new Arrived(extent, data.blockId(), data.flags(), data.sequence()),
        () -> {
          if (payload != null) {
            node.disk.write(data.sector(), payload);
          }
        });
  }

  /// P_TRIM, P_ZEROES and P_WSAME.
  void range(Packet.Range range, @Nullable Payload payload) {
    Extent extent = inside(new Extent(range.sector(), range.sizeBytes()), range);
    if (!node.attachment().isThere()) {
      refuse(extent, range.blockId());
      return;
    }
    Payload pattern =
        range.type() == PacketType.WSAME ? KernelPackets.needed(payload, range) : null;
    arrived(
        new Arrived(extent, range.blockId(), range.flags(), range.sequence()),
        () -> fill(extent, pattern));
  }

  /// Without a disk to write to; it counts in its epoch all the same.
  private void refuse(Extent extent, long blockId) {
    epochs.getLast().size++;
    acknowledge(PacketType.NEG_ACK, extent, blockId);
  }

  private void fill(Extent extent, @Nullable Payload pattern) {
    if (pattern == null) {
      node.disk.clear(extent);
      return;
    }
    long step = pattern.lengthBytes() / Extent.SECTOR_BYTES;
    for (long sector = extent.sector(); sector < extent.endSector(); sector += step) {
      node.disk.write(sector, pattern);
    }
  }

  private Extent inside(Extent extent, Packet packet) {
    StateWord state = node.state();
    if (state.peer() != Role.PRIMARY || state.conn().isBelow(ConnectionState.CONNECTED)) {
      throw new Misbehaved("a write in " + state + ": " + packet);
    }
    if (extent.endSector() > node.disk.sectors()) {
      throw new Misbehaved("beyond sector " + node.disk.sectors() + ": " + packet);
    }
    return extent;
  }

  /// A write of the peer: counted in its epoch, and applied unless an own one comes first. Such a
  /// one stays active in its epoch for ever: a kernel's node never acks that (drbd-wire section 9).
  private void arrived(Arrived write, Runnable apply) {
    Epoch epoch = epochs.getLast();
    epoch.size++;
    epoch.active++;
    KernelConflicts.Verdict verdict = node.conflicts().arrive(write.extent, write.sequence);
    if (verdict == KernelConflicts.Verdict.WRITE) {
      apply.run();
      boolean isOnlyDisk = node.state().pdsk().isBelow(DiskState.INCONSISTENT);
      if (isOnlyDisk) {
        node.disk.setOutOfSync(write.extent);
      }
      applied(write, epoch, !isOnlyDisk);
      return;
    }
    boolean again = verdict == KernelConflicts.Verdict.RETRY && node.agreed().has(Since.ACK_CHOICE);
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () ->
            acknowledge(
                again ? PacketType.RETRY_WRITE : PacketType.SUPERSEDED,
                write.extent,
                write.blockId));
  }

  private void applied(Arrived write, Epoch epoch, boolean mayMark) {
    boolean perWrite = node.agreed().has(Since.ACK_CHOICE);
    KernelSettings.Protocol protocol = node.settings().protocol();
    boolean early =
        perWrite ? write.has(DpFlags.SEND_RECEIVE_ACK) : protocol == KernelSettings.Protocol.B;
    boolean late =
        perWrite ? write.has(DpFlags.SEND_WRITE_ACK) : protocol == KernelSettings.Protocol.C;
    if (early) {
      acknowledge(PacketType.RECV_ACK, write.extent, write.blockId);
    }
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () -> {
          boolean marks =
              mayMark
                  && write.has(DpFlags.MAY_SET_IN_SYNC)
                  && isResyncing()
                  && node.attachment().isThere();
          if (marks) {
            node.disk.setInSync(write.extent);
          }
          if (node.attachment().isBroken()) {
            acknowledge(PacketType.NEG_ACK, write.extent, write.blockId);
          } else if (late || marks && !perWrite) {
            acknowledge(
                marks ? PacketType.RS_WRITE_ACK : PacketType.WRITE_ACK,
                write.extent,
                write.blockId);
          }
          node.conflicts().done(write.extent);
          epoch.active--;
          finishEpochs();
        });
  }

  private boolean isResyncing() {
    ConnectionState conn = node.state().conn();
    return conn.isAtLeast(ConnectionState.SYNC_SOURCE)
        && !conn.isAtLeast(ConnectionState.AHEAD)
        && conn != ConnectionState.VERIFY_S
        && conn != ConnectionState.VERIFY_T;
  }

  private void acknowledge(PacketType type, Extent extent, long blockId) {
    node.wire.meta(
        new Packet.BlockAck(
            type, extent.sector(), blockId, (int) extent.sizeBytes(), node.nextSequence()));
  }

  void barrier(Packet.Barrier barrier) {
    Epoch epoch = epochs.getLast();
    if (epoch.size == 0) {
      throw new Misbehaved("a barrier behind nothing: a kernel's node never answers it");
    }
    epoch.barrier = barrier.barrier();
    epochs.add(new Epoch());
    finishEpochs();
  }

  private void finishEpochs() {
    while (true) {
      Epoch first = epochs.getFirst();
      Integer barrier = first.barrier;
      if (barrier == null || first.active > 0) {
        return;
      }
      node.disk.flush();
      epochs.removeFirst();
      node.wire.meta(new Packet.BarrierAck(barrier, first.size));
    }
  }

  /// P_DATA_REQUEST.
  void read(Packet.BlockRequest request) {
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    if (node.state().disk() != DiskState.UP_TO_DATE) {
      acknowledge(PacketType.NEG_DREPLY, extent, request.blockId());
      return;
    }
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () -> {
          if (!node.attachment().isThere()) {
            acknowledge(PacketType.NEG_DREPLY, extent, request.blockId());
            return;
          }
          Payload payload = node.disk.read(extent);
          node.send(
              new Packet.Data(
                  PacketType.DATA_REPLY,
                  request.sector(),
                  request.blockId(),
                  0,
                  0,
                  payload.lengthBytes()),
              payload);
        });
  }
}
