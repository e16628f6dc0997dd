package org.twincore.drbd.engine.state;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.UuidCompare.Comparison;
import org.twincore.drbd.engine.state.UuidCompare.Verdict;

/// Decides who becomes source and who target when two disks meet (drbd-wire section 6.3,
/// `drbd_sync_handshake`).
///
/// One deviation, towards safety: when `--discard-my-data` settles a split brain whose common
/// ancestor is only in the histories, all bits are set first (the bitmaps do not count from a
/// common generation); kernel 8.4 uses the bitmaps. A full bitmap of either side makes the resync a
/// full one on both, so the peer need not know.
public final class SyncHandshake {
  /// What `rr-conflict` can say.
  static final List<SplitBrainPolicy> CONFLICT_POLICIES =
      List.of(
          SplitBrainPolicy.DISCONNECT, SplitBrainPolicy.VIOLENTLY, SplitBrainPolicy.CALL_HELPER);

  private SyncHandshake() {}

  /// The net options that matter. `always` is `always-asbp`.
  public record Policies(
      SplitBrainPolicy noPrimary,
      SplitBrainPolicy onePrimary,
      SplitBrainPolicy twoPrimaries,
      SplitBrainPolicy readWriteConflict,
      boolean always) {
    /// DRBD's defaults: whatever is in doubt disconnects.
    public static final Policies DEFAULT =
        new Policies(
            SplitBrainPolicy.DISCONNECT,
            SplitBrainPolicy.DISCONNECT,
            SplitBrainPolicy.DISCONNECT,
            SplitBrainPolicy.DISCONNECT,
            false);
  }

  /// The disks: own as the state word has it, own as intended (the remembered one while
  /// Negotiating), and the peer's real one (never Negotiating: see `PeerState#realDisk`).
  public record Disks(DiskState own, DiskState intended, DiskState peer) {}

  /// What the admins asked for on this connect: flag 1 of each side's P_UUIDS, and whether either
  /// side asked for a dry run.
  public record Wishes(boolean discardMyData, boolean peerDiscardsItsData, boolean dryRun) {
    public static final Wishes NONE = new Wishes(false, false, false);
  }

  /// All that the handshake looks at. The bits are those that each side told the other in its last
  /// P_UUIDS, also the own ones: marks that were set since then are not known to the peer, and
  /// would make both sides the source or both the target (`comm_bm_set`). `mayDemote` says whether
  /// this node, if it is Primary, could become Secondary now.
  public record Meeting(
      UuidCompare.Question question,
      Disks disks,
      Wishes wishes,
      long ownBits,
      long peerBits,
      boolean mayDemote,
      Policies policies) {}

  /// The rules that can take part in a decision, in the order in which they are looked at.
  public enum Step {
    UNRELATED_DATA("Unrelated data, aborting"),
    NEEDS_NEWER_PEER("Both sides need a newer DRBD to resolve this"),
    DECIDED_BY_DISK_STATES("decided by the disk states"),
    SPLIT_BRAIN_SOLVED_BY_POLICY("Split-Brain detected, automatically solved"),
    PRIMARY_GIVES_UP("gave up primary role"),
    PRIMARY_IS_LOST("the losing Primary cannot give up its role"),
    SPLIT_BRAIN_SOLVED_BY_ADMIN("Split-Brain detected, manually solved"),
    SPLIT_BRAIN_UNRESOLVED("Split-Brain detected but unresolved, dropping connection"),
    SOURCE_IS_INCONSISTENT("I shall become SyncSource, but I am inconsistent"),
    TARGET_IS_PRIMARY("I shall become SyncTarget, but I am primary"),
    TARGET_IS_PRIMARY_TOLERATED("Becoming SyncTarget, violating the stable-data assumption"),
    DRY_RUN("dry-run connect"),
    BECOMES_SOURCE("becoming SyncSource"),
    BECOMES_TARGET("becoming SyncTarget"),
    NO_RESYNC("no resync needed");

    private final String text;

    Step(String text) {
      this.text = text;
    }
  }

