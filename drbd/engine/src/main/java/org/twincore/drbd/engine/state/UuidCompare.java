package org.twincore.drbd.engine.state;

import static org.twincore.drbd.GenerationUuids.JUST_CREATED;

import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;

/// Who has the better data? Compares the generation UUIDs of two nodes (drbd-wire section 6.2,
/// `drbd_uuid_compare`).
///
/// [#compare] walks [Rule] from the first row to the last and answers with the first that matches.
/// Bit 0 of each value is masked in every comparison.
///
/// Two deviations. A resync that was to end a split brain and whose start got lost is undone, so
/// that it can be tried any number of times. And towards safety: by rule 34 the kernel clears the
/// own bitmap UUID at once. If writes came after the missed end (they make no new current UUID, as
/// a bitmap UUID is set) and the connection breaks before the resync that rule 34 asks for has
/// started, both sets are then equal and the next comparison finds nothing to do, although bits are
/// set. Left alone, the set says the same at the next meeting, and the end of the resync makes both
/// sets equal just as well.
public final class UuidCompare {
  /// From this version on a lost "resync started" or "resync finished" can be repaired.
  static final int REPAIR_VERSION = 91;

  /// From this version on the UUID of a resync is the old bitmap UUID plus [#SYNC_UUID_OFFSET].
  static final int SYNC_UUID_VERSION = 96;

  /// What is added to the bitmap UUID when a resync starts.
  public static final long SYNC_UUID_OFFSET = 1L << 48;

  private UuidCompare() {}

  /// One side: its UUIDs, its role now, and whether it was Primary when it crashed (own flag, or
  /// flag 2 of the peer's P_UUIDS).
  public record Node(GenerationUuids uuids, Role role, boolean crashedPrimary) {}

  /// What the connection agreed on. `resolveConflicts` is set on the node that accepted the meta
  /// socket; `unrotatedAllowed` is feature WSAME, which stands for "knows rule 41".
  public record Terms(int agreedVersion, boolean unrotatedAllowed, boolean resolveConflicts) {}

  /// The two sides as seen from here.
  public record Question(Node self, Node peer, Terms terms) {
    private long own() {
      return self.uuids.currentIdentity();
    }

    private long theirs() {
      return peer.uuids.currentIdentity();
    }

    private boolean sameCurrent() {
      return own() == theirs();
    }

    private boolean onlySelfHasBitmapUuid() {
      return sameCurrent() && peer.uuids.bitmap() == 0 && self.uuids.bitmap() != 0;
    }

    private boolean onlyPeerHasBitmapUuid() {
      return sameCurrent() && self.uuids.bitmap() == 0 && peer.uuids.bitmap() != 0;
    }

    private boolean crashed(boolean selfDid, boolean peerDid) {
      return sameCurrent() && self.crashedPrimary == selfDid && peer.crashedPrimary == peerDid;
    }

    private boolean anyPrimaryAfterCrash() {
      boolean crash = self.crashedPrimary || peer.crashedPrimary;
      return sameCurrent() && crash && (isPrimary(self) || isPrimary(peer));
    }
  }

  /// What a comparison means for the node that made it. [#code] is the number that DRBD logs.
  public enum Verdict {
    NO_SYNC(0),
    SOURCE(1),
    TARGET(-1),
    /// Source after setting all bits.
    SOURCE_FULL(2),
    /// Target after setting all bits.
    TARGET_FULL(-2),
    /// Both wrote since a common generation, and both bitmaps count from there.
    SPLIT_BRAIN(100),
    /// Both wrote, and the common ancestor is only in the histories.
    SPLIT_BRAIN_HISTORY(-100),
    UNRELATED(-1000),
    /// Both sides need protocol 91.
    NEEDS_REPAIR_VERSION(-1091),
    /// Both sides need protocol 101 and feature WSAME.
    NEEDS_FEATURE(-0x10465);

    private final int code;

    Verdict(int code) {
      this.code = code;
    }

    public int code() {
      return code;
    }
  }

  /// The answer: which row decided, what it means, and both UUID sets after that row's repair
  /// (equal to those asked about when nothing was repaired). The caller stores both, also when it
  /// then refuses the connection.
  public record Comparison(Rule rule, Verdict verdict, GenerationUuids self, GenerationUuids peer) {

    /// As in DRBD's log: `uuid_compare()=-1 by rule 50`.
    public String text() {
      return "uuid_compare()=" + verdict.code + " by rule " + rule.number;
    }
  }

