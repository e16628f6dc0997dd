package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.wire.StateWord;

/// The answers to an application's writes that are done: given at once, or held back until they can
/// be true whatever crashes next.
///
/// What the peer lacks waits for the new generation to be durable. What only the peer has, because
/// the own disk was lost, waits until the peer says that it began one: else the own disk would be
/// taken for as good after a crash of both. While I/O is frozen nobody knows yet whether a write
/// may be answered at all.
final class WriteAnswers {
  private final Device device;
  private final Consumer<WriteRequest> ended;
  private final ArrayDeque<WriteRequest> awaitingGeneration = new ArrayDeque<>();

  /// Done here but not at the peer, while I/O is frozen: whether they may be answered is not known.
  private final ArrayDeque<WriteRequest> awaitingThaw = new ArrayDeque<>();

  /// Done at the peer only, which has not yet said that its generation began.
  private final ArrayDeque<WriteRequest> awaitingPeersGeneration = new ArrayDeque<>();

  private boolean peersGenerationPending;
  private int generationsPending;
  private int inFlight;

  /// `ended` hears of each write that was answered.
  WriteAnswers(Device device, Consumer<WriteRequest> ended) {
    this.device = device;
    this.ended = ended;
  }

  /// A write was taken: it is owed an answer.
  void owe() {
    device.counters().applicationPending(1);
    inFlight++;
  }

  /// Writes that were taken and not answered.
  int inFlight() {
    return inFlight;
  }

  /// Is the write on a disk that anybody may go on with? What only an Inconsistent disk has goes
  /// away with the next resync.
  boolean isOnGoodDisk(WriteRequest request) {
    StateWord state = device.state();
    return (request.local == Side.OK && state.disk() == DiskState.UP_TO_DATE)
        || (request.remote == Side.OK && state.pdsk() == DiskState.UP_TO_DATE);
  }

  /// Answers a write that is on a good disk and that both sides are done with, now or when it may
  /// be.
  void give(WriteRequest request) {
    request.answered = true;
    if (request.local != Side.OK && peersGenerationPending) {
      awaitingPeersGeneration.add(request);
    } else if (request.remote != Side.OK && device.state().isSuspended()) {
      awaitingThaw.add(request);
    } else {
      finishInGeneration(request);
    }
  }

  /// Answers at once. Until then the write may have to be begun anew, and needs its data for that.
  void end(WriteRequest request, Effect.@Nullable AppError error) {
    if (error == null && request.local != Side.OK) {
      device.writtenElsewhere();
    }
    request.payload = null;
    device.counters().applicationPending(-1);
    inFlight--;
    request.answer.answered(error);
    ended.accept(request);
  }

  /// What the peer lacks is answered only when it is durable that a new generation has begun.
  private void finishInGeneration(WriteRequest request) {
    if (request.remote != Side.OK && generationsPending > 0) {
      awaitingGeneration.add(request);
    } else {
      end(request, null);
    }
  }

  /// I/O goes on: what waited for that is answered.
  void thaw() {
    while (!awaitingThaw.isEmpty() && !device.state().isSuspended()) {
      finishInGeneration(awaitingThaw.remove());
    }
  }

  /// A new generation begins: writes that the peer lacks are answered only when it is durable.
  void generationBegins() {
    generationsPending++;
  }

  /// The new generation is durable, or the disk that it was to be written to is given up: what only
  /// that disk has cannot be promised.
  void generationEnds(boolean durable) {
    Invariant.check(generationsPending > 0, "a generation is pending");
    generationsPending--;
    if (!durable) {
      List<WriteRequest> lost = List.copyOf(awaitingGeneration);
      awaitingGeneration.clear();
      lost.forEach(each -> end(each, Effect.AppError.IO));
    }
    while (generationsPending == 0 && !awaitingGeneration.isEmpty()) {
      end(awaitingGeneration.remove(), null);
    }
  }

  // ---- the generation that the peer begins when the own disk is lost

  /// The own disk was lost: the peer will begin a new generation.
  void peersGenerationBegins() {
    peersGenerationPending = true;
  }

  boolean awaitsPeersGeneration() {
    return peersGenerationPending;
  }

  /// The peer's new generation is durable there: what waited for that is answered.
  void peersGenerationBegan() {
    peersGenerationPending = false;
    while (!awaitingPeersGeneration.isEmpty()) {
      finishInGeneration(awaitingPeersGeneration.remove());
    }
  }

  /// The peer was lost before: hands out what waited, which nobody can promise any more.
  List<WriteRequest> peersGenerationLost() {
    peersGenerationPending = false;
    List<WriteRequest> lost = List.copyOf(awaitingPeersGeneration);
    awaitingPeersGeneration.clear();
    return lost;
  }
}
