package org.twincore.sim.kernel;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;

/// What a scripted Primary writes: to its own disk at once, and to the peer in epochs, kept in a
/// transfer log until their barrier acks (drbd-wire 8.2 and 8.6).
public final class KernelWriter {

  private final class Request {
    private final long blockId;
    private final Extent extent;
    private final int epoch;
    private final boolean clearsBits;
    private final Runnable done;
    private boolean isAnswered;
    private boolean isDone;

    Request(long blockId, Extent extent, boolean clearsBits, Runnable done) {
      this.blockId = blockId;
      this.extent = extent;
      this.epoch = epochNumber;
      this.clearsBits = clearsBits;
      this.done = done;
    }

    void finish() {
      if (!isDone) {
        isDone = true;
        done.run();
      }
    }
  }

  private final KernelPeer node;
  private final List<Request> log = new ArrayList<>();

  /// Sizes of the epochs whose barriers are not acked, the oldest first.
  private final ArrayDeque<Integer> unacked = new ArrayDeque<>();

  private int ackedNumber;
  private int epochNumber;
  private int epochSize;
  private long lastBlockId;

  KernelWriter(KernelPeer node) {
    this.node = node;
  }

  /// Has every write been answered, and every barrier?
  public boolean isIdle() {
    return log.isEmpty();
  }

  /// Is a write to any of these sectors not done with, or are applications held back? With an older
  /// peer they are while the bitmaps are on their way (`drbd_state_is_stable`): it would not hear
  /// of what they change.
  public boolean isBusy(Extent extent) {
    boolean isHeld =
        node.state().conn() == ConnectionState.WF_BITMAP_S && !node.agreed().has(Since.LATE_MARKS);
    return isHeld || log.stream().anyMatch(request -> request.extent.overlaps(extent));
  }

  /// Writes as Primary; `done` runs when the application gets its answer, never after a crash.
  public void write(long sector, Payload payload, Runnable done) {
    write(sector, payload, 0x100 + ++lastBlockId, DpFlags.SYNC, done);
  }

  /// The same with a given block_id and flags of the application.
  void write(long sector, Payload payload, long blockId, int flags, Runnable done) {
    Extent extent = new Extent(sector, payload.lengthBytes());
    node.disk.write(sector, payload);
    if (!begin(extent, done)) {
      return;
    }
    int all = flags | flagsNow();
    log.add(new Request(blockId, extent, (all & DpFlags.MAY_SET_IN_SYNC) != 0, done));
    node.wire.data(
        new Packet.Data(
            PacketType.DATA, sector, blockId, node.nextSequence(), all, payload.lengthBytes()),
        payload);
    sent();
  }

  /// A discard; otherwise as [#write].
  void trim(Extent extent, long blockId, int flags, Runnable done) {
    node.disk.clear(extent);
    if (!begin(extent, done)) {
      return;
    }
    int all = flags | DpFlags.DISCARD | flagsNow();
    log.add(new Request(blockId, extent, (all & DpFlags.MAY_SET_IN_SYNC) != 0, done));
    node.wire.data(
        new Packet.Range(
            PacketType.TRIM,
            extent.sector(),
            blockId,
            node.nextSequence(),
            all,
            (int) extent.sizeBytes(),
            0),
        null);
    sent();
  }

  /// Whether the peer must hear of it; else it is only marked, and done.
  private boolean begin(Extent extent, Runnable done) {
    node.disk.markHot(extent);
    StateWord state = node.state();
    boolean isMirrored =
        state.conn().isAtLeast(ConnectionState.CONNECTED)
            && (state.pdsk() == DiskState.UP_TO_DATE
                || state.pdsk().isAtLeast(DiskState.INCONSISTENT)
                    && state.conn().isAtLeast(ConnectionState.WF_BITMAP_T));
    if (isMirrored) {
      return true;
    }
    node.disk.setOutOfSync(extent);
    if (state.conn() == ConnectionState.WF_BITMAP_S && node.agreed().has(Since.LATE_MARKS)) {
      node.wire.data(
          new Packet.BlockDescription(
              PacketType.OUT_OF_SYNC, extent.sector(), (int) extent.sizeBytes(), 0),
          null);
    }
    done.run();
    return false;
  }