  /// How a decision came about: the UUID rule, the steps reached in order, the rows of the
  /// after-split-brain policies that took part and the cells of the policy tables, and the handler
  /// programs to call (by name, in order, without waiting).
  public record Trace(
      Comparison comparison,
      List<Step> steps,
      List<AfterSplitBrain.Rule> policy,
      List<PolicyCell> cells,
      List<String> handlers) {
    public Trace {
      steps = List.copyOf(steps);
      policy = List.copyOf(policy);
      cells = List.copyOf(cells);
      handlers = List.copyOf(handlers);
    }

    /// For the log: `uuid_compare()=1 by rule 70; becoming SyncSource`.
    public String text() {
      StringBuilder text = new StringBuilder(comparison.text());
      for (Step step : steps) {
        text.append("; ").append(step.text);
      }
      return text.toString();
    }
  }

  /// The outcome. Whatever it is, the repaired UUID sets of `trace().comparison()` are to be
  /// stored.
  public sealed interface Decision {
    Trace trace();
  }

  /// No way together. On a first connect: Disconnecting; own disk was Negotiating: it fails; the
  /// peer's was: treat the peer as Diskless.
  public record Refuse(Trace trace) implements Decision {
    /// The rule that refused.
    public Step rule() {
      return trace.steps().getLast();
    }
  }

  /// Connected without resync. Bits may be left over in the bitmap; log them.
  public record StayConnected(Trace trace) implements Decision {}

  /// WFBitMapS; if `full`, set all bits and write them first (FullSync flag around it).
  public record BecomeSource(Trace trace, boolean full) implements Decision {}

  /// WFBitMapT; `full` as for the source. With `demotes` this Primary becomes Secondary with it.
  public record BecomeTarget(Trace trace, boolean full, boolean demotes) implements Decision {}

  /// Decides; never fails.
  public static Decision decide(Meeting meeting) {
    return decide(meeting, UuidCompare.compare(meeting.question));
  }

  /// The same where the generations are compared already.
  static Decision decide(Meeting meeting, Comparison comparison) {
    return new Course(meeting, comparison).run();
  }

  /// One handshake on its way through the steps.
  private static final class Course {
    private final Meeting meeting;
    private final Comparison comparison;
    private final List<Step> steps = new ArrayList<>();
    private final List<String> handlers = new ArrayList<>();
    private List<AfterSplitBrain.Rule> policy = List.of();
    private final List<PolicyCell> cells = new ArrayList<>();
    private Verdict verdict;
    private boolean demotes;

    Course(Meeting meeting, Comparison comparison) {
      this.meeting = meeting;
      this.comparison = comparison;
      this.verdict = comparison.verdict();
    }

    Decision run() {
      if (verdict == Verdict.UNRELATED) {
        return refuse(Step.UNRELATED_DATA);
      }
      if (verdict == Verdict.NEEDS_REPAIR_VERSION || verdict == Verdict.NEEDS_FEATURE) {
        return refuse(Step.NEEDS_NEWER_PEER);
      }
      considerDisks();
      if (isSplitBrain()) {
        handlers.add("initial-split-brain");
        applyPolicies();
      }
      if (isSplitBrain()) {
        applyDiscardMyData();
      }
      if (isSplitBrain()) {
        handlers.add("split-brain");
        return refuse(Step.SPLIT_BRAIN_UNRESOLVED);
      }
      return settle();
    }

    private void considerDisks() {
      boolean ownBetter = isInconsistent(meeting.disks.peer) && isBetter(meeting.disks.intended);
      boolean peerBetter = isInconsistent(meeting.disks.intended) && isBetter(meeting.disks.peer);
      if (!ownBetter && !peerBetter) {
        return;
      }
      boolean full =
          verdict == Verdict.SPLIT_BRAIN_HISTORY
              || verdict == Verdict.SOURCE_FULL
              || verdict == Verdict.TARGET_FULL;
      take(ownBetter, full);
      steps.add(Step.DECIDED_BY_DISK_STATES);
    }

    private void applyPolicies() {
      boolean history = verdict == Verdict.SPLIT_BRAIN_HISTORY;
      if (history && !meeting.policies.always) {
        return;
      }
      AfterSplitBrain.Facts facts =
          new AfterSplitBrain.Facts(
              repairedQuestion(), meeting.ownBits, meeting.peerBits, meeting.mayDemote);
      AfterSplitBrain.Outcome outcome = AfterSplitBrain.recover(facts, meeting.policies);
      policy = outcome.rules();
      cells.addAll(outcome.cells());
      if (policy.contains(AfterSplitBrain.Rule.PRIMARY_IS_LOST)) {
        handlers.add("pri-lost-after-sb");
        steps.add(Step.PRIMARY_IS_LOST);
      }
      if (outcome.verdict() == AfterSplitBrain.Verdict.UNDECIDED) {
        return;
      }
      take(outcome.verdict() == AfterSplitBrain.Verdict.SOURCE, history);
      demotes = outcome.demotes();
      if (demotes) {
        steps.add(Step.PRIMARY_GIVES_UP);
      }
      steps.add(Step.SPLIT_BRAIN_SOLVED_BY_POLICY);
    }

