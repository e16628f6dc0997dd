package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
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
  private final TransferLog log;
  private final WriteGate gate;
  private final WriteSender sender;
  private final WriteAnswers answers;
  private final Listener listener;
  private final ArrayDeque<WriteRequest> frozen = new ArrayDeque<>();
  private final Map<Long, WriteRequest> awaitingActivity = new HashMap<>();

  /// What the volume must hear.
  public interface Listener {
    /// The own disk failed a write.
    void localWriteFailed(String cause);

    /// The own disk failed a flush.
    void localFlushFailed(String cause);

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
    this.log = log;
    this.gate = gate;
    this.sender = new WriteSender(device, turn, peering, log);
    this.answers = new WriteAnswers(device);
    this.listener = listener;
  }

  @Override
  public int volume() {
    return device.volume();
  }

  /// Writes that were taken and not answered.
  public int inFlight() {
    return answers.inFlight();
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
    answers.owe();
    if (device.holdsIo()) {
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
    if (device.holdsIo()) {
      // Frozen while it waited; nothing of it was begun.
      releaseActivity(request);
      frozen.add(request);
      leaveGate(request);
      return;
    }
    boolean local = device.hasUsableDisk();
    boolean remote = sender.isReplicated(state);
    boolean isBeyondEnd = !device.contains(request.extent);
    if ((!local && !remote) || isBeyondEnd) {
      fail(request);
      return;
    }
    if (local) {
      request.local = Side.PENDING;
    } else {
      // A disk that is being attached lacks this write.
      device.markOutOfSync(request.extent);
    }
    if (remote && !sender.send(request)) {
      listener.replicationGap();
    } else if (!remote) {
      sender.leaveOutOfSync(request, state);
    }
    if (local) {
      writeLocally(request);
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
      settleWhenNoted(request);
    } else if (request.fua && request.discard != null && device.hasUsableDisk()) {
      device.disk().disk().flush((cause, _) -> flushed(request, cause));
    } else {
      request.local = Side.OK;
      settle(request);
    }
  }

  /// A disk that stays attached has to know durably that it is not as good as the peer's.
  private void settleWhenNoted(WriteRequest request) {
    if (device.hasUsableDisk() && device.disk().isSuperblockPending()) {
      request.local = Side.PENDING;
      device
          .disk()
          .settle(_ -> {
            request.local = Side.FAILED;
            settle(request);
          });
    } else {
      settle(request);
    }
  }

  private void flushed(WriteRequest request, @Nullable String error) {
    request.local = error == null ? Side.OK : Side.FAILED;
    if (error != null) {
      listener.localFlushFailed(error);
    }
    settle(request);
  }

  void localFlushFailed(String cause) {
    listener.localFlushFailed(cause);
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

  @Override
  public void staysOutOfSync(WriteRequest request) {
    request.maySetInSync = false;
    device.markOutOfSync(request.extent);
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
    // An epoch that ends here must end before a write that waits at the gate is sent.
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
    if (answers.isOnGoodDisk(request)) {
      log.answered(request);
      answers.give(request);
    } else if (device.state().isSuspended()) {
      refreeze(request);
    } else {
      fail(request);
    }
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

  private void fail(WriteRequest request) {
    request.answered = true;
    leaveGate(request);
    if (!request.inTransferLog) {
      releaseActivity(request);
    }
    answers.end(request, Effect.AppError.IO);
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
    answers.thaw();
    List<WriteRequest> thawed = List.copyOf(frozen);
    frozen.clear();
    for (WriteRequest request : thawed) {
      if (device.holdsIo()) {
        frozen.add(request);
      } else {
        start(request);
      }
    }
  }

  /// A new generation begins: writes that the peer lacks are answered only when it is durable.
  public void generationBegins() {
    answers.generationBegins();
  }

  /// The new generation is durable, or the disk that it was to be written to is given up.
  public void generationEnds(boolean durable) {
    answers.generationEnds(durable);
  }

  /// The own disk was lost, and the peer will begin a new generation: until it says so, what only
  /// the peer has is not answered.
  public void peersGenerationBegins() {
    answers.peersGenerationBegins();
  }

  public boolean awaitsPeersGeneration() {
    return answers.awaitsPeersGeneration();
  }

  /// The peer's new generation is durable there.
  public void peersGenerationBegan() {
    answers.peersGenerationBegan();
  }

  /// The peer was lost before: nobody has these writes for certain.
  public void peersGenerationLost() {
    answers.peersGenerationLost().forEach(this::answer);
  }
}