  private int flagsNow() {
    ConnectionState conn = node.state().conn();
    boolean isResync =
        conn.isAtLeast(ConnectionState.SYNC_SOURCE) && conn.isBelow(ConnectionState.AHEAD);
    int sync = isResync ? DpFlags.MAY_SET_IN_SYNC : 0;
    if (!node.agreed().has(Since.ACK_CHOICE)) {
      return sync;
    }
    int wanted =
        switch (node.settings().protocol()) {
          case A -> 0;
          case B -> DpFlags.SEND_RECEIVE_ACK;
          case C -> DpFlags.SEND_WRITE_ACK;
        };
    return isResync ? wanted | sync | DpFlags.SEND_WRITE_ACK : wanted;
  }

  private void sent() {
    epochSize++;
    node.wire.data(new Packet.Empty(PacketType.UNPLUG_REMOTE), null);
    if (node.settings().protocol() == KernelSettings.Protocol.A) {
      finish(log.getLast());
    }
  }

  private void finish(Request request) {
    request.finish();
    if (request.epoch == epochNumber && epochSize > 0) {
      unacked.add(epochSize);
      node.wire.data(new Packet.Barrier(Integer.reverseBytes(epochNumber), 0), null);
      epochNumber++;
      epochSize = 0;
    }
  }

  /// Any ack that is not of the resync.
  void ack(Packet.BlockAck ack) {
    Request request =
        log.stream()
            .filter(it -> it.blockId == ack.blockId())
            .findFirst()
            .orElseThrow(() -> new Misbehaved("an ack for nothing: " + ack));
    if (request.extent.sector() != ack.sector() || request.extent.sizeBytes() != ack.sizeBytes()) {
      throw new Misbehaved("expected " + request.extent + ", found " + ack);
    }
    switch (ack.type()) {
      case RECV_ACK -> {
        if (node.settings().protocol() != KernelSettings.Protocol.B) {
          throw new Misbehaved("not asked for: " + ack);
        }
        finish(request);
      }
      case WRITE_ACK, RS_WRITE_ACK -> {
        if (request.isAnswered) {
          throw new Misbehaved("a second time: " + ack);
        }
        request.isAnswered = true;
        if (ack.type() == PacketType.RS_WRITE_ACK) {
          if (!request.clearsBits) {
            throw new Misbehaved("may not set in sync: " + ack);
          }
          node.disk.setInSync(request.extent);
        }
        finish(request);
      }
      default -> throw new Misbehaved("an answer to a good write: " + ack);
    }
  }

  void barrierAck(Packet.BarrierAck ack) {
    Integer size = unacked.poll();
    int expected = Integer.reverseBytes(ackedNumber);
    if (size == null || ack.barrier() != expected || ack.setSize() != size) {
      throw new Misbehaved("expected barrier %d of %s, found %s".formatted(expected, size, ack));
    }
    for (Request request : List.copyOf(log)) {
      if (request.epoch == ackedNumber) {
        if (!request.isDone) {
          throw new Misbehaved("a barrier ack before the acks of its writes: " + ack);
        }
        log.remove(request);
      }
    }
    ackedNumber++;
    if (log.isEmpty()) {
      node.disk.nothingHot();
    }
  }

  /// The connection is gone: what no barrier ack covers is out of sync, and done.
  void lost() {
    List<Request> open = List.copyOf(log);
    forget();
    for (Request request : open) {
      node.disk.setOutOfSync(request.extent);
      request.finish();
    }
    node.disk.nothingHot();
  }

  void crashed() {
    forget();
  }

  private void forget() {
    log.clear();
    unacked.clear();
    ackedNumber = 0;
    epochNumber = 0;
    epochSize = 0;
  }
}