  /// The table; the first row whose condition holds decides.
  public enum Rule {
    /// Both were just created.
    RULE_10(10, Verdict.NO_SYNC, q -> q.own() == JUST_CREATED && q.theirs() == JUST_CREATED),
    /// I have never had data.
    RULE_20(
        20,
        Verdict.TARGET_FULL,
        q -> (q.own() == JUST_CREATED || q.own() == 0) && q.theirs() != JUST_CREATED),
    /// The peer has never had data.
    RULE_30(
        30,
        Verdict.SOURCE_FULL,
        q -> q.own() != JUST_CREATED && (q.theirs() == JUST_CREATED || q.theirs() == 0)),
    /// I was source and missed the end of the resync. The own set stays as it is until the resync
    /// that follows ends it: see the type's comment.
    RULE_34(
        34,
        Verdict.SOURCE,
        q ->
            q.onlySelfHasBitmapUuid()
                && same(q.self.uuids.bitmap(), q.peer.uuids.history0())
                && same(q.self.uuids.history0(), q.peer.uuids.history1()),
        Repair.NONE_BUT_91),
    /// I was source and the peer did not write the end of the resync.
    RULE_36(36, Verdict.SOURCE, Question::onlySelfHasBitmapUuid, Repair.NONE_BUT_91),
    /// I was target and the peer missed the end of the resync.
    RULE_35(
        35,
        Verdict.TARGET,
        q ->
            q.onlyPeerHasBitmapUuid()
                && same(q.self.uuids.history0(), q.peer.uuids.bitmap())
                && same(q.self.uuids.history1(), q.peer.uuids.history0()),
        Repair.PEER_ENDED),
    /// I was target and did not write the end of the resync.
    RULE_37(37, Verdict.TARGET, Question::onlyPeerHasBitmapUuid, Repair.NONE_BUT_91),
    /// Only the link was away.
    RULE_40_NO_CRASH(40, Verdict.NO_SYNC, q -> q.crashed(false, false)),
    /// A primary crashed and somebody is Primary now, but the peer is too old to agree on that.
    RULE_41_OLD_PEER(
        41, Verdict.NEEDS_FEATURE, q -> q.anyPrimaryAfterCrash() && !q.terms.unrotatedAllowed),
    RULE_41_BOTH_PRIMARY(
        41,
        Verdict.SPLIT_BRAIN_HISTORY,
        q -> q.anyPrimaryAfterCrash() && isPrimary(q.self) && isPrimary(q.peer)),
    RULE_41_I_AM_PRIMARY(41, Verdict.SOURCE, q -> q.anyPrimaryAfterCrash() && isPrimary(q.self)),
    RULE_41_PEER_IS_PRIMARY(41, Verdict.TARGET, Question::anyPrimaryAfterCrash),
    RULE_40_I_CRASHED(40, Verdict.SOURCE, q -> q.crashed(true, false)),
    RULE_40_PEER_CRASHED(40, Verdict.TARGET, q -> q.crashed(false, true)),
    RULE_40_BOTH_CRASHED_YIELD(
        40, Verdict.TARGET, q -> q.crashed(true, true) && q.terms.resolveConflicts),
    RULE_40_BOTH_CRASHED_LEAD(40, Verdict.SOURCE, q -> q.crashed(true, true)),
    /// The peer went on from my generation.
    RULE_50(50, Verdict.TARGET, q -> same(q.own(), q.peer.uuids.bitmap())),
    /// The same, and the UUID of the resync that the peer started never reached me.
    RULE_51(
        51,
        Verdict.TARGET,
        q -> same(q.own(), q.peer.uuids.history0()) && lostSyncUuid(q, q.peer, q.self),
        Repair.PEER_STARTED),
    /// The peer went on from my generation long ago.
    RULE_60(
        60,
        Verdict.TARGET_FULL,
        q -> same(q.own(), q.peer.uuids.history0()) || same(q.own(), q.peer.uuids.history1())),
    /// I went on from the peer's generation.
    RULE_70(70, Verdict.SOURCE, q -> same(q.self.uuids.bitmap(), q.theirs())),
    /// The same, and the UUID of the resync that I started never reached the peer.
    RULE_71(
        71,
        Verdict.SOURCE,
        q -> same(q.self.uuids.history0(), q.theirs()) && lostSyncUuid(q, q.self, q.peer),
        Repair.SELF_STARTED),
    /// I went on from the peer's generation long ago.
    RULE_80(
        80,
        Verdict.SOURCE_FULL,
        q ->
            same(q.self.uuids.history0(), q.theirs()) || same(q.self.uuids.history1(), q.theirs())),
    /// Both went on from the same generation.
    RULE_90(
        90,
        Verdict.SPLIT_BRAIN,
        q ->
            same(q.self.uuids.bitmap(), q.peer.uuids.bitmap())
                && (q.self.uuids.bitmap() & ~1) != 0),
    /// A split brain was settled, and the UUID of the resync that I started to settle it never
    /// reached the peer. The kernel leaves the set so: after the second time the common ancestor
    /// has left the history, and the two are unrelated.
    RULE_100_I_STARTED(
        100,
        Verdict.SPLIT_BRAIN_HISTORY,
        q -> startWasLost(q, q.self, q.peer),
        Repair.SELF_STARTED),
    /// The same, and the peer started it.
    RULE_100_PEER_STARTED(
        100,
        Verdict.SPLIT_BRAIN_HISTORY,
        q -> startWasLost(q, q.peer, q.self),
        Repair.PEER_STARTED),
    /// A common ancestor in the histories. Two empty histories match as well, as in the kernel.
    RULE_100(100, Verdict.SPLIT_BRAIN_HISTORY, q -> historiesMeet(q.self.uuids, q.peer.uuids)),
    /// Nothing in common; DRBD logs it under the number of its last row.
    UNRELATED(100, Verdict.UNRELATED, _ -> true);

