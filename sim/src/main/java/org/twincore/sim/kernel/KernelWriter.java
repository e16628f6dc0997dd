package org.twincore.sim.kernel;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.Simulation;

/// What a scripted Primary writes: to its own disk at once, and to the peer in epochs, kept in a
/// transfer log until their barrier acks (drbd-wire 8.2 and 8.6).
///
/// Beside another Primary its disk says only after a while that it has a write, and what that other
/// one wants again goes out a second time, as a new write (section 9). Without a disk of its own
/// the peer's is the only one.
public final class KernelWriter {
  private static final long LOCAL_NANOS = 3 * Simulation.MILLISECOND;
  private static final long AGAIN_NANOS = Simulation.MILLISECOND;

  /// How a write ended for the application that wanted it.
  @FunctionalInterface
  public interface Answer {
    void is(boolean isWritten);
  }

  /// What an application wants written; without data it is a discard.
  private record Wish(Extent extent, @Nullable Payload payload, int flags, Answer answer) {}

  private static final class Request {
    private final Wish wish;
    private final long blockId;
    private final int epoch;
    private final boolean clearsBits;

    /// On the own disk, or on its way there.
    private final boolean isLocal;

    private boolean isAnswered;
    private boolean isPostponed;
    private boolean isSuperseded;

    /// The peer could not write it.
    private boolean isRefused;

    private boolean isHere;
    private boolean isThere;

    Request(Wish wish, long blockId, int epoch, boolean clearsBits, boolean isLocal) {
      this.wish = wish;
      this.blockId = blockId;
      this.epoch = epoch;
      this.clearsBits = clearsBits;
      this.isLocal = isLocal;
    }

    boolean overlaps(Extent extent) {
      return wish.extent.overlaps(extent);
    }

    boolean covers(Extent extent) {
      return wish.extent.sector() <= extent.sector()
          && extent.endSector() <= wish.extent.endSector();
    }
  }

  private final KernelPeer node;

  /// What is not answered to the application, in the order in which it was begun.
  private final List<Request> open = new ArrayList<>();

  /// What was sent, until its barrier ack, in that order.
  private final List<Request> log = new ArrayList<>();

  /// Epochs with a write that came in conflict with one of the peer.
  private final Set<Integer> disputed = new HashSet<>();

  private int epochNumber;
  private int epochSize;
  private long lastBlockId;

  KernelWriter(KernelPeer node) {
    this.node = node;
  }

  /// Has every write been answered, and every barrier?
  public boolean isIdle() {
    return log.isEmpty() && open.isEmpty();
  }

  /// Is a write to any of these sectors not done with, or are applications held back?
  public boolean isBusy(Extent extent) {
    return isHeld()
        || node.isVerifying()
        || node.conflicts().isBusy(extent)
        || open.stream().anyMatch(request -> request.overlaps(extent));
  }

  /// Applications are held back while it is not settled what the own disk lacks, and with an older
  /// peer also while it would not hear of what they change (`drbd_state_is_stable`).
  private boolean isHeld() {
    return switch (node.state().conn()) {
      case WF_BITMAP_T, WF_SYNC_UUID -> true;
      case WF_BITMAP_S -> !node.agreed().has(Since.LATE_MARKS);
      default -> node.state().disk() == DiskState.NEGOTIATING;
    };
  }

  /// The next epoch has that number; a kernel's node counts on from one connection to the next.
  void epochsFrom(int number) {
    epochNumber = number;
  }

  // ---- conflicts

  /// Must a write of the peer wait for an own one? On the node that does not decide.
  boolean mustBeWaitedFor(Extent extent) {
    return open.stream()
        .filter(it -> it.overlaps(extent))
        .anyMatch(it -> !it.isHere || !it.isPostponed);
  }

  /// What becomes of a write of the peer on the node that decides.
  KernelConflicts.Verdict judge(Extent extent) {
    KernelConflicts.Verdict verdict = KernelConflicts.Verdict.WRITE;
    for (Request request : open) {
      if (request.overlaps(extent)) {
        if (request.covers(extent)) {
          return KernelConflicts.Verdict.SUPERSEDED;
        }
        verdict = KernelConflicts.Verdict.RETRY;
      }
    }
    return verdict;
  }

