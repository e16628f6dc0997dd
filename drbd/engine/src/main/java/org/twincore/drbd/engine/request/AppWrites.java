package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;

/// The writes and discards of applications on one volume (drbd-wire section 8.2).
///
/// A write goes through the gate (nothing that overlaps is in flight), gets its activity-log
/// extents, then goes to the own disk and to the peer. It is answered when its protocol is
/// satisfied; its extents are let go when it is safe at the peer, or its blocks are marked.
public final class AppWrites implements WriteRequest.Owner {
  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final TransferLog log;
  private final WriteGate gate;
  private final Listener listener;
  private final ArrayDeque<WriteRequest> frozen = new ArrayDeque<>();
  private final Map<Long, WriteRequest> awaitingActivity = new HashMap<>();
  private final ArrayDeque<WriteRequest> awaitingGeneration = new ArrayDeque<>();

  /// Done here but not at the peer, while I/O is frozen: whether they may be answered is not known.
  private final ArrayDeque<WriteRequest> awaitingThaw = new ArrayDeque<>();

  private int generationsPending;
  private int inFlight;

  /// What the volume must hear.
  public interface Listener {
    /// The own disk failed a write.
    void localWriteFailed(String cause);

    /// A discard could not be sent to the peer, which now lacks it: start over with that peer.
    void replicationGap();

    /// The peer could not write what was sent to it.
    void peerWriteFailed();
  }

  public AppWrites(
      Device device,
      Turn turn,
      Peering peering,
      TransferLog log,
      WriteGate gate,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.log = log;
    this.gate = gate;
    this.listener = listener;
  }

  @Override
  public int volume() {
    return device.volume();
  }

  /// Writes that were taken and not answered.
  public int inFlight() {
    return inFlight;
  }

  /// Writes that wait for the activity log.
  public int awaitingActivity() {
    return awaitingActivity.size();
  }

  // ---- the way in

  /// Takes one write (with `payload`) or discard (with `kind`); it is answered once.
  void take(
      WriteRequest.Answer answer,
      Extent extent,
      @Nullable Payload payload,
      Event.@Nullable Discard kind,
      boolean fua) {
    WriteRequest request =
        new WriteRequest(this, answer, turn.newToken(), extent, payload, kind, fua);
    device.counters().applicationPending(1);
    inFlight++;
    if (device.state().isSuspended()) {
      frozen.add(request);
    } else {
      start(request);
    }
  }

  private void start(WriteRequest request) {
    gate.enter(
        request.extent,
        ticket -> {
          request.ticket = ticket;
          beginActivity(request);
        });
  }

  private void beginActivity(WriteRequest request) {
    if (!device.hasUsableDisk()) {
      submit(request);
      return;
    }
    if (device.disk().isSuperblockPending()) {
      device.disk().settle(_ -> beginActivity(request));
      return;
    }
    ActivityLog activity = device.disk().activity();
    ActivityLog.Span span = ActivityLog.Span.of(request.extent);
    ActivityLog.Begin begin = activity.begin(request.id, span);
    if (begin != ActivityLog.Begin.NOT_LOGGED) {
      request.activity = activity;
      request.span = span;
    }
    if (begin == ActivityLog.Begin.WAITS) {
      awaitingActivity.put(request.id, request);
    } else {
      submit(request);
    }
  }

  /// The activity log has let these tokens go on; those of others are skipped.
  public boolean activityReady(long token) {
    WriteRequest request = awaitingActivity.remove(token);
    if (request == null) {
      return false;
    }
    submit(request);
    return true;
  }

  /// The disk is gone and with it the activity log: nobody waits for it any more.
  public void activityLost() {
    List<WriteRequest> waiting =
        awaitingActivity.values().stream()
            .sorted((one, other) -> Long.compare(one.id, other.id))
            .toList();
    awaitingActivity.clear();
    for (WriteRequest request : waiting) {
      request.span = null;
      request.activity = null;
      submit(request);
    }
  }

  // ---- to both disks

  private void submit(WriteRequest request) {
    StateWord state = device.state();
    if (state.isSuspended()) {
      // Frozen while it waited; nothing of it was begun.
      releaseActivity(request);
      frozen.add(request);
      leaveGate(request);
      return;
    }
    boolean local = device.hasUsableDisk();
    boolean remote = isReplicated(state);
    if (!local && !remote) {
      fail(request);
      return;
    }
    if (local) {
      request.local = Side.PENDING;
    } else {
      // A disk that is being attached lacks this write.
      device.markOutOfSync(request.extent);
    }
    if (remote) {
      send(request);
    } else {
      leaveOutOfSync(request, state);
    }
    if (local) {
      writeLocally(request);
    }
  }

