package org.twincore.drbd.engine.state;

import static org.twincore.drbd.GenerationUuids.JUST_CREATED;
import static org.twincore.drbd.GenerationUuids.PRIMARY_BIT;

import java.util.random.RandomGenerator;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.Role;

/// How the generation UUIDs of a volume move (drbd-wire section 6.1).
///
/// Each function returns the set to be written; the caller makes it durable before it relies on it.
public final class UuidChanges {
  private static final int DRAWS_MAX = 64;

  private UuidChanges() {}

  /// The set of a source that starts a resync, and the UUID to send in P_SYNC_UUID.
  public record SourceStart(GenerationUuids uuids, long syncUuid) {}

  /// A new generation: what was current becomes the bitmap UUID, the bitmap counts from there on. A
  /// bitmap UUID that was set is lost (the kernel warns; the caller should as well).
  public static GenerationUuids newCurrent(
      GenerationUuids uuids, Role role, RandomGenerator random) {
    long drawn = withRole(draw(uuids, random), role);
    return new GenerationUuids(drawn, uuids.current(), uuids.history0(), uuids.history1());
  }

  /// Start of a resync on the source, before P_SYNC_UUID is sent.
  public static SourceStart startSource(GenerationUuids uuids, RandomGenerator random) {
    long old = uuids.bitmap();
    boolean known = old != 0 && old != JUST_CREATED;
    long syncUuid = known ? old + UuidCompare.SYNC_UUID_OFFSET : draw(uuids, random);
    GenerationUuids pushed = old == 0 ? uuids : push(uuids, old);
    return new SourceStart(pushed.withBitmap(syncUuid), syncUuid);
  }

  /// Start of a resync on the target, when P_SYNC_UUID has arrived.
  public static GenerationUuids startTarget(GenerationUuids uuids, long syncUuid, Role role) {
    return uuids.withCurrent(withRole(syncUuid, role)).withBitmap(0);
  }

  /// End of a resync without a failed block on the source.
  public static GenerationUuids endSource(GenerationUuids uuids) {
    return clearBitmap(uuids);
  }

  /// End of a resync without a failed block on the target; `peer` is the source's set as its last
  /// P_UUIDS gave it (after the repairs of the comparison).
  public static GenerationUuids endTarget(GenerationUuids own, GenerationUuids peer, Role role) {
    long syncUuid = own.current();
    GenerationUuids taken = peer.bitmap() == 0 ? peer : push(peer, peer.bitmap());
    return clearBitmap(taken.withBitmap(syncUuid)).withCurrent(withRole(peer.current(), role));
  }

  /// Moves the bitmap UUID into the history, if there is one.
  public static GenerationUuids clearBitmap(GenerationUuids uuids) {
    return uuids.bitmap() == 0 ? uuids : push(uuids, uuids.bitmap()).withBitmap(0);
  }

  /// `new-current-uuid`: the set that is announced (with flag 8 when the initial sync is skipped).
  /// After announcing a skipped initial sync the sender clears the bitmap UUID without a push:
  /// `withBitmap(0)`.
  public static GenerationUuids newCurrentByAdmin(
      GenerationUuids uuids, Role role, RandomGenerator random) {
    return newCurrent(clearBitmap(uuids), role, random);
  }

  /// The receiver of an announced skip of the initial sync takes the announced current UUID.
  public static GenerationUuids acceptSkippedSync(
      GenerationUuids own, long announcedCurrent, Role role) {
    return startTarget(own, announcedCurrent, role);
  }

  /// Bit 0 of the current UUID says whether this node is Primary.
  public static GenerationUuids forRole(GenerationUuids uuids, Role role) {
    return uuids.withCurrent(withRole(uuids.current(), role));
  }

  private static GenerationUuids push(GenerationUuids uuids, long newest) {
    return new GenerationUuids(uuids.current(), uuids.bitmap(), newest, uuids.history0());
  }

  private static long withRole(long uuid, Role role) {
    return role == Role.PRIMARY ? uuid | PRIMARY_BIT : uuid & ~PRIMARY_BIT;
  }

  /// A value that is neither special nor one of the set's own.
  private static long draw(GenerationUuids uuids, RandomGenerator random) {
    for (int draws = 0; draws < DRAWS_MAX; draws++) {
      long drawn = random.nextLong();
      long identity = drawn & ~PRIMARY_BIT;
      boolean special = identity == 0 || identity == JUST_CREATED;
      boolean used =
          identity == uuids.currentIdentity()
              || identity == (uuids.bitmap() & ~PRIMARY_BIT)
              || identity == (uuids.history0() & ~PRIMARY_BIT)
              || identity == (uuids.history1() & ~PRIMARY_BIT);
      if (!special && !used) {
        return drawn;
      }
    }
    Invariant.check(false, "the random source does not repeat itself");
    return 0;
  }
}
