package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Backing;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.undo.UndoGuard;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;

/// The writes and discards of applications on one volume (drbd-wire section 8.2).
///
/// A write goes through the gates (nothing that overlaps is in flight), gets its activity-log
/// extents, then goes to the own disk and to the peer. It is answered when its protocol is
/// satisfied; its extents are let go when it is safe at the peer, or its blocks are marked.
public final class AppWrites {
  private final Device device;
  private final Turn turn;
  private final TransferLog log;
  private final ConflictGate conflicts;
  private final WriteGate gate;
  private final UndoGuard undo;
  private final WriteSender sender;
  private final WriteAnswers answers;
  private final Congestion congestion;
  private final PeerAnswers peerAnswers;
  private final Listener listener;
  private final ArrayDeque<WriteRequest> frozen = new ArrayDeque<>();
  private final WriteActivity activity;
  private final PostponedWrites postponed;
  private final KeptWrites kept;

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

    /// The way to the peer is congested, and `on-congestion` says what to do about it, before the
    /// next write is sent.
    void congested(String cause);
  }

  /// What a write has to pass: `conflicts` keeps it from the peer's writes, `own` from resyncs;
  /// `undo` saves what it overwrites, where that is wanted.
  public record Gates(ConflictGate conflicts, WriteGate own, UndoGuard undo) {}

  public AppWrites(
      Device device, Turn turn, Peering peering, TransferLog log, Gates gates, Listener listener) {
    this.device = device;
    this.turn = turn;
    this.log = log;
    this.conflicts = gates.conflicts;
    this.gate = gates.own;
    this.undo = gates.undo;
    this.sender = new WriteSender(device, turn, peering, log);
    this.congestion = new Congestion(device, peering, log, listener::congested);
    this.answers = new WriteAnswers(device, this::leaveConflicts);
    this.kept = new KeptWrites(turn, log, conflicts, sender);
    this.peerAnswers = new PeerAnswers(device, log, conflicts, kept, listener, this::settle);
    this.postponed = new PostponedWrites(turn, peering, conflicts);
    this.activity = new WriteActivity(device, this::submit);
    this.listener = listener;
  }

  /// Writes that were taken and not answered.
  public int inFlight() {
    return answers.inFlight();
  }

  /// Writes that wait for the activity log.
  public int awaitingActivity() {
    return activity.waiting();
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
        new WriteRequest(peerAnswers, answer, turn.newToken(), extent, payload, kind, fua);
    answers.owe();
    if (device.holdsIo()) {
      frozen.add(request);
    } else {
      start(request);
    }
  }

  private void start(WriteRequest request) {
    conflicts.enterWrite(
        request.extent,
        place -> {
          request.place = place;
          if (request.postponedNanos == null) {
            enterGate(request);
          } else {
            sendAgain(request);
          }
        });
  }

  private void enterGate(WriteRequest request) {
    gate.enter(
        request.extent,
        ticket -> {
          request.ticket = ticket;
          activity.begin(request);
        });
  }

  /// The activity log has let these tokens go on; those of others are skipped.
  public boolean activityReady(long token) {
    return activity.ready(token);
  }

  /// The disk is gone and with it the activity log: nobody waits for it any more.
  public void activityLost() {
    activity.lost();
  }

  // ---- to both disks

  private void submit(WriteRequest request) {
    if (sender.isReplicated(device.state())) {
      congestion.look();
    }
    ConflictGate.Place place = request.place;
    if (device.holdsIo()) {
      // Frozen while it waited; nothing of it was begun.
      WriteActivity.release(request);
      frozen.add(request);
      leaveGate(request);
      leaveConflicts(request);
    } else if (place != null && conflicts.mustGiveWay(place)) {
      WriteActivity.release(request);
      leaveGate(request);
      conflicts.giveWay(place);
    } else {
      goOut(request);
    }
  }

  private void sendAgain(WriteRequest request) {
    postponed.remove(request);
    request.id = turn.newToken();
    goOut(request);
  }

  private void goOut(WriteRequest request) {
    StateWord state = device.state();
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
    boolean sent = remote && sender.send(request);
    if (request.place != null) {
      conflicts.goesOut(request.place, sent, local);
    }
    if (remote && !sent && !local) {
      fail(request); // nobody has it, so that the peer lacks nothing
    } else if (remote && !sent) {
      listener.replicationGap();
    } else if (!remote) {
      sender.leaveOutOfSync(request, state);
    }
    if (local) {
      undo.before(
          request.extent,
          saved -> {
            if (saved && device.hasUsableDisk()) {
              writeLocally(request);
            } else {
              leaveToPeer(request);
            }
          });
    }
  }

  /// The own disk lacks it, and that is not the disk's fault.
  private void leaveToPeer(WriteRequest request) {
    if (request.place != null) {
      conflicts.written(request.place, false);
    }
    request.local = Side.FAILED;
    device.markOutOfSync(request.extent);
    settleWhenNoted(request);
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
    if (request.place != null) {
      conflicts.written(request.place, error == null);
    }
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

  /// P_RECV_ACK, P_WRITE_ACK, P_RS_WRITE_ACK or P_NEG_ACK for a write; false if it answers nothing
  /// that was sent.
  public boolean acknowledged(Packet.BlockAck ack) {
    return peerAnswers.acknowledged(ack);
  }

  /// Why an ack answers no write, in words.
  public String mismatch(Packet.BlockAck ack) {
    return peerAnswers.mismatch(ack);
  }

  /// Whether a packet answers one that was sent.
  public boolean awaits(Packet.BlockAck ack) {
    return log.find(device.volume(), ack.blockId(), ack.sector()) != null;
  }

  /// P_SUPERSEDED: the peer's own write comes later and covers it. False as before.
  public boolean superseded(Packet.BlockAck ack) {
    return peerAnswers.superseded(ack);
  }

  /// P_RETRY_WRITE: it is to be sent again behind the peer's write. False as before.
  public boolean retry(Packet.BlockAck ack) {
    return peerAnswers.retry(ack);
  }

  /// The connection is gone, and with it what postponed writes wait for.
  public void connectionLost() {
    postponed.takeAll().forEach(peerAnswers::replicationLost);
  }

  /// At the end of each step.
  public void tick() {
    postponed.tick();
  }

  public long deadlineNanos() {
    return postponed.deadlineNanos();
  }

  // ---- the way out

  /// Answers, lets go and forgets, as far as it is time.
  private void settle(WriteRequest request) {
    if (request.local == Side.PENDING || request.remote == Side.PENDING) {
      return;
    }
    if (request.postponedNanos != null) {
      postponed.add(request);
      return;
    }
    if (request.maySetInSync) {
      peerAnswers.clearIfBothHave(request);
      request.maySetInSync = false;
    }
    // An epoch that ends here must end before a write that waits at the gate is sent.
    if (!request.answered) {
      answer(request);
    }
    leaveGate(request);
    if (!request.inTransferLog) {
      WriteActivity.release(request);
    }
  }

  private void leaveGate(WriteRequest request) {
    if (request.ticket != null) {
      gate.leave(request.ticket);
      request.ticket = null;
    }
  }

  private void leaveConflicts(WriteRequest request) {
    ConflictGate.Place place = request.place;
    request.place = null;
    if (place != null) {
      conflicts.leave(place);
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
    WriteActivity.release(request);
    frozen.add(
        new WriteRequest(
            peerAnswers,
            request.answer,
            turn.newToken(),
            request.extent,
            request.payload,
            request.discard,
            request.fua));
    leaveConflicts(request);
  }

  private void fail(WriteRequest request) {
    request.answered = true;
    leaveGate(request);
    if (!request.inTransferLog) {
      WriteActivity.release(request);
    }
    answers.end(request, Effect.AppError.IO);
  }

  // ---- around

  /// The two Primaries have met as they parted: what was under way goes on.
  public void resumeWithPeer() {
    if (!kept.resume(peerAnswers, peerAnswers::lost)) {
      listener.replicationGap();
    }
  }

  /// Whether writes wait for [#resumeWithPeer].
  public boolean mayResume() {
    return !kept.isEmpty();
  }

  /// They do not go on as they parted: what was under way the peer may lack.
  public void giveUpKept() {
    kept.takeAll().forEach(peerAnswers::lost);
  }

  /// I/O goes on: what is done is answered, what was frozen starts now, in order.
  public void thaw() {
    giveUpKept();
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
