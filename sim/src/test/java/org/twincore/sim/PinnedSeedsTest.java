package org.twincore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Seeds that once failed, and the clusters that the fast tier still runs.
class PinnedSeedsTest {
  /// docs/simulator.md says what each found.
  @ParameterizedTest
  @ValueSource(longs = {27004, 29183, 30009})
  void pinnedSeedsStayFine(long seed) {
    staysFine(seed);
  }

  /// The draws have changed since, so that these no longer take the course on which they found it.
  @Tag("slow")
  @ParameterizedTest
  @ValueSource(longs = {1002, 81, 21, 103, 236, 150, 6013})
  void olderSeedsStayFine(long seed) {
    staysFine(seed);
  }

  private static void staysFine(long seed) {
    Outcome outcome = new Run(seed, _ -> {}, false, Run.Plant.NOTHING).toEnd();
    assertThat(outcome.isFine()).as(outcome.toString()).isTrue();
  }
}
