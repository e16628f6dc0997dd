package org.twincore.sim.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.sim.Coverage;
import org.twincore.sim.recorded.RecordedRun;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// What is planted into second clusters is seen by the checker of its row, within a few seeds.
@Tag("slow")
class RecordedFaultTest {
  private static final int SEEDS = 40;

  /// A row a planted fault.
  enum Row {
    CONFLICTS_KEEP_THE_OWN_ORDER("RegisterHolds", RecordedTampers::keepsOwnOrder),
    READ_PAST_THE_GATES("RegisterHolds", RecordedTampers::readsPastTheGates),
    IO_GOES_ON_WITHOUT_THE_FENCE("FenceHolds", RecordedTampers::fencesNobody);

    private final String checker;
    private final Supplier<Tamper> tamper;

    Row(String checker, Supplier<Tamper> tamper) {
      this.checker = checker;
      this.tamper = tamper;
    }
  }

  @ParameterizedTest
  @EnumSource(Row.class)
  void isSeenByItsChecker(Row row) {
    List<String> seen = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS && !seen.contains(row.checker); seed++) {
      RecordedRun run = new RecordedRun(seed, Trace.silent());
      run.nodes().forEach(node -> node.tamper(row.tamper.get()));
      seen.add(run.toEnd(new Coverage(), (_, _) -> {}).checker());
    }
    assertThat(seen).contains(row.checker);
  }
}
