package org.twincore.sim.scene;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.sim.scene.EveryStep.Case;
import org.twincore.sim.world.Trace;

/// Nothing that goes wrong at any one step of an everyday course costs what was answered: each
/// deed, at each node, behind each step (every so many in the normal build).
@Tag("slow")
class EveryStepTest {
  private static final int STRIDE = Boolean.getBoolean("twincore.full") ? 1 : 41;

  @ParameterizedTest
  @EnumSource(Course.class)
  void costsNothingThatWasAnswered(Course course) {
    int steps = EveryStep.stepsOf(course.name());
    assertThat(steps).isGreaterThan(STRIDE / 2);
    List<String> failed =
        IntStream.iterate(1, step -> step <= steps, step -> step + STRIDE)
            .boxed()
            .flatMap(step -> cases(course, step))
            .parallel()
            .map(each -> new EveryStep(each, Trace.silent()).toEnd())
            .filter(ended -> !ended.isFine())
            .map(EveryStep.Ended::toString)
            .toList();
    assertThat(failed).isEmpty();
  }

  private static Stream<Case> cases(Course course, int step) {
    return Stream.of(Deed.values())
        .flatMap(
            deed -> Stream.of(0, 1).map(node -> new Case(course.name(), deed.name(), node, step)));
  }
}