  /// Whether the peer gets the writes now.
  private boolean isReplicated(StateWord state) {
    boolean target =
        state.pdsk().isAtLeast(DiskState.INCONSISTENT)
            && state.conn().isAtLeast(ConnectionState.WF_BITMAP_T)
            && state.conn().isBelow(ConnectionState.AHEAD);
    return turn.isLinked()
        && state.conn().isAtLeast(ConnectionState.CONNECTED)
        && state.conn().isBelow(ConnectionState.AHEAD)
        && state.conn() != ConnectionState.WF_BITMAP_S
        && (state.pdsk() == DiskState.UP_TO_DATE || target);
  }

  private void leaveOutOfSync(WriteRequest request, StateWord state) {
    boolean newlyMarked =
        device.backing() != null && device.disk().markOutOfSync(request.extent) > 0;
    boolean tells =
        state.conn() == ConnectionState.AHEAD || state.conn() == ConnectionState.WF_BITMAP_S;
    if (tells && newlyMarked) {
      turn.send(
          volume(),
          new Packet.BlockDescription(
              PacketType.OUT_OF_SYNC,
              request.extent.sector(),
              (int) request.extent.sizeBytes(),
              0));
    }
  }

  private void writeLocally(WriteRequest request) {
    device.counters().written(request.extent.sizeSectors());
    Backing disk = device.disk();
    if (request.discard != null) {
      disk.disk().discard(request.extent, request.discard, (e, _) -> localDone(request, e));
    } else if (request.payload != null) {
      disk.disk()
          .write(
              request.extent.sector(),
              request.payload,
              request.fua,
              (error, _) -> localDone(request, error));
    }
  }

  private void localDone(WriteRequest request, @Nullable String error) {
    if (error != null) {
      request.local = Side.FAILED;
      device.markOutOfSync(request.extent);
      listener.localWriteFailed(error);
      settle(request);
    } else if (request.fua && request.discard != null && device.hasUsableDisk()) {
      device.disk().disk().flush((cause, _) -> flushed(request, cause));
    } else {
      request.local = Side.OK;
      settle(request);
    }
  }

  private void flushed(WriteRequest request, @Nullable String error) {
    request.local = error == null ? Side.OK : Side.FAILED;
    if (error != null) {
      listener.localWriteFailed(error);
    }
    settle(request);
  }

  void localFlushFailed(String cause) {
    listener.localWriteFailed(cause);
  }

  private void send(WriteRequest request) {
    int flags = ackFlags(request) | DpFlags.SYNC | (request.fua ? DpFlags.FUA : 0);
    Packet packet = packet(request, flags);
    if (packet == null) {
      device.markOutOfSync(request.extent);
      listener.replicationGap();
      return;
    }
    request.remote = Side.PENDING;
    boolean handsOver = (flags & (DpFlags.SEND_RECEIVE_ACK | DpFlags.SEND_WRITE_ACK)) == 0;
    long token = handsOver ? turn.newToken() : 0;
    turn.send(volume(), packet, request.payload, token);
    log.sent(request);
    if (handsOver) {
      log.handOver(token, request);
    } else {
      request.counted = true;
      device.counters().peerPending(1);
    }
    device.counters().sent(request.extent.sizeSectors());
  }

  private int ackFlags(WriteRequest request) {
    ConnectionState conn = device.state().conn();
    boolean resync =
        conn.isAtLeast(ConnectionState.SYNC_SOURCE)
            && conn.compareTo(ConnectionState.PAUSED_SYNC_T) <= 0;
    if (resync) {
      request.maySetInSync = true;
      return DpFlags.MAY_SET_IN_SYNC | DpFlags.SEND_WRITE_ACK;
    }
    return switch (peering.protocol()) {
      case A -> 0;
      case B -> DpFlags.SEND_RECEIVE_ACK;
      case C -> DpFlags.SEND_WRITE_ACK;
    };
  }

  private @Nullable Packet packet(WriteRequest request, int flags) {
    long sector = request.extent.sector();
    int bytes = (int) request.extent.sizeBytes();
    int sequence = device.nextSequence();
    if (request.payload != null) {
      return new Packet.Data(PacketType.DATA, sector, request.id, sequence, flags, bytes);
    }
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

  // ---- answers of the peer

  /// P_RECV_ACK, P_WRITE_ACK, P_RS_WRITE_ACK or P_NEG_ACK for a write; false if it answers nothing
  /// that was sent.
  public boolean acknowledged(Packet.BlockAck ack) {
    WriteRequest request = log.find(volume(), ack.blockId(), ack.sector());
    boolean negative = ack.type() == PacketType.NEG_ACK;
    if (negative) {
      listener.peerWriteFailed();
    }
    if (request == null) {
      if (negative) {
        device.markOutOfSync(new Extent(ack.sector(), ack.sizeBytes()));
      }
      return negative;
    }
    if (ack.sizeBytes() != request.extent.sizeBytes()) {
      return false;
    }
    uncount(request);
    if (negative) {
      device.markOutOfSync(request.extent);
      request.remote = Side.FAILED;
    } else if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
    }
    if (ack.type() == PacketType.RS_WRITE_ACK) {
      request.maySetInSync = true;
      clearIfBothHave(request);
    } else {
      request.maySetInSync = false;
    }
    settle(request);
    return true;
  }

