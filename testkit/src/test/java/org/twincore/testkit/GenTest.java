package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GenTest {
  @Test
  void exhaustiveVisitsEachCombinationOnce() {
    List<String> seen = new ArrayList<>();
    long count =
        Gen.exhaustive(gen -> {
          int first = gen.intIn(0, 2);
          // The second draw exists for one value of the first only.
          seen.add(first == 1 ? first + "/" + gen.bool() : "" + first);
        });
    assertThat(count).isEqualTo(4);
    assertThat(seen).containsExactly("0", "1/false", "1/true", "2");
  }

  @Test
  void exhaustiveRefusesAnEndlessSpace() {
    assertThatThrownBy(() -> Gen.exhaustive(gen -> gen.longIn(0, Long.MAX_VALUE - 1)))
        .hasMessageContaining("combinations");
  }

  @Test
  void aFailureNamesItsSeed() {
    assertThatThrownBy(() -> Gen.check(100, gen -> assertThat(gen.intIn(0, 9)).isNotEqualTo(9)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("-Dseed=");
  }

  @Test
  void rangesIncludeBothEnds() {
    boolean[] seen = new boolean[3];
    Gen.check(100, gen -> seen[gen.intIn(-1, 1) + 1] = true);
    assertThat(seen).containsExactly(true, true, true);
  }
}
