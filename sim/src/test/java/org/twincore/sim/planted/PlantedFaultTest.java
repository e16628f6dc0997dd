package org.twincore.sim.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.sim.Outcome;
import org.twincore.sim.Run;

/// Each planted fault is seen by the checker that its row names, within a few seeds.
///
/// Other checkers may see it first in a seed; that is no proof, and the next seed is tried.
@Tag("slow")
class PlantedFaultTest {
  private static final int SEEDS = 60;

  @ParameterizedTest
  @EnumSource(PlantedFault.class)
  void isSeenByItsChecker(PlantedFault fault) {
    List<String> seen = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS && !seen.contains(fault.checker()); seed++) {
      Outcome outcome =
          new Run(seed, _ -> {}, false, nodes -> nodes.forEach(node -> node.tamper(fault.tamper())))
              .toEnd();
      seen.add(outcome.checker());
    }
    assertThat(seen).contains(fault.checker());
  }
}
