package org.twincore.drbd.engine.request;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.engine.state.WriteTerms;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.StateWord;

/// The peer's copy of an application's writes: whether it gets them, as which packet, and with
/// which ack; or what is noted because it does not (drbd-wire section 8.2).
final class WriteSender {
  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final TransferLog log;

  /// Writes of the current epoch that the peer may still be writing though they are answered.
  private IntervalSet<WriteRequest> unsure = new IntervalSet<>();

  private @Nullable WriteRequest lastUnsure;

  WriteSender(Device device, Turn turn, Peering peering, TransferLog log) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.log = log;
  }

  /// Whether the peer gets the writes now.
  boolean isReplicated(StateWord state) {
    boolean target =
        state.pdsk().isAtLeast(DiskState.INCONSISTENT)
            && state.conn().isAtLeast(ConnectionState.WF_BITMAP_T)
            && state.conn().isBelow(ConnectionState.AHEAD);
    return turn.isLinked()
        && state.conn().isAtLeast(ConnectionState.CONNECTED)
        && state.conn() != ConnectionState.AHEAD
        && state.conn() != ConnectionState.WF_BITMAP_S
        && (state.pdsk() == DiskState.UP_TO_DATE || target);
  }

  /// The peer does not get it: marks it, and tells a peer that keeps a bitmap meanwhile.
  void leaveOutOfSync(WriteRequest request, StateWord state) {
    boolean newlyMarked =
        device.backing() != null && device.disk().markOutOfSync(request.extent) > 0;
    boolean tells =
        state.conn() == ConnectionState.AHEAD || state.conn() == ConnectionState.WF_BITMAP_S;
    if (tells && newlyMarked) {
      turn.send(
          device.volume(),
          new Packet.BlockDescription(
              PacketType.OUT_OF_SYNC,
              request.extent.sector(),
              (int) request.extent.sizeBytes(),
              0));
    }
  }

  /// Sends it and puts it into the transfer log; false if there is no packet for it: it is marked,
  /// and the peer lacks it from now on.
  boolean send(WriteRequest request) {
    int flags = ackFlags(request) | DpFlags.SYNC | (request.fua ? DpFlags.FUA : 0);
    Packet packet = packet(request, WriteTerms.sent(peering, flags));
    if (packet == null) {
      device.markOutOfSync(request.extent);
      return false;
    }
    request.remote = Side.PENDING;
    request.acksWrite = (flags & DpFlags.SEND_WRITE_ACK) != 0;
    keepOrder(request);
    boolean handsOver = (flags & (DpFlags.SEND_RECEIVE_ACK | DpFlags.SEND_WRITE_ACK)) == 0;
    long token = handsOver ? turn.newToken() : 0;
    turn.send(device.volume(), packet, request.payload, token);
    log.sent(request);
    if (handsOver) {
      log.handOver(token, request);
    } else {
      request.counted = true;
      device.counters().peerPending(1);
    }
    device.counters().sent(request.extent.sizeSectors());
    return true;
  }

  /// A flush of the peer's disk as a member of the current epoch, which may have no other: an empty
  /// epoch is not acknowledged (`receive_Data` takes DP_FLUSH without data).
  void sendFlush(WriteRequest flush) {
    int flags = WriteTerms.ackFlag(peering) | DpFlags.SYNC | DpFlags.FLUSH;
    Packet packet =
        new Packet.Data(
            PacketType.DATA,
            flush.extent.sector(),
            flush.id,
            device.nextSequence(),
            WriteTerms.sent(peering, flags),
            0);
    flush.remote = Side.PENDING;
    flush.acksWrite = true;
    turn.send(device.volume(), packet, flush.payload, 0);
    log.sent(flush);
    flush.counted = true;
    device.counters().peerPending(1);
  }

  /// A write that overlaps one which the peer may not have written yet comes behind a barrier:
  /// within an epoch a peer may write in any order.
  private void keepOrder(WriteRequest request) {
    if (lastUnsure != null && !log.isInCurrentEpoch(lastUnsure)) {
      lastUnsure = null;
      unsure = new IntervalSet<>();
    }
    if (lastUnsure != null && unsure.overlaps(request.extent)) {
      log.close();
      lastUnsure = null;
      unsure = new IntervalSet<>();
    }
    if (!request.acksWrite) {
      lastUnsure = request;
      unsure.add(request.extent, request);
    }
  }

  private int ackFlags(WriteRequest request) {
    ConnectionState conn = device.state().conn();
    boolean resync =
        conn.isAtLeast(ConnectionState.SYNC_SOURCE)
            && conn.compareTo(ConnectionState.PAUSED_SYNC_T) <= 0;
    if (resync) {
      int flags = WriteTerms.resyncFlags(peering);
      request.maySetInSync = (flags & DpFlags.MAY_SET_IN_SYNC) != 0;
      return flags;
    }
    return WriteTerms.ackFlag(peering);
  }

  private @Nullable Packet packet(WriteRequest request, int flags) {
    long sector = request.extent.sector();
    int bytes = (int) request.extent.sizeBytes();
    int sequence = device.nextSequence();
    if (request.payload != null) {
      if (bytes > RequestLimits.of(device, peering).bytesMax()) {
        return null;
      }
      return new Packet.Data(PacketType.DATA, sector, request.id, sequence, flags, bytes);
    }
    Invariant.check(request.discard != null, "a write has its data until it is answered");
    boolean zeroes = request.discard != Event.Discard.TRIM;
    if (bytes > DiscardLimits.of(peering).bytesMax()) {
      return null;
    }
    if (zeroes && peering.has(Features.WZEROES)) {
      boolean mayUnmap = request.discard == Event.Discard.ZERO_OUT_MAY_UNMAP;
      int all = flags | DpFlags.ZEROES | (mayUnmap ? DpFlags.DISCARD : 0);
      return new Packet.Range(PacketType.ZEROES, sector, request.id, sequence, all, bytes, 0);
    }
    return new Packet.Range(
        PacketType.TRIM, sector, request.id, sequence, flags | DpFlags.DISCARD, bytes, 0);
  }
}