    private UuidCompare.Question repairedQuestion() {
      UuidCompare.Question asked = meeting.question;
      return new UuidCompare.Question(
          new UuidCompare.Node(
              comparison.self(), asked.self().role(), asked.self().crashedPrimary()),
          new UuidCompare.Node(
              comparison.peer(), asked.peer().role(), asked.peer().crashedPrimary()),
          asked.terms());
    }

    private void applyDiscardMyData() {
      boolean own = meeting.wishes.discardMyData;
      if (own == meeting.wishes.peerDiscardsItsData) {
        return;
      }
      take(!own, verdict == Verdict.SPLIT_BRAIN_HISTORY);
      steps.add(Step.SPLIT_BRAIN_SOLVED_BY_ADMIN);
    }

    private Decision settle() {
      boolean source = verdict == Verdict.SOURCE || verdict == Verdict.SOURCE_FULL;
      boolean target = verdict == Verdict.TARGET || verdict == Verdict.TARGET_FULL;
      if (source && !isBetter(meeting.disks.intended)) {
        return refuse(Step.SOURCE_IS_INCONSISTENT);
      }
      if (target && !demotes && ownDataInUse()) {
        SplitBrainPolicy policy = meeting.policies.readWriteConflict;
        cells.add(conflict(policy, meeting.question.peer().role()));
        if (policy == SplitBrainPolicy.CALL_HELPER) {
          handlers.add("pri-lost");
        }
        if (policy != SplitBrainPolicy.VIOLENTLY) {
          return refuse(Step.TARGET_IS_PRIMARY);
        }
        steps.add(Step.TARGET_IS_PRIMARY_TOLERATED);
      }
      if (meeting.wishes.dryRun) {
        steps.add(source ? Step.BECOMES_SOURCE : target ? Step.BECOMES_TARGET : Step.NO_RESYNC);
        return refuse(Step.DRY_RUN);
      }
      if (source) {
        return new BecomeSource(trace(Step.BECOMES_SOURCE), verdict == Verdict.SOURCE_FULL);
      }
      if (target) {
        return new BecomeTarget(
            trace(Step.BECOMES_TARGET), verdict == Verdict.TARGET_FULL, demotes);
      }
      return new StayConnected(trace(Step.NO_RESYNC));
    }

    /// By intention not the intended disk: a Primary that attaches late has no data in use.
    private boolean ownDataInUse() {
      return meeting.question.self().role() == Role.PRIMARY
          && meeting.disks.own.isAtLeast(DiskState.CONSISTENT);
    }

    private boolean isSplitBrain() {
      return verdict == Verdict.SPLIT_BRAIN || verdict == Verdict.SPLIT_BRAIN_HISTORY;
    }

    private void take(boolean source, boolean full) {
      verdict =
          source
              ? full ? Verdict.SOURCE_FULL : Verdict.SOURCE
              : full ? Verdict.TARGET_FULL : Verdict.TARGET;
    }

    private Refuse refuse(Step step) {
      return new Refuse(trace(step));
    }

    private Trace trace(Step last) {
      steps.add(last);
      return new Trace(comparison, steps, policy, cells, handlers);
    }
  }

  /// What `rr-conflict` makes of a Primary that is to be the target.
  static PolicyCell conflict(SplitBrainPolicy policy, Role peer) {
    return new PolicyCell(
        PolicyCell.Table.RR_CONFLICT,
        policy,
        Role.PRIMARY,
        peer,
        policy == SplitBrainPolicy.VIOLENTLY
            ? AfterSplitBrain.Verdict.TARGET
            : AfterSplitBrain.Verdict.UNDECIDED);
  }

  private static boolean isInconsistent(DiskState disk) {
    return disk == DiskState.INCONSISTENT;
  }

  private static boolean isBetter(DiskState disk) {
    return disk.compareTo(DiskState.INCONSISTENT) > 0;
  }
}
