package org.twincore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The checker of histories, against histories told by hand and against every order tried out.
class RegisterHistoryTest {
  @Test
  void aReadDuringAWriteMayReturnEither() {
    RegisterHistory history = new RegisterHistory();
    history.wrote(1, 7, 10, 20);
    history.read(1, 0, 11, 12);
    history.read(1, 7, 13, 14);
    assertThat(history.nonlinearity()).isEmpty();
  }

  @Test
  void newThenOldIsRegularAndNotLinearizable() {
    RegisterHistory history = new RegisterHistory();
    history.wrote(1, 7, 10, 20);
    history.read(1, 7, 11, 12);
    history.read(1, 0, 13, 14);
    assertThat(history.irregularity()).isEmpty();
    assertThat(history.nonlinearity()).isPresent();
  }

  @Test
  void whatWasReplacedIsNotRegular() {
    RegisterHistory history = new RegisterHistory();
    history.wrote(1, 7, 10, 20);
    history.wrote(1, 8, 21, 30);
    history.read(1, 7, 31, 32);
    assertThat(history.irregularity()).isPresent();
  }

  @Test
  void anUnansweredWriteMayTakePlaceLateOrNever() {
    RegisterHistory history = new RegisterHistory();
    history.wrote(1, 7, 10, RegisterHistory.NEVER);
    history.wrote(1, 8, 11, RegisterHistory.NEVER);
    history.read(1, 0, 100, 101);
    history.read(1, 7, 102, 103);
    assertThat(history.nonlinearity()).isEmpty();
    history.read(1, 0, 104, 105);
    assertThat(history.nonlinearity()).isPresent();
  }

  @Test
  void aValueThatNobodyWroteIsSeen() {
    RegisterHistory history = new RegisterHistory();
    history.read(1, 9, 1, 2);
    assertThat(history.irregularity()).isPresent();
  }

  private record Step(boolean writes, long value, long from, long to) {}

  /// Up to five requests of two values, at random, judged also by trying every order.
  @Test
  void judgesAsEveryOrderTriedOutDoes() {
    int[] seen = new int[2];
    Gen.check(
        4000,
        gen -> {
          int count = gen.intIn(2, 5);
          List<Integer> moments = new ArrayList<>();
          for (int i = 0; i < 2 * count; i++) {
            moments.add(gen.intIn(0, moments.size()), i);
          }
          List<Step> steps = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            long one = moments.get(2 * i);
            long other = moments.get(2 * i + 1);
            boolean writes = i < 2;
            long value = writes ? i + 1 : gen.intIn(0, 2);
            steps.add(new Step(writes, value, Math.min(one, other), Math.max(one, other)));
          }
          RegisterHistory history = new RegisterHistory();
          for (Step step : steps) {
            if (step.writes) {
              history.wrote(1, step.value, step.from, step.to);
            } else {
              history.read(1, step.value, step.from, step.to);
            }
          }
          boolean possible = possible(steps, 0);
          seen[possible ? 1 : 0]++;
          assertThat(history.nonlinearity().isEmpty()).as(steps.toString()).isEqualTo(possible);
        });
    if (System.getProperty("seed") == null) {
      assertThat(seen[0]).isGreaterThan(100);
      assertThat(seen[1]).isGreaterThan(100);
    }
  }

  /// Depth at most five.
  private static boolean possible(List<Step> left, long value) {
    if (left.isEmpty()) {
      return true;
    }
    for (Step first : left) {
      boolean mayBeFirst = left.stream().noneMatch(it -> it.to < first.from);
      if (mayBeFirst && (first.writes || first.value == value)) {
        List<Step> rest = new ArrayList<>(left);
        rest.remove(first);
        if (possible(rest, first.writes ? first.value : value)) {
          return true;
        }
      }
    }
    return false;
  }
}
