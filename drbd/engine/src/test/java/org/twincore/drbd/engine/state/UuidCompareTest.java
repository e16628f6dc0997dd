package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.GenerationUuids.FRESH;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.UuidCompare.Comparison;
import org.twincore.drbd.engine.state.UuidCompare.Node;
import org.twincore.drbd.engine.state.UuidCompare.Question;
import org.twincore.drbd.engine.state.UuidCompare.Rule;
import org.twincore.drbd.engine.state.UuidCompare.Terms;
import org.twincore.drbd.engine.state.UuidCompare.Verdict;

final class UuidCompareTest {
  private static final Terms TERMS = new Terms(101, true, false);
  private static final long A = 0xa0;
  private static final long B = 0xb0;
  private static final long C = 0xc0;
  private static final long D = 0xd0;
  private static final long E = 0xe0;
  private static final long F = 0xf0;
  private static final long OFFSET = UuidCompare.SYNC_UUID_OFFSET;

  /// One row of the golden table: both sets, and what the first side must answer.
  private record Row(GenerationUuids self, GenerationUuids peer, Rule rule, Verdict verdict) {}

  private static final List<Row> GOLDEN =
      List.of(
          new Row(FRESH, FRESH, Rule.RULE_10, Verdict.NO_SYNC),
          new Row(FRESH, uuids(A, 0, 0, 0), Rule.RULE_20, Verdict.TARGET_FULL),
          new Row(uuids(0, 0, 0, 0), uuids(A, 0, 0, 0), Rule.RULE_20, Verdict.TARGET_FULL),
          new Row(uuids(A, 0, 0, 0), FRESH, Rule.RULE_30, Verdict.SOURCE_FULL),
          new Row(uuids(A, B, C, D), uuids(A, 0, B, C), Rule.RULE_34, Verdict.SOURCE),
          new Row(uuids(A, B, C, D), uuids(A, 0, E, F), Rule.RULE_36, Verdict.SOURCE),
          new Row(uuids(A, 0, B, C), uuids(A, B, C, D), Rule.RULE_35, Verdict.TARGET),
          new Row(uuids(A, 0, E, F), uuids(A, B, C, D), Rule.RULE_37, Verdict.TARGET),
          new Row(uuids(A, 0, B, 0), uuids(A, 0, B, 0), Rule.RULE_40_NO_CRASH, Verdict.NO_SYNC),
          new Row(uuids(A, B, C, 0), uuids(A, D, E, 0), Rule.RULE_40_NO_CRASH, Verdict.NO_SYNC),
          new Row(uuids(A, 0, B, 0), uuids(C, A, B, 0), Rule.RULE_50, Verdict.TARGET),
          new Row(uuids(A, 0, B, 0), uuids(C, A + OFFSET, A, B), Rule.RULE_51, Verdict.TARGET),
          new Row(uuids(A, 0, B, 0), uuids(C, D, A, B), Rule.RULE_60, Verdict.TARGET_FULL),
          new Row(uuids(A, 0, B, 0), uuids(C, D, E, A), Rule.RULE_60, Verdict.TARGET_FULL),
          new Row(uuids(C, A, B, 0), uuids(A, 0, B, 0), Rule.RULE_70, Verdict.SOURCE),
          new Row(uuids(C, A + OFFSET, A, B), uuids(A, 0, B, 0), Rule.RULE_71, Verdict.SOURCE),
          new Row(uuids(C, D, A, B), uuids(A, 0, B, 0), Rule.RULE_80, Verdict.SOURCE_FULL),
          new Row(uuids(C, D, E, A), uuids(A, 0, B, 0), Rule.RULE_80, Verdict.SOURCE_FULL),
          new Row(uuids(A, C, 0, 0), uuids(B, C, 0, 0), Rule.RULE_90, Verdict.SPLIT_BRAIN),
          new Row(uuids(A, C, E, 0), uuids(B, D, F, E), Rule.RULE_100, Verdict.SPLIT_BRAIN_HISTORY),
          new Row(uuids(A, 0, 0, 0), uuids(B, 0, 0, 0), Rule.RULE_100, Verdict.SPLIT_BRAIN_HISTORY),
          new Row(uuids(A, 0, C, D), uuids(B, 0, E, F), Rule.UNRELATED, Verdict.UNRELATED));

  @Test
  void answersTheGoldenTable() {
    for (Row row : GOLDEN) {
      Comparison found = compare(row.self, row.peer);
      assertThat(found.rule()).as("%s", row).isEqualTo(row.rule);
      assertThat(found.verdict()).as("%s", row).isEqualTo(row.verdict);
    }
  }

