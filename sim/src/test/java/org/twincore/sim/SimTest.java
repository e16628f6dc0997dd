package org.twincore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.scene.SceneRun;
import org.twincore.sim.world.Trace;

/// Whole clusters from seeds: every promise of docs/durability.md under faults, and what all seeds
/// together have to reach, with their clusters, second clusters and scenes, and beside a scripted
/// kernel node.
@Tag("slow")
class SimTest {
  private static final int SEEDS = Boolean.getBoolean("twincore.full") ? 2_500 : 500;

  /// What a scripted kernel node makes of them `KernelRunTest` asks, of many more.
  private static final int KERNEL_SEEDS = 60;

  private static final int WRITES_MIN = 1_000;
  private static final int FAULTS_MIN = 15;
  private static final int COMMANDS_MIN = 10;

  private static Seeds.Report<Outcome> clusters = nothing();
  private static Seeds.Report<RecordedRun.Ended> second = nothing();
  private static Seeds.Report<SceneRun.Ended> scenes = nothing();
  private static final Coverage TOGETHER = new Coverage();

  private static <E> Seeds.Report<E> nothing() {
    return new Seeds.Report<>(List.of(), List.of(), new Coverage());
  }

  @BeforeAll
  static void runSeeds() {
    clusters = Seeds.clusters(1, SEEDS, _ -> {});
    second = Seeds.recorded(1, SEEDS, Trace::silent);
    scenes = Seeds.scenes(1, SEEDS, Trace::silent);
    for (Seeds.Report<?> report : List.of(clusters, second, scenes)) {
      TOGETHER.add(report.coverage());
    }
    TOGETHER.add(Seeds.besideKernel(1, KERNEL_SEEDS, Trace::silent).coverage());
    TOGETHER.add(Seeds.besideKernelPrimary(1, KERNEL_SEEDS, Trace::silent).coverage());
    System.out.print(TOGETHER);
  }

  @Test
  void everySeedKeepsEveryPromise() {
    assertThat(clusters.runs()).hasSize(SEEDS);
    assertThat(clusters.failed().stream().map(Outcome::toString)).isEmpty();
  }

  @Test
  void everySecondClusterKeepsEveryPromise() {
    assertThat(second.runs()).hasSize(SEEDS);
    assertThat(second.failed().stream().map(RecordedRun.Ended::toString)).isEmpty();
  }

  @Test
  void everySceneKeepsEveryPromise() {
    assertThat(scenes.runs()).hasSize(SEEDS);
    assertThat(scenes.failed().stream().map(SceneRun.Ended::toString)).isEmpty();
  }

  /// Writes count when a Primary took them and answered OK, commands when they were answered.
  @Test
  void everySeedHasItsWritesFaultsAndCommands() {
    List<String> poor = new ArrayList<>();
    for (Outcome outcome : clusters.runs()) {
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
    TreeMap<String, String> impossible = CoverageList.impossible();
    List<String> missed = new ArrayList<>();
    CoverageList.demanded()
        .forEach((group, names) -> {
          Map<String, Long> reached = TOGETHER.of(group);
          for (String name : names) {
            if (!reached.containsKey(name) && !impossible.containsKey(group + " " + name)) {
              missed.add(group + " " + name);
            }
          }
        });
    assertThat(missed).isEmpty();
  }

  /// Each line names a row that there is, and what it does not call rare did not happen.
  @Test
  void whatTheListCallsImpossibleIs() throws IOException {
    List<String> wrong = new ArrayList<>();
    CoverageList.impossible()
        .forEach((row, reason) -> {
          String group = row.substring(0, row.indexOf(' '));
          String name = row.substring(row.indexOf(' ') + 1);
          boolean isKnown =
              CoverageList.demanded().containsKey(group)
                  && CoverageList.demanded().get(group).contains(name);
          boolean isLie = !reason.startsWith("rare: ") && TOGETHER.of(group).containsKey(name);
          if (!isKnown || isLie || reason.isBlank()) {
            wrong.add(row + ": " + reason);
          }
        });
    assertThat(wrong).isEmpty();
  }
}
