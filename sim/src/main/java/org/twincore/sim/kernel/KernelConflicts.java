package org.twincore.sim.kernel;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.Packet;
import org.twincore.sim.world.Simulation;

/// Writes of two Primaries that meet, as a kernel's node sees them (drbd-wire section 9).
///
/// The node that accepted the meta socket takes the peer's writes in the order of their numbers,
/// and lets its own ones that are not done win; the other takes the peer's write once its own ones
/// were answered, or are to be sent again behind it.
final class KernelConflicts {
  /// How long a number may be missing before it never comes.
  private static final long MISSING_NANOS = 2 * Simulation.SECOND;

  enum Verdict {
    WRITE,
    SUPERSEDED,
    RETRY
  }

  private final KernelPeer node;

  /// The highest number of the peer that was seen.
  private int seen;

  /// The peer's writes that are not acked.
  private final List<Extent> peers = new ArrayList<>();

  private boolean isWaiting;

  KernelConflicts(KernelPeer node) {
    this.node = node;
  }

  void forget() {
    seen = 0;
    peers.clear();
    isWaiting = false;
  }

  private boolean isEngaged() {
    return node.settings().twoPrimaries();
  }

  /// A number of the peer, of an ack or of a write that is taken.
  void seen(int number) {
    if (number - seen > 0) {
      seen = number;
    }
  }

  boolean mayBeTaken(Packet.Data write) {
    return mayBeTaken(new Extent(write.sector(), write.payloadBytes()), write.sequence());
  }

  boolean mayBeTaken(Packet.Range range) {
    return mayBeTaken(new Extent(range.sector(), range.sizeBytes()), range.sequence());
  }

  private boolean mayBeTaken(Extent extent, int number) {
    if (!isEngaged()) {
      return true;
    }
    if (!node.resolvesConflicts()) {
      return !node.writer().mustBeWaitedFor(extent);
    }
    boolean isDue = number - 1 - seen <= 0;
    if (!isDue && !isWaiting) {
      isWaiting = true;
      node.later(
          MISSING_NANOS,
          () -> {
            isWaiting = false;
            if (number - 1 - seen > 0) {
              throw new Misbehaved("missing before number " + number + ": have " + seen);
            }
          });
    }
    return isDue;
  }

  /// What becomes of a write that is taken; if it is written, [#done] must follow.
  Verdict arrive(Extent extent, int number) {
    if (!isEngaged()) {
      return Verdict.WRITE;
    }
    seen(number);
    Verdict verdict = node.resolvesConflicts() ? node.writer().judge(extent) : Verdict.WRITE;
    if (verdict == Verdict.WRITE) {
      if (peers.stream().anyMatch(extent::overlaps)) {
        throw new Misbehaved("overlaps a write that was not answered: " + extent);
      }
      peers.add(extent);
    }
    return verdict;
  }

  /// A write of the peer was acked.
  void done(Extent extent) {
    if (peers.remove(extent)) {
      node.writer().restartPostponed(extent);
      node.packets().takeHeldSoon();
    }
  }

  /// Must an own write wait?
  boolean isBusy(Extent extent) {
    return peers.stream().anyMatch(extent::overlaps);
  }
}
