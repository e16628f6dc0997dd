package org.twincore.sim.kernel;

import java.util.function.LongSupplier;
import org.twincore.drbd.GenerationUuids;

/// The generation identifiers' rules (drbd-wire section 6), as a kernel's node applies them.
final class KernelUuids {
  private static final long STEP = 1L << 48;
  private static final int FIX_BY_SYNC_UUID = 96;

  /// Only newer nodes can settle it.
  static final int NEEDS_NEWER = -0x10000;

  private KernelUuids() {}

  /// What a comparison found: the rule's number and its result (1 source, -1 target, 2 and -2 with
  /// all bits, 0 nothing to do, 100 and below -2 refused), and both sets as repaired by the rule.
  record Verdict(int rule, int result, GenerationUuids own, GenerationUuids peer) {}

  /// Who is and was Primary, for rules 40 and 41, and whether both are new enough for the latter.
  record Crashes(
      boolean own, boolean peer, boolean isPrimary, boolean peerIsPrimary, boolean areNew) {}

  static Verdict compare(
      GenerationUuids own, GenerationUuids peer, Crashes crashes, boolean resolves, int version) {
    long self = masked(own.current());
    long other = masked(peer.current());
    if (self == GenerationUuids.JUST_CREATED && other == GenerationUuids.JUST_CREATED) {
      return new Verdict(10, 0, own, peer);
    }
    if (isUnset(self) && other != GenerationUuids.JUST_CREATED) {
      return new Verdict(20, -2, own, peer);
    }
    if (isUnset(other) && self != GenerationUuids.JUST_CREATED) {
      return new Verdict(30, 2, own, peer);
    }
    if (self == other) {
      return compareEqual(own, peer, crashes, resolves);
    }
    if (self == masked(peer.bitmap())) {
      return new Verdict(50, -1, own, peer);
    }
    if (self == masked(peer.history0()) && lostSyncUuid(own, peer, version)) {
      GenerationUuids undone =
          new GenerationUuids(peer.current(), peer.history0(), peer.history1(), peer.history1());
      return new Verdict(51, -1, own, undone);
    }
    if (self == masked(peer.history0()) || self == masked(peer.history1())) {
      return new Verdict(60, -2, own, peer);
    }
    if (masked(own.bitmap()) == other) {
      return new Verdict(70, 1, own, peer);
    }
    if (masked(own.history0()) == other && lostSyncUuid(peer, own, version)) {
      GenerationUuids undone =
          new GenerationUuids(own.current(), own.history0(), own.history1(), own.history1());
      return new Verdict(71, 1, undone, peer);
    }
    if (masked(own.history0()) == other || masked(own.history1()) == other) {
      return new Verdict(80, 2, own, peer);
    }
    if (own.bitmap() != 0 && masked(own.bitmap()) == masked(peer.bitmap())) {
      return new Verdict(90, 100, own, peer);
    }
    return new Verdict(100, -100, own, peer);
  }

  private static Verdict compareEqual(
      GenerationUuids own, GenerationUuids peer, Crashes crashes, boolean resolves) {
    if (peer.bitmap() == 0 && own.bitmap() != 0) {
      boolean missedEnd =
          masked(own.bitmap()) == masked(peer.history0())
              && masked(own.history0()) == masked(peer.history1());
      return missedEnd
          ? new Verdict(34, 1, withoutBitmap(own), peer)
          : new Verdict(36, 1, own, peer);
    }
    if (own.bitmap() == 0 && peer.bitmap() != 0) {
      boolean missedEnd =
          masked(own.history0()) == masked(peer.bitmap())
              && masked(own.history1()) == masked(peer.history0());
      return missedEnd
          ? new Verdict(35, -1, own, withoutBitmap(peer))
          : new Verdict(37, -1, own, peer);
    }
    if (!crashes.own && !crashes.peer) {
      return new Verdict(40, 0, own, peer);
    }
    if (crashes.isPrimary || crashes.peerIsPrimary) {
      if (!crashes.areNew) {
        return new Verdict(41, NEEDS_NEWER, own, peer);
      }
      int result = crashes.isPrimary && crashes.peerIsPrimary ? -100 : crashes.isPrimary ? 1 : -1;
      return new Verdict(41, result, own, peer);
    }
    boolean asSource = crashes.own && crashes.peer ? !resolves : crashes.own;
    return new Verdict(40, asSource ? 1 : -1, own, peer);
  }

  /// `older` missed the P_SYNC_UUID that `newer` sent.
  private static boolean lostSyncUuid(GenerationUuids older, GenerationUuids newer, int version) {
    return version < FIX_BY_SYNC_UUID
        ? masked(older.history0()) == masked(newer.history1())
        : masked(newer.history0()) + STEP == masked(newer.bitmap());
  }

  private static boolean isUnset(long current) {
    return current == GenerationUuids.JUST_CREATED || current == 0;
  }

  private static long masked(long uuid) {
    return uuid & ~GenerationUuids.PRIMARY_BIT;
  }

  // ---- changes

  static GenerationUuids fresh(GenerationUuids uuids, long drawn, boolean isPrimary) {
    return new GenerationUuids(
        role(drawn, isPrimary), uuids.current(), uuids.history0(), uuids.history1());
  }

  /// The current UUID with the bit that tells a Primary's.
  static long role(long current, boolean isPrimary) {
    return isPrimary
        ? current | GenerationUuids.PRIMARY_BIT
        : current & ~GenerationUuids.PRIMARY_BIT;
  }

  /// A resync begins at its source.
  static GenerationUuids resyncAs(GenerationUuids uuids, long sync) {
    GenerationUuids pushed = uuids.bitmap() == 0 ? uuids : withoutBitmap(uuids);
    return pushed.withBitmap(sync);
  }

  /// The UUID of a resync that begins; `drawn` where the bitmap UUID leads to none.
  static long syncUuid(GenerationUuids uuids, LongSupplier drawn) {
    boolean hasOne = uuids.bitmap() != 0 && uuids.bitmap() != GenerationUuids.JUST_CREATED;
    return hasOne ? uuids.bitmap() + STEP : drawn.getAsLong();
  }

  /// The bitmap UUID goes into the history.
  static GenerationUuids withoutBitmap(GenerationUuids uuids) {
    return uuids.bitmap() == 0
        ? uuids
        : new GenerationUuids(uuids.current(), 0, uuids.bitmap(), uuids.history0());
  }

  /// A resync ended at its target, whose source last told `peer`.
  static GenerationUuids afterTarget(GenerationUuids own, GenerationUuids peer, boolean isPrimary) {
    GenerationUuids taken =
        new GenerationUuids(
            role(peer.current(), isPrimary), peer.bitmap(), peer.history0(), peer.history1());
    GenerationUuids pushed = taken.bitmap() == 0 ? taken : withoutBitmap(taken);
    return withoutBitmap(pushed.withBitmap(own.current()));
  }
}