  private void clearIfBothHave(WriteRequest request) {
    if (request.maySetInSync
        && request.local == Side.OK
        && request.remote == Side.OK
        && device.backing() != null) {
      device.disk().markInSync(request.extent);
    }
  }

  private void uncount(WriteRequest request) {
    if (request.counted) {
      request.counted = false;
      device.counters().peerPending(-1);
    }
  }

  @Override
  public void handedOver(WriteRequest request) {
    if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
      settle(request);
    }
  }

  @Override
  public void barrierAcknowledged(WriteRequest request) {
    uncount(request);
    if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
    }
    settle(request);
  }

  @Override
  public void replicationLost(WriteRequest request) {
    request.counted = false;
    request.maySetInSync = false;
    device.markOutOfSync(request.extent);
    if (request.remote == Side.PENDING) {
      request.remote = Side.FAILED;
    }
    settle(request);
  }

  // ---- the way out

  /// Answers, lets go and forgets, as far as it is time.
  private void settle(WriteRequest request) {
    if (request.local == Side.PENDING || request.remote == Side.PENDING) {
      return;
    }
    if (request.maySetInSync) {
      clearIfBothHave(request);
      request.maySetInSync = false;
    }
    // Its epoch must be closed before a write that overlaps it, and waits at the gate, is sent.
    if (!request.answered) {
      answer(request);
    }
    leaveGate(request);
    if (!request.inTransferLog) {
      releaseActivity(request);
    }
  }

  private void leaveGate(WriteRequest request) {
    if (request.ticket != null) {
      gate.leave(request.ticket);
      request.ticket = null;
    }
  }

  private void answer(WriteRequest request) {
    if (!isOnGoodDisk(request)) {
      if (device.state().isSuspended()) {
        refreeze(request);
      } else {
        fail(request);
      }
      return;
    }
    request.answered = true;
    log.answered(request);
    if (request.remote != Side.OK && device.state().isSuspended()) {
      awaitingThaw.add(request);
    } else {
      finishInGeneration(request);
    }
  }

  /// What the peer lacks is answered only when it is durable that a new generation has begun.
  private void finishInGeneration(WriteRequest request) {
    if (request.remote != Side.OK && generationsPending > 0) {
      awaitingGeneration.add(request);
    } else {
      finish(request);
    }
  }

  /// Is the write on a disk that anybody may go on with? What only an Inconsistent disk has goes
  /// away with the next resync.
  private boolean isOnGoodDisk(WriteRequest request) {
    StateWord state = device.state();
    return (request.local == Side.OK && state.disk() == DiskState.UP_TO_DATE)
        || (request.remote == Side.OK && state.pdsk() == DiskState.UP_TO_DATE);
  }

  private void refreeze(WriteRequest request) {
    request.answered = true;
    releaseActivity(request);
    frozen.add(
        new WriteRequest(
            this,
            request.answer,
            turn.newToken(),
            request.extent,
            request.payload,
            request.discard,
            request.fua));
  }

  private void finish(WriteRequest request) {
    end(request, null);
  }

  private void fail(WriteRequest request) {
    request.answered = true;
    leaveGate(request);
    if (!request.inTransferLog) {
      releaseActivity(request);
    }
    end(request, Effect.AppError.IO);
  }

  private void end(WriteRequest request, Effect.@Nullable AppError error) {
    device.counters().applicationPending(-1);
    inFlight--;
    request.answer.answered(error);
  }

  private void releaseActivity(WriteRequest request) {
    ActivityLog activity = request.activity;
    ActivityLog.Span span = request.span;
    request.activity = null;
    request.span = null;
    if (activity != null && span != null) {
      activity.release(span);
    }
  }

  // ---- around

  /// I/O goes on: what is done is answered, what was frozen starts now, in order.
  public void thaw() {
    while (!awaitingThaw.isEmpty() && !device.state().isSuspended()) {
      finishInGeneration(awaitingThaw.remove());
    }
    List<WriteRequest> thawed = List.copyOf(frozen);
    frozen.clear();
    for (WriteRequest request : thawed) {
      if (device.state().isSuspended()) {
        frozen.add(request);
      } else {
        start(request);
      }
    }
  }

  /// A new generation begins: writes that the peer lacks are answered only when it is durable.
  public void generationBegins() {
    generationsPending++;
  }

  /// The new generation is durable, or the disk that it was to be written to is given up: what only
  /// that disk has cannot be promised.
  public void generationEnds(boolean durable) {
    Invariant.check(generationsPending > 0, "a generation is pending");
    generationsPending--;
    if (!durable) {
      List<WriteRequest> lost = List.copyOf(awaitingGeneration);
      awaitingGeneration.clear();
      lost.forEach(each -> end(each, Effect.AppError.IO));
    }
    while (generationsPending == 0 && !awaitingGeneration.isEmpty()) {
      finish(awaitingGeneration.remove());
    }
  }
}
