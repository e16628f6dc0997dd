package org.twincore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whole clusters from seeds: every promise of docs/durability.md under faults, and what all seeds
/// together have to reach.
@Tag("slow")
class SimTest {
  private static final int SEEDS = Boolean.getBoolean("twincore.full") ? 2_500 : 500;
  private static final int WRITES_MIN = 1_000;
  private static final int FAULTS_MIN = 15;
  private static final int COMMANDS_MIN = 10;

  private static Seeds.Report report = new Seeds.Report(List.of(), new Coverage());

  @BeforeAll
  static void runSeeds() {
    report = Seeds.run(1, SEEDS, _ -> {});
    System.out.print(report.coverage());
  }

  @Test
  void everySeedKeepsEveryPromise() {
    assertThat(report.outcomes()).hasSize(SEEDS);
    assertThat(report.failed().stream().map(Outcome::toString)).isEmpty();
  }

  /// Writes count when a Primary took them and answered OK, commands when they were answered.
  @Test
  void everySeedHasItsWritesFaultsAndCommands() {
    List<String> poor = new ArrayList<>();
    for (Outcome outcome : report.outcomes()) {
      Outcome.Figures figures = outcome.figures();
      boolean isRich =
          figures.taken() >= WRITES_MIN
              && figures.faults() >= FAULTS_MIN
              && figures.commands() >= COMMANDS_MIN;
      if (outcome.isFine() && !isRich) {
        poor.add(outcome.toString());
      }
    }
    assertThat(poor).isEmpty();
  }

  @Test
  void togetherTheyReachAllThatCanBeReached() throws IOException {
    TreeMap<String, String> excused = CoverageList.excused();
    List<String> missed = new ArrayList<>();
    CoverageList.demanded()
        .forEach((group, names) -> {
          for (String name : names) {
            boolean isReached = report.coverage().of(group).containsKey(name);
            if (!isReached && !excused.containsKey(group + " " + name)) {
              missed.add(group + " " + name);
            }
          }
        });
    assertThat(missed).isEmpty();
  }

  /// Each line names a row that there is and a kind of reason; what a line calls impossible is so.
  @Test
  void theListOfExcusesIsTrue() throws IOException {
    List<String> wrong = new ArrayList<>();
    CoverageList.excused()
        .forEach((row, reason) -> {
          String group = row.substring(0, row.indexOf(' '));
          String name = row.substring(row.indexOf(' ') + 1);
          boolean isKnown =
              CoverageList.demanded().containsKey(group)
                  && CoverageList.demanded().get(group).contains(name);
          boolean isKind = reason.matches("(cannot|not drawn|rare): .+");
          boolean isLie =
              reason.startsWith("cannot") && report.coverage().of(group).containsKey(name);
          if (!isKnown || !isKind || isLie) {
            wrong.add(row + ": " + reason);
          }
        });
    assertThat(wrong).isEmpty();
  }
}