    private static final Rule[] ROWS = values();
    private final int number;
    private final Verdict verdict;
    private final Predicate<Question> condition;
    private final Repair repair;

    Rule(int number, Verdict verdict, Predicate<Question> condition) {
      this(number, verdict, condition, Repair.NONE);
    }

    Rule(int number, Verdict verdict, Predicate<Question> condition, Repair repair) {
      this.number = number;
      this.verdict = verdict;
      this.condition = condition;
      this.repair = repair;
    }

    /// The number in DRBD's own log.
    public int number() {
      return number;
    }

    private Comparison answer(Question question) {
      GenerationUuids self = question.self.uuids;
      GenerationUuids peer = question.peer.uuids;
      if (repair.needsVersion91 && question.terms.agreedVersion < REPAIR_VERSION) {
        return new Comparison(this, Verdict.NEEDS_REPAIR_VERSION, self, peer);
      }
      return new Comparison(this, verdict, repair.ofSelf.apply(self), repair.ofPeer.apply(peer));
    }
  }

  /// What a row corrects in the two UUID sets.
  private enum Repair {
    NONE(false, UnaryOperator.identity(), UnaryOperator.identity()),
    NONE_BUT_91(true, UnaryOperator.identity(), UnaryOperator.identity()),
    PEER_ENDED(true, UnaryOperator.identity(), UuidChanges::clearBitmap),
    SELF_STARTED(true, Repair::undoStart, UnaryOperator.identity()),
    PEER_STARTED(true, UnaryOperator.identity(), Repair::undoStart);

    private final boolean needsVersion91;
    private final UnaryOperator<GenerationUuids> ofSelf;
    private final UnaryOperator<GenerationUuids> ofPeer;

    Repair(
        boolean needsVersion91,
        UnaryOperator<GenerationUuids> ofSelf,
        UnaryOperator<GenerationUuids> ofPeer) {
      this.needsVersion91 = needsVersion91;
      this.ofSelf = ofSelf;
      this.ofPeer = ofPeer;
    }

    /// Takes back what the start of a resync did to the source's set.
    private static GenerationUuids undoStart(GenerationUuids uuids) {
      return new GenerationUuids(
          uuids.current(), uuids.history0(), uuids.history1(), uuids.history1());
    }
  }

  /// Decides by the first matching row; never fails, whatever the peer sent.
  public static Comparison compare(Question question) {
    for (Rule rule : Rule.ROWS) {
      if (rule.condition.test(question)) {
        return rule.answer(question);
      }
    }
    throw new AssertionError("the last row always matches");
  }

  /// Did `source` start a resync towards `target` whose UUID got lost?
  private static boolean lostSyncUuid(Question question, Node source, Node target) {
    if (question.terms.agreedVersion < SYNC_UUID_VERSION) {
      return same(source.uuids.history1(), target.uuids.history0());
    }
    long startedFrom = source.uuids.history0() & ~GenerationUuids.PRIMARY_BIT;
    return same(startedFrom + SYNC_UUID_OFFSET, source.uuids.bitmap());
  }

  /// Did `source` start a resync towards `target`, which parted from it before and counts from
  /// where they parted to this day?
  private static boolean startWasLost(Question question, Node source, Node target) {
    long parted = source.uuids.history0() & ~GenerationUuids.PRIMARY_BIT;
    return question.terms.agreedVersion >= SYNC_UUID_VERSION
        && parted != 0
        && same(parted, target.uuids.bitmap())
        && same(parted + SYNC_UUID_OFFSET, source.uuids.bitmap());
  }

  private static boolean historiesMeet(GenerationUuids self, GenerationUuids peer) {
    return same(self.history0(), peer.history0())
        || same(self.history0(), peer.history1())
        || same(self.history1(), peer.history0())
        || same(self.history1(), peer.history1());
  }

  private static boolean isPrimary(Node node) {
    return node.role == Role.PRIMARY;
  }

  private static boolean same(long one, long other) {
    return ((one ^ other) & ~GenerationUuids.PRIMARY_BIT) == 0;
  }
}
