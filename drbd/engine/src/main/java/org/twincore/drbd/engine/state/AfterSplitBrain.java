package org.twincore.drbd.engine.state;

import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.SOURCE;
import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.TARGET;
import static org.twincore.drbd.engine.state.AfterSplitBrain.Verdict.UNDECIDED;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;

/// The automatic recovery policies after a split brain (drbd-wire section 6.4).
///
/// Policies that make no sense for the number of primaries are configuration errors and decide
/// nothing, so the nodes stay apart. Both nodes ask on the strength of what they told each other,
/// so that they come to opposite verdicts; only `call-pri-lost-after-sb` also depends on whether
/// the losing Primary can give up its role, which its peer does not know.
public final class AfterSplitBrain {
  private AfterSplitBrain() {}

  /// What a policy decided for this node.
  public enum Verdict {
    SOURCE,
    TARGET,
    UNDECIDED
  }

  /// The rows that can take part, as they are published.
  public enum Rule {
    /// `disconnect`.
    STAY_APART,
    /// A policy that is none for this number of primaries.
    MISCONFIGURED,
    /// `discard-younger-primary`: one of the two was no Primary when the generations parted.
    YOUNGER_PRIMARY_LOSES,
    /// `discard-older-primary`: the same.
    OLDER_PRIMARY_LOSES,
    /// Neither younger nor older: go on by the changes.
    NO_YOUNGER_PRIMARY,
    /// `discard-zero-changes`, and neither wrote.
    NOBODY_CHANGED,
    /// `discard-zero-changes`, and one did not write.
    UNCHANGED_LOSES,
    /// `discard-zero-changes`, and both wrote.
    BOTH_CHANGED,
    /// `discard-least-changes`.
    FEWER_CHANGES_LOSE,
    /// `discard-least-changes` without a difference.
    EQUAL_CHANGES,
    /// `discard-local`, or `discard-node-NAME` with the own name.
    LOCAL_LOSES,
    /// `discard-remote`, or `discard-node-NAME` with the peer's name.
    REMOTE_LOSES,
    /// `violently-as0p`.
    AS_WITHOUT_PRIMARY,
    /// `consensus`, and it would be the Secondary's data.
    CONSENSUS,
    /// `consensus`, and it would be the Primary's data, or nothing was decided.
    NO_CONSENSUS,
    /// `discard-secondary`.
    SECONDARY_LOSES,
    /// `call-pri-lost-after-sb`, and it is not a Primary's data that is lost here.
    PRIMARY_IS_SPARED,
    /// `call-pri-lost-after-sb`: the losing Primary becomes Secondary.
    PRIMARY_GIVES_UP,
    /// `call-pri-lost-after-sb`: the losing Primary cannot; its handler is called.
    PRIMARY_IS_LOST
  }

  /// The verdict and how it came about; with `demotes` this Primary becomes Secondary with it.
  record Outcome(Verdict verdict, boolean demotes, List<Rule> rules, List<PolicyCell> cells) {
    Outcome {
      rules = List.copyOf(rules);
      cells = List.copyOf(cells);
    }
  }

  /// What the policies look at. The bits are those that the nodes told each other with their UUIDs.
  /// `mayDemote` says whether this node, if it is Primary, could become Secondary now.
  record Facts(UuidCompare.Question question, long ownBits, long peerBits, boolean mayDemote) {
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
    return new Course(facts, policies).run();
  }

  /// One split brain on its way through the rows.
  private static final class Course {
    private final Facts facts;
    private final SyncHandshake.Policies policies;
    private final List<Rule> rules = new ArrayList<>();
    private final List<PolicyCell> cells = new ArrayList<>();
    private boolean demotes;

    Course(Facts facts, SyncHandshake.Policies policies) {
      this.facts = facts;
      this.policies = policies;
    }

    Outcome run() {
      Verdict verdict;
      if (facts.selfIsPrimary() && facts.peerIsPrimary()) {
        verdict = twoPrimaries(policies.twoPrimaries());
        tell(PolicyCell.Table.AFTER_SB_2PRI, policies.twoPrimaries(), verdict);
      } else if (facts.selfIsPrimary() || facts.peerIsPrimary()) {
        verdict = onePrimary(policies.onePrimary());
        tell(PolicyCell.Table.AFTER_SB_1PRI, policies.onePrimary(), verdict);
      } else {
        verdict = noPrimary();
      }
      return new Outcome(verdict, demotes, rules, cells);
    }

    private void tell(PolicyCell.Table table, SplitBrainPolicy policy, Verdict verdict) {
      Role own = facts.question.self().role();
      cells.add(new PolicyCell(table, policy, own, facts.question.peer().role(), verdict));
    }

    private Verdict by(Rule rule, Verdict verdict) {
      rules.add(rule);
      return verdict;
    }

