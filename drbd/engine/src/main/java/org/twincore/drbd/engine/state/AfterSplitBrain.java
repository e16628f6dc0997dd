package org.twincore.drbd.engine.state;

import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.SOURCE;
import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.TARGET;
import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.UNDECIDED;

import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;

/// The automatic recovery policies after a split brain (drbd-wire section 6.4).
///
/// Policies that make no sense for the number of primaries are configuration errors and decide
/// nothing, so the nodes stay apart.
final class AfterSplitBrain {
  private AfterSplitBrain() {}

  /// What a policy decided for this node.
  enum Verdict {
    SOURCE,
    TARGET,
    UNDECIDED
  }

  /// The verdict; with `demoteFirst` it holds only if this Primary can become Secondary first.
  record Outcome(Verdict verdict, boolean demoteFirst) {
    static Outcome of(Verdict verdict) {
      return new Outcome(verdict, false);
    }
  }

  /// What the policies look at.
  record Facts(UuidCompare.Question question, long ownBits, long peerBits) {
    boolean selfIsPrimary() {
      return question.self().role() == Role.PRIMARY;
    }

    boolean peerIsPrimary() {
      return question.peer().role() == Role.PRIMARY;
    }

    boolean yields() {
      return question.terms().resolveConflicts();
    }

    private static boolean wasPrimary(UuidCompare.Node node) {
      return (node.uuids().bitmap() & GenerationUuids.PRIMARY_BIT) != 0;
    }

    boolean onlyPeerWasPrimary() {
      return !wasPrimary(question.self()) && wasPrimary(question.peer());
    }

    boolean onlySelfWasPrimary() {
      return wasPrimary(question.self()) && !wasPrimary(question.peer());
    }
  }

  static Outcome recover(Facts facts, SyncHandshake.Policies policies) {
    if (facts.selfIsPrimary() && facts.peerIsPrimary()) {
      return twoPrimaries(facts, policies);
    }
    if (facts.selfIsPrimary() || facts.peerIsPrimary()) {
      return onePrimary(facts, policies);
    }
    return Outcome.of(noPrimary(facts, policies.noPrimary()));
  }

  private static Outcome onePrimary(Facts facts, SyncHandshake.Policies policies) {
    return switch (policies.onePrimary()) {
      case CONSENSUS -> Outcome.of(consensus(facts, noPrimary(facts, policies.noPrimary())));
      case VIOLENTLY -> Outcome.of(noPrimary(facts, policies.noPrimary()));
      case DISCARD_SECONDARY -> Outcome.of(facts.selfIsPrimary() ? SOURCE : TARGET);
      case CALL_HELPER -> demoting(facts, noPrimary(facts, policies.noPrimary()));
      case DISCONNECT,
          DISCARD_YOUNGER_PRIMARY,
          DISCARD_OLDER_PRIMARY,
          DISCARD_ZERO_CHANGES,
          DISCARD_LEAST_CHANGES,
          DISCARD_LOCAL,
          DISCARD_REMOTE ->
          Outcome.of(UNDECIDED);
    };
  }

  private static Outcome twoPrimaries(Facts facts, SyncHandshake.Policies policies) {
    return switch (policies.twoPrimaries()) {
      case VIOLENTLY -> Outcome.of(noPrimary(facts, policies.noPrimary()));
      case CALL_HELPER -> demoting(facts, noPrimary(facts, policies.noPrimary()));
      case DISCONNECT,
          DISCARD_YOUNGER_PRIMARY,
          DISCARD_OLDER_PRIMARY,
          DISCARD_ZERO_CHANGES,
          DISCARD_LEAST_CHANGES,
          DISCARD_LOCAL,
          DISCARD_REMOTE,
          CONSENSUS,
          DISCARD_SECONDARY ->
          Outcome.of(UNDECIDED);
    };
  }

  /// Only a verdict that discards the Secondary's data counts.
  private static Verdict consensus(Facts facts, Verdict verdict) {
    boolean discardsSecondary = verdict == (facts.selfIsPrimary() ? SOURCE : TARGET);
    return discardsSecondary ? verdict : UNDECIDED;
  }

  private static Outcome demoting(Facts facts, Verdict verdict) {
    return new Outcome(verdict, verdict == TARGET && facts.selfIsPrimary());
  }

  private static Verdict noPrimary(Facts facts, SplitBrainPolicy policy) {
    return switch (policy) {
      case DISCARD_YOUNGER_PRIMARY ->
          facts.onlyPeerWasPrimary()
              ? TARGET
              : facts.onlySelfWasPrimary() ? SOURCE : byZeroThenLeastChanges(facts);
      case DISCARD_OLDER_PRIMARY ->
          facts.onlyPeerWasPrimary()
              ? SOURCE
              : facts.onlySelfWasPrimary() ? TARGET : byZeroThenLeastChanges(facts);
      case DISCARD_ZERO_CHANGES -> byZeroChanges(facts);
      case DISCARD_LEAST_CHANGES -> byLeastChanges(facts);
      case DISCARD_LOCAL -> TARGET;
      case DISCARD_REMOTE -> SOURCE;
      case DISCONNECT, CONSENSUS, DISCARD_SECONDARY, CALL_HELPER, VIOLENTLY -> UNDECIDED;
    };
  }

  private static Verdict byZeroThenLeastChanges(Facts facts) {
    Verdict verdict = byZeroChanges(facts);
    return verdict == UNDECIDED ? byLeastChanges(facts) : verdict;
  }

  private static Verdict byZeroChanges(Facts facts) {
    if (facts.peerBits == 0 && facts.ownBits == 0) {
      return facts.yields() ? TARGET : SOURCE;
    }
    return facts.peerBits == 0 ? SOURCE : facts.ownBits == 0 ? TARGET : UNDECIDED;
  }

  private static Verdict byLeastChanges(Facts facts) {
    int order = Long.compareUnsigned(facts.ownBits, facts.peerBits);
    return order < 0 ? TARGET : order > 0 ? SOURCE : facts.yields() ? TARGET : SOURCE;
  }
}