  @Test
  void bitZeroIsNoPartOfTheIdentity() {
    for (Row row : GOLDEN) {
      GenerationUuids self = withBits(row.self);
      GenerationUuids peer = withBits(row.peer);
      assertThat(compare(self, row.peer).rule()).as("%s", row).isEqualTo(row.rule);
      assertThat(compare(row.self, peer).rule()).as("%s", row).isEqualTo(row.rule);
    }
  }

  /// Roles and crash flags matter only for equal current UUIDs: rules 40 and 41.
  @Test
  void equalDataAfterACrashIsDecidedByRolesThenByWhoCrashed() {
    GenerationUuids same = uuids(A, 0, B, 0);
    for (Role own : List.of(Role.PRIMARY, Role.SECONDARY)) {
      for (Role theirs : List.of(Role.PRIMARY, Role.SECONDARY)) {
        for (int crashes = 0; crashes < 4; crashes++) {
          Node self = new Node(same, own, (crashes & 1) != 0);
          Node peer = new Node(same, theirs, (crashes & 2) != 0);
          Verdict verdict = UuidCompare.compare(new Question(self, peer, TERMS)).verdict();
          assertThat(verdict)
              .as("%s/%s crashes %d", own, theirs, crashes)
              .isEqualTo(afterCrash(own, theirs, crashes));
        }
      }
    }
  }

  private static Verdict afterCrash(Role own, Role theirs, int crashes) {
    if (crashes == 0) {
      return Verdict.NO_SYNC;
    }
    if (own == Role.PRIMARY) {
      return theirs == Role.PRIMARY ? Verdict.SPLIT_BRAIN_HISTORY : Verdict.SOURCE;
    }
    return theirs == Role.PRIMARY || crashes == 2 ? Verdict.TARGET : Verdict.SOURCE;
  }

  @Test
  void theNodeThatResolvesConflictsYieldsWhenBothCrashed() {
    Node crashed = new Node(uuids(A, 0, 0, 0), Role.SECONDARY, true);
    Terms yields = new Terms(101, true, true);
    assertThat(UuidCompare.compare(new Question(crashed, crashed, yields)).rule())
        .isEqualTo(Rule.RULE_40_BOTH_CRASHED_YIELD);
    assertThat(UuidCompare.compare(new Question(crashed, crashed, TERMS)).rule())
        .isEqualTo(Rule.RULE_40_BOTH_CRASHED_LEAD);
  }

  @Test
  void aPrimaryWithUnrotatedUuidsNeedsAPeerThatKnowsRule41() {
    Node self = new Node(uuids(A, 0, 0, 0), Role.PRIMARY, true);
    Node peer = new Node(uuids(A, 0, 0, 0), Role.SECONDARY, false);
    Comparison found = UuidCompare.compare(new Question(self, peer, new Terms(101, false, false)));
    assertThat(found.rule()).isEqualTo(Rule.RULE_41_OLD_PEER);
    assertThat(found.verdict()).isEqualTo(Verdict.NEEDS_FEATURE);
  }

  @Test
  void aSourceThatMissedTheEndKeepsItsBitmapUuidUntilTheNextEnd() {
    GenerationUuids missed = uuids(A, B, C, D);
    assertThat(compare(missed, uuids(A, 0, B, C)).self()).isEqualTo(missed);
  }

  @Test
  void missedEndOfResyncIsRepairedInTheCopyOfThePeer() {
    Comparison found = compare(uuids(A, 0, B, C), uuids(A, B, C, D));
    assertThat(found.self()).isEqualTo(uuids(A, 0, B, C));
    assertThat(found.peer()).isEqualTo(uuids(A, 0, B, C));
  }

  @Test
  void lostStartOfResyncIsUndoneOnEitherSide() {
    GenerationUuids started = uuids(C, A + OFFSET, A, B);
    assertThat(compare(started, uuids(A, 0, B, 0)).self()).isEqualTo(uuids(C, A, B, B));
    assertThat(compare(uuids(A, 0, B, 0), started).peer()).isEqualTo(uuids(C, A, B, B));
  }