    private Verdict onePrimary(SplitBrainPolicy policy) {
      return switch (policy) {
        case DISCONNECT -> by(Rule.STAY_APART, UNDECIDED);
        case CONSENSUS -> consensus();
        case VIOLENTLY -> asWithoutPrimary();
        case DISCARD_SECONDARY -> by(Rule.SECONDARY_LOSES, facts.selfIsPrimary() ? SOURCE : TARGET);
        case CALL_HELPER -> callingHelper();
        case DISCARD_YOUNGER_PRIMARY,
            DISCARD_OLDER_PRIMARY,
            DISCARD_ZERO_CHANGES,
            DISCARD_LEAST_CHANGES,
            DISCARD_LOCAL,
            DISCARD_REMOTE ->
            by(Rule.MISCONFIGURED, UNDECIDED);
      };
    }

    private Verdict twoPrimaries(SplitBrainPolicy policy) {
      return switch (policy) {
        case DISCONNECT -> by(Rule.STAY_APART, UNDECIDED);
        case VIOLENTLY -> asWithoutPrimary();
        case CALL_HELPER -> callingHelper();
        case DISCARD_YOUNGER_PRIMARY,
            DISCARD_OLDER_PRIMARY,
            DISCARD_ZERO_CHANGES,
            DISCARD_LEAST_CHANGES,
            DISCARD_LOCAL,
            DISCARD_REMOTE,
            CONSENSUS,
            DISCARD_SECONDARY ->
            by(Rule.MISCONFIGURED, UNDECIDED);
      };
    }

    private Verdict asWithoutPrimary() {
      rules.add(Rule.AS_WITHOUT_PRIMARY);
      return noPrimary();
    }

    /// Only a verdict that discards the Secondary's data counts.
    private Verdict consensus() {
      Verdict verdict = noPrimary();
      return verdict == (facts.selfIsPrimary() ? SOURCE : TARGET)
          ? by(Rule.CONSENSUS, verdict)
          : by(Rule.NO_CONSENSUS, UNDECIDED);
    }

    private Verdict callingHelper() {
      Verdict verdict = noPrimary();
      if (verdict != TARGET || !facts.selfIsPrimary()) {
        return by(Rule.PRIMARY_IS_SPARED, verdict);
      }
      demotes = facts.mayDemote();
      return demotes ? by(Rule.PRIMARY_GIVES_UP, verdict) : by(Rule.PRIMARY_IS_LOST, UNDECIDED);
    }

    private Verdict noPrimary() {
      Verdict verdict = asIfNobodyWasPrimary();
      cells.add(
          new PolicyCell(
              PolicyCell.Table.AFTER_SB_0PRI,
              policies.noPrimary(),
              Role.SECONDARY,
              Role.SECONDARY,
              verdict));
      return verdict;
    }

    private Verdict asIfNobodyWasPrimary() {
      return switch (policies.noPrimary()) {
        case DISCONNECT -> by(Rule.STAY_APART, UNDECIDED);
        case DISCARD_YOUNGER_PRIMARY ->
            facts.onlyPeerWasPrimary()
                ? by(Rule.YOUNGER_PRIMARY_LOSES, TARGET)
                : facts.onlySelfWasPrimary()
                    ? by(Rule.YOUNGER_PRIMARY_LOSES, SOURCE)
                    : withoutYounger();
        case DISCARD_OLDER_PRIMARY ->
            facts.onlyPeerWasPrimary()
                ? by(Rule.OLDER_PRIMARY_LOSES, SOURCE)
                : facts.onlySelfWasPrimary()
                    ? by(Rule.OLDER_PRIMARY_LOSES, TARGET)
                    : withoutYounger();
        case DISCARD_ZERO_CHANGES ->
            bothChanged() ? by(Rule.BOTH_CHANGED, UNDECIDED) : byZeroChanges();
        case DISCARD_LEAST_CHANGES -> byLeastChanges();
        case DISCARD_LOCAL -> by(Rule.LOCAL_LOSES, TARGET);
        case DISCARD_REMOTE -> by(Rule.REMOTE_LOSES, SOURCE);
        case CONSENSUS, DISCARD_SECONDARY, CALL_HELPER, VIOLENTLY ->
            by(Rule.MISCONFIGURED, UNDECIDED);
      };
    }

    private Verdict withoutYounger() {
      rules.add(Rule.NO_YOUNGER_PRIMARY);
      return bothChanged() ? byLeastChanges() : byZeroChanges();
    }

    private boolean bothChanged() {
      return facts.ownBits() != 0 && facts.peerBits() != 0;
    }

    private Verdict byZeroChanges() {
      if (facts.ownBits() == 0 && facts.peerBits() == 0) {
        return by(Rule.NOBODY_CHANGED, byLot());
      }
      return by(Rule.UNCHANGED_LOSES, facts.peerBits() == 0 ? SOURCE : TARGET);
    }

    private Verdict byLeastChanges() {
      int order = Long.compareUnsigned(facts.ownBits(), facts.peerBits());
      return order == 0
          ? by(Rule.EQUAL_CHANGES, byLot())
          : by(Rule.FEWER_CHANGES_LOSE, order < 0 ? TARGET : SOURCE);
    }

    /// What decides where nothing else does: who accepted the meta socket.
    private Verdict byLot() {
      return facts.yields() ? TARGET : SOURCE;
    }
  }
}