  /// A write of the peer is done, behind which own ones go out again.
  void restartPostponed(Extent extent) {
    for (Request request : List.copyOf(open)) {
      if (request.isPostponed && request.isHere && request.overlaps(extent)) {
        open.remove(request);
        log.remove(request);
        again(request.wish);
      }
    }
  }

  private void again(Wish wish) {
    if (isBusy(wish.extent)) {
      node.simulation.after(AGAIN_NANOS, () -> again(wish));
    } else {
      write(wish, 0x100 + ++lastBlockId);
    }
  }

  // ---- writes

  /// Writes as Primary; `answer` is called when the application gets it, never after a crash.
  public void write(long sector, Payload payload, Answer answer) {
    write(sector, payload, 0x100 + ++lastBlockId, DpFlags.SYNC, answer);
  }

  /// The same with a given block_id and flags of the application.
  void write(long sector, Payload payload, long blockId, int flags, Answer answer) {
    write(new Wish(new Extent(sector, payload.lengthBytes()), payload, flags, answer), blockId);
  }

  /// A discard; otherwise as [#write].
  void trim(Extent extent, long blockId, int flags, Answer answer) {
    write(new Wish(extent, null, flags | DpFlags.DISCARD, answer), blockId);
  }

  private void write(Wish wish, long blockId) {
    Extent extent = wish.extent;
    Payload payload = wish.payload;
    if (!mayWrite()) {
      wish.answer.is(false);
      return;
    }
    boolean isLocal = node.attachment().isThere();
    if (isLocal) {
      if (payload == null) {
        node.disk.clear(extent);
      } else {
        node.disk.write(extent.sector(), payload);
      }
    }
    if (!begin(wish)) {
      return;
    }
    int flags = wish.flags | flagsNow();
    Request request =
        new Request(wish, blockId, epochNumber, (flags & DpFlags.MAY_SET_IN_SYNC) != 0, isLocal);
    open.add(request);
    log.add(request);
    int number = node.nextSequence();
    int bytes = (int) extent.sizeBytes();
    if (payload == null) {
      node.wire.data(
          new Packet.Range(PacketType.TRIM, extent.sector(), blockId, number, flags, bytes, 0),
          null);
    } else {
      node.send(
          new Packet.Data(PacketType.DATA, extent.sector(), blockId, number, flags, bytes),
          payload);
    }
    epochSize++;
    node.wire.data(new Packet.Empty(PacketType.UNPLUG_REMOTE), null);
    if (node.settings().protocol() == KernelSettings.Protocol.A) {
      request.isThere = true;
    }
    if (node.settings().twoPrimaries()) {
      node.simulation.after(node.random.nextLong(LOCAL_NANOS), () -> written(request));
    } else {
      written(request);
    }
  }

  private void written(Request request) {
    request.isHere = true;
    settle(request);
  }

  /// Is there good data at least on one side?
  private boolean mayWrite() {
    return node.state().disk() == DiskState.UP_TO_DATE
        || node.state().pdsk() == DiskState.UP_TO_DATE;
  }

