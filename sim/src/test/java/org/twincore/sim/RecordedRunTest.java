package org.twincore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.world.Trace;

/// The second clusters of seeds are about two Primaries, fencing, disks with a time limit, old
/// versions (docs/durability.md, "Two Primaries"). That they keep their promises `SimTest` asks.
@Tag("slow")
class RecordedRunTest {
  private static final int SEEDS = 40;

  private static Seeds.Report<RecordedRun.Ended> report =
      new Seeds.Report<>(List.of(), List.of(), new Coverage());

  @BeforeAll
  static void runSeeds() {
    report = Seeds.recorded(1, SEEDS, Trace::silent);
  }

  /// What the first clusters never do, or hardly ever.
  @Test
  void togetherTheyReachWhatTheyAreThereFor() {
    Map<String, List<String>> demanded =
        Map.of(
            "packet", List.of("P_SUPERSEDED", "P_SYNC_PARAM"),
            "ImpliedChange", List.of("FENCING_FREEZES"),
            "AfterSplitBrain", List.of("PRIMARY_IS_LOST", "STAY_APART"),
            "disk", List.of("Failed"),
            "connection", List.of("StandAlone", "Timeout"));
    List<String> missed = new ArrayList<>();
    demanded.forEach((group, names) -> {
      for (String name : names) {
        if (!report.coverage().of(group).containsKey(name)) {
          missed.add(group + " " + name);
        }
      }
    });
    assertThat(missed).isEmpty();
  }

  /// Nothing but the seed decides.
  @Test
  void aSeedTakesTheSameCourseAgain() {
    RecordedRun.Ended again =
        new RecordedRun(3, Trace.silent()).toEnd(new Coverage(), (_, _) -> {});
    assertThat(again).isEqualTo(report.runs().get(2));
  }
}