  /// Rows 34 to 37, 51 and 71 rest on what only nodes from protocol 91 on do.
  @Test
  void repairsNeedProtocol91() {
    Terms old = new Terms(90, true, false);
    Set<Rule> repairs =
        EnumSet.of(
            Rule.RULE_34, Rule.RULE_35, Rule.RULE_36, Rule.RULE_37, Rule.RULE_51, Rule.RULE_71);
    Set<Rule> refused = EnumSet.noneOf(Rule.class);
    for (Row row : GOLDEN) {
      Comparison found =
          UuidCompare.compare(new Question(secondary(row.self), secondary(row.peer), old));
      if (found.verdict() == Verdict.NEEDS_REPAIR_VERSION) {
        refused.add(found.rule());
        assertThat(found.self()).isEqualTo(row.self);
      } else {
        assertThat(repairs).as("%s", row).doesNotContain(found.rule());
      }
    }
    assertThat(refused).isEqualTo(repairs);
  }

  @Test
  void before96ALostStartIsSeenByTheHistory() {
    Terms old = new Terms(95, true, false);
    GenerationUuids source = uuids(C, D, A, B);
    GenerationUuids target = uuids(A, 0, B, 0);
    assertThat(UuidCompare.compare(new Question(secondary(source), secondary(target), old)).rule())
        .isEqualTo(Rule.RULE_71);
    assertThat(UuidCompare.compare(new Question(secondary(target), secondary(source), old)).rule())
        .isEqualTo(Rule.RULE_51);
  }

  /// Every combination of four small values on both sides, crash flags and roles included: what one
  /// side decides must be the opposite of what the other decides, unless each one's current UUID is
  /// older than the other's (no history of DRBD makes that) or neither has one.
  @Test
  void bothSidesDecideOppositely() {
    Set<Rule> reached = EnumSet.noneOf(Rule.class);
    long[] values = {0, 4, 6, 8, 6 + OFFSET};
    List<GenerationUuids> sets = Exhaustive.uuids(values);
    for (GenerationUuids self : sets) {
      for (GenerationUuids peer : sets) {
        if (isCyclic(self, peer) || (self.current() == 0 && peer.current() == 0)) {
          continue;
        }
        for (int flags = 0; flags < 8; flags++) {
          Node own = new Node(self, Role.SECONDARY, (flags & 1) != 0);
          Role role = (flags & 4) != 0 ? Role.PRIMARY : Role.SECONDARY;
          Node other = new Node(peer, role, (flags & 2) != 0);
          Comparison here = UuidCompare.compare(new Question(own, other, TERMS));
          Comparison there =
              UuidCompare.compare(new Question(other, own, new Terms(101, true, true)));
          reached.add(here.rule());
          reached.add(there.rule());
          if (opposite(here.verdict()) != there.verdict()) {
            assertThat(there.verdict())
                .as("%s %s -> %s, %s", own, other, here.rule(), there.rule())
                .isEqualTo(opposite(here.verdict()));
          }
        }
      }
    }
    assertThat(reached)
        .containsAll(
            EnumSet.complementOf(
                EnumSet.of(Rule.RULE_41_OLD_PEER, Rule.RULE_41_BOTH_PRIMARY, Rule.UNRELATED)));
  }

  private static boolean isCyclic(GenerationUuids self, GenerationUuids peer) {
    return isIn(self.current(), peer) && isIn(peer.current(), self);
  }

  private static boolean isIn(long current, GenerationUuids other) {
    return current == other.bitmap() || current == other.history0() || current == other.history1();
  }

  private static Verdict opposite(Verdict verdict) {
    return switch (verdict) {
      case SOURCE -> Verdict.TARGET;
      case TARGET -> Verdict.SOURCE;
      case SOURCE_FULL -> Verdict.TARGET_FULL;
      case TARGET_FULL -> Verdict.SOURCE_FULL;
      case NO_SYNC,
          SPLIT_BRAIN,
          SPLIT_BRAIN_HISTORY,
          UNRELATED,
          NEEDS_REPAIR_VERSION,
          NEEDS_FEATURE ->
          verdict;
    };
  }

  private static Comparison compare(GenerationUuids self, GenerationUuids peer) {
    return UuidCompare.compare(new Question(secondary(self), secondary(peer), TERMS));
  }

  private static Node secondary(GenerationUuids uuids) {
    return new Node(uuids, Role.SECONDARY, false);
  }

  /// The role bit where it can occur: in values that are or were current.
  private static GenerationUuids withBits(GenerationUuids u) {
    return uuids(u.current() | 1, bit(u.bitmap()), bit(u.history0()), bit(u.history1()));
  }

  private static long bit(long value) {
    return value == 0 ? 0 : value | 1;
  }

  private static GenerationUuids uuids(long current, long bitmap, long history0, long history1) {
    return new GenerationUuids(current, bitmap, history0, history1);
  }
}