  /// Whether the peer must hear of it; else it is only marked, and done.
  private boolean begin(Wish wish) {
    Extent extent = wish.extent;
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
    wish.answer.is(true);
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

  /// Answers the application if both sides are done with it, and ends its epoch then.
  private void settle(Request request) {
    node.packets().takeHeldSoon();
    if (!request.isHere || !request.isThere || !open.remove(request)) {
      return;
    }
    request.wish.answer.is(!request.isRefused || isKept(request));
    if (request.epoch == epochNumber && epochSize > 0) {
      node.wire.data(new Packet.Barrier(Integer.reverseBytes(epochNumber), 0), null);
      epochNumber++;
      epochSize = 0;
    }
    if (request.isSuperseded) {
      log.remove(request);
    }
  }

  // ---- answers

  /// Any ack that is not of the resync.
  void ack(Packet.BlockAck ack) {
    if (ack.type() == PacketType.NEG_ACK) {
      refused(ack);
      return;
    }
    Request request =
        log.stream()
            .filter(it -> it.blockId == ack.blockId())
            .findFirst()
            .orElseThrow(() -> new Misbehaved("an ack for nothing: " + ack));
    Extent extent = request.wish.extent;
    if (extent.sector() != ack.sector() || extent.sizeBytes() != ack.sizeBytes()) {
      throw new Misbehaved("expected " + extent + ", found " + ack);
    }
    switch (ack.type()) {
      case RECV_ACK -> {
        if (node.settings().protocol() != KernelSettings.Protocol.B) {
          throw new Misbehaved("not asked for: " + ack);
        }
        request.isThere = true;
      }
      case WRITE_ACK, RS_WRITE_ACK -> {
        answered(request, ack);
        request.isThere = true;
        if (ack.type() == PacketType.RS_WRITE_ACK) {
          if (!request.clearsBits) {
            throw new Misbehaved("may not set in sync: " + ack);
          }
          node.disk.setInSync(extent);
        }
      }
      case SUPERSEDED -> {
        decided(request, ack);
        request.isThere = true;
        request.isSuperseded = true;
      }
      case RETRY_WRITE -> {
        decided(request, ack);
        request.isPostponed = true;
      }
      default -> throw new Misbehaved("an answer to a good write: " + ack);
    }
    settle(request);
  }

  /// P_NEG_ACK: the peer does not have the write, also if it was answered before, or even forgotten
  /// here.
  private void refused(Packet.BlockAck ack) {
    node.disk.setOutOfSync(new Extent(ack.sector(), ack.sizeBytes()));
    if (node.state().conn().isAtLeast(ConnectionState.WF_BITMAP_S)) {
      node.resync().markedLate();
    }
    log.stream()
        .filter(it -> it.blockId == ack.blockId())
        .findFirst()
        .ifPresent(request -> {
          request.isThere = true;
          request.isRefused = true;
          settle(request);
        });
  }

  private static void answered(Request request, Packet.BlockAck ack) {
    if (request.isAnswered) {
      throw new Misbehaved("a second time: " + ack);
    }
    request.isAnswered = true;
  }

  private void decided(Request request, Packet.BlockAck ack) {
    if (!node.settings().twoPrimaries() || node.resolvesConflicts()) {
      throw new Misbehaved("not for the peer to decide: " + ack);
    }
    answered(request, ack);
    disputed.add(request.epoch);
  }

  /// The oldest epoch is on the peer's disk. A kernel's node counts what is left of it in its log
  /// (`tl_release`), also a superseded write that its own disk is not done with, and one that it is
  /// to send again: so beside a conflict it may expect more than the peer counts, and hang up.
  void barrierAck(Packet.BarrierAck ack) {
    List<Request> members = oldestEpoch();
    int number = members.isEmpty() ? epochNumber : members.getFirst().epoch;
    boolean isExpected =
        number < epochNumber
            && ack.barrier() == Integer.reverseBytes(number)
            && ack.setSize() == members.size();
    if (isExpected && members.stream().allMatch(it -> it.isThere)) {
      log.removeAll(members);
      if (isIdle()) {
        node.disk.nothingHot();
      }
    } else if (disputed.contains(Integer.reverseBytes(ack.barrier()))
        || disputed.contains(number)) {
      node.hangUp("barrier of a conflict");
    } else {
      throw new Misbehaved(
          isExpected
              ? "a barrier ack before the acks of its writes: " + ack
              : "expected barrier %d of %d, found %s".formatted(number, members.size(), ack));
    }
  }

  private List<Request> oldestEpoch() {
    List<Request> members = new ArrayList<>();
    for (Request request : log) {
      boolean isFirst = members.isEmpty() && !request.isSuperseded;
      if (isFirst || !members.isEmpty() && request.epoch == members.getFirst().epoch) {
        members.add(request);
      }
    }
    return members;
  }

  /// The connection is gone: what no barrier ack covers is out of sync, and done.
  void lost() {
    List<Request> unacked = List.copyOf(log);
    List<Request> unanswered = List.copyOf(open);
    forget();
    unacked.forEach(request -> node.disk.setOutOfSync(request.wish.extent));
    unanswered.forEach(request -> request.wish.answer.is(isKept(request)));
    node.disk.nothingHot();
  }

  /// Is what the peer lacks on a disk that no resync overwrites? (A kernel's node also answers well
  /// when only its Inconsistent disk has it, and loses it then without anybody's help.)
  private boolean isKept(Request request) {
    return request.isLocal
        && node.attachment().isThere()
        && node.state().disk() == DiskState.UP_TO_DATE;
  }

  void crashed() {
    forget();
  }

  private void forget() {
    open.clear();
    log.clear();
    disputed.clear();
    epochNumber = 0;
    epochSize = 0;
  }
}
