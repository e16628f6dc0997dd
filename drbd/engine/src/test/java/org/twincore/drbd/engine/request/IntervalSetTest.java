package org.twincore.drbd.engine.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;
import org.twincore.testkit.Gen;

final class IntervalSetTest {

  @Test
  void neighboursDoNotOverlap() {
    IntervalSet<String> set = new IntervalSet<>();
    set.add(sectors(8, 8), "a");
    assertThat(set.overlaps(sectors(0, 8))).isFalse();
    assertThat(set.overlaps(sectors(16, 8))).isFalse();
    assertThat(set.overlaps(sectors(15, 1))).isTrue();
    assertThat(set.overlaps(sectors(0, 9))).isTrue();
  }

  @Test
  void emptyExtentOverlapsNothingAndCannotBeAdded() {
    IntervalSet<String> set = new IntervalSet<>();
    set.add(sectors(0, 8), "a");
    assertThat(set.overlaps(new Extent(4, 0))).isFalse();
    assertThatThrownBy(() -> set.add(new Extent(4, 0), "b")).isInstanceOf(Invariant.Broken.class);
  }

  @Test
  void equalExtentsAreKeptApart() {
    IntervalSet<String> set = new IntervalSet<>();
    IntervalSet.Entry<String> first = set.add(sectors(0, 8), "first");
    set.add(sectors(0, 8), "second");
    set.remove(first);
    assertThat(owners(set.overlapping(sectors(0, 1)))).containsExactly("second");
    assertThatThrownBy(() -> set.remove(first)).isInstanceOf(Invariant.Broken.class);
  }

  @Test
  void shortWriteInsideLongDiscardIsFoundFromBothSides() {
    IntervalSet<String> set = new IntervalSet<>();
    set.add(sectors(0, 262144), "discard");
    assertThat(set.overlaps(sectors(262143, 1))).isTrue();
    IntervalSet<String> other = new IntervalSet<>();
    other.add(sectors(262143, 1), "write");
    assertThat(other.overlaps(sectors(0, 262144))).isTrue();
  }

  /// Random adds and removes against a plain list, all lengths from one sector to 256 KiB.
  @Test
  void findsWhatANaiveModelFindsInTheOrderOfAdding() {
    Gen.check(
        50,
        gen -> {
          IntervalSet<Integer> set = new IntervalSet<>();
          List<IntervalSet.Entry<Integer>> model = new ArrayList<>();
          for (int step = 0; step < 400; step++) {
            if (model.isEmpty() || gen.chance(2, 3)) {
              model.add(set.add(draw(gen), step));
            } else {
              set.remove(model.remove(gen.intIn(0, model.size() - 1)));
            }
            Extent wanted = draw(gen);
            List<Integer> expected =
                model.stream()
                    .filter(entry -> entry.extent().overlaps(wanted))
                    .map(IntervalSet.Entry::owner)
                    .toList();
            assertThat(owners(set.overlapping(wanted))).isEqualTo(expected);
            assertThat(set.overlaps(wanted)).isEqualTo(!expected.isEmpty());
            assertThat(set.size()).isEqualTo(model.size());
          }
        });
  }

  private static Extent draw(Gen gen) {
    long length = 1L << gen.intIn(0, 9);
    return sectors(gen.intIn(0, 1999), length + gen.longIn(0, length - 1));
  }

  private static Extent sectors(long sector, long sectors) {
    return new Extent(sector, sectors * Extent.SECTOR_BYTES);
  }

  private static <T> List<T> owners(List<IntervalSet.Entry<T>> entries) {
    return entries.stream().map(IntervalSet.Entry::owner).toList();
  }
}
