package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.UuidCompare.Node;
import org.twincore.drbd.engine.state.UuidCompare.Question;
import org.twincore.drbd.engine.state.UuidCompare.Terms;
import org.twincore.drbd.engine.state.UuidCompare.Verdict;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

final class UuidChangesTest {
  private static final GenerationUuids SOURCE = uuids(0xc1, 0xa0, 0x90, 0x80);
  private static final GenerationUuids TARGET = uuids(0xa0, 0, 0x70, 0x60);

  @Test
  void newCurrentMovesTheOldOneIntoTheBitmapAndTellsTheRole() {
    RandomGenerator random = new Prng(1);
    GenerationUuids made = UuidChanges.newCurrent(uuids(0xa0, 0, 0x9, 0x8), Role.PRIMARY, random);
    assertThat(made.bitmap()).isEqualTo(0xa0);
    assertThat(made.current() & 1).isEqualTo(1);
    assertThat(made.history0()).isEqualTo(0x9);
    assertThat(made.history1()).isEqualTo(0x8);
    GenerationUuids secondary = UuidChanges.newCurrent(made, Role.SECONDARY, random);
    assertThat(secondary.current() & 1).isZero();
  }

  @Test
  void aDrawThatIsSpecialOrKnownIsDrawnAgain() {
    RandomGenerator random = new Listed(0, 1, 4, 5, 0xa1, 0x91, 0x1234);
    GenerationUuids made = UuidChanges.newCurrent(uuids(0xa0, 0, 0x90, 0), Role.SECONDARY, random);
    assertThat(made.current()).isEqualTo(0x1234);
  }

  @Test
  void aRandomSourceThatIsStuckIsNoticed() {
    assertThatThrownBy(
            () -> UuidChanges.newCurrent(SOURCE, Role.PRIMARY, (RandomGenerator) () -> 4L))
        .isInstanceOf(Invariant.Broken.class);
  }

  @Test
  void aResyncStartsFromTheBitmapUuid() {
    UuidChanges.SourceStart start = UuidChanges.startSource(SOURCE, new Prng(1));
    assertThat(start.syncUuid()).isEqualTo(0xa0 + (1L << 48));
    assertThat(start.uuids()).isEqualTo(uuids(0xc1, start.syncUuid(), 0xa0, 0x90));
  }

  @Test
  void aResyncWithoutBitmapUuidGetsARandomOne() {
    GenerationUuids none = uuids(0xc0, 0, 0x90, 0x80);
    RandomGenerator random = new Listed(0x5555);
    assertThat(UuidChanges.startSource(none, random).uuids())
        .isEqualTo(uuids(0xc0, 0x5555, 0x90, 0x80));
    GenerationUuids fresh = uuids(0xc0, 4, 0, 0);
    assertThat(UuidChanges.startSource(fresh, new Listed(0x5555)).uuids())
        .isEqualTo(uuids(0xc0, 0x5555, 4, 0));
  }

  @Test
  void bothSidesEndAResyncWithTheSameSet() {
    UuidChanges.SourceStart start = UuidChanges.startSource(SOURCE, new Prng(1));
    GenerationUuids running = UuidChanges.startTarget(TARGET, start.syncUuid(), Role.SECONDARY);
    assertThat(running).isEqualTo(uuids(start.syncUuid(), 0, 0x70, 0x60));
    GenerationUuids target = UuidChanges.endTarget(running, SOURCE, Role.SECONDARY);
    GenerationUuids source = UuidChanges.endSource(start.uuids());
    assertThat(source).isEqualTo(uuids(0xc1, 0, start.syncUuid(), 0xa0));
    assertThat(target).isEqualTo(source.withCurrent(0xc0));
  }

  @Test
  void theSkipOfTheInitialSyncLeavesBothWithTheAnnouncedGeneration() {
    RandomGenerator random = new Prng(1);
    GenerationUuids announced =
        UuidChanges.newCurrentByAdmin(GenerationUuids.FRESH, Role.SECONDARY, random);
    assertThat(announced.bitmap()).isEqualTo(4);
    GenerationUuids accepted =
        UuidChanges.acceptSkippedSync(GenerationUuids.FRESH, announced.current(), Role.SECONDARY);
    assertThat(accepted).isEqualTo(announced.withBitmap(0));
  }

  @Test
  void promotionAndDemotionTouchOnlyBitZero() {
    assertThat(UuidChanges.forRole(SOURCE, Role.SECONDARY)).isEqualTo(SOURCE.withCurrent(0xc0));
    assertThat(UuidChanges.forRole(TARGET, Role.PRIMARY)).isEqualTo(TARGET.withCurrent(0xa1));
  }

  /// A random life of two nodes that lose the link at any moment of a resync: as long as only one
  /// of them writes until the other has all of it, each comparison knows who has the newer data.
  @Test
  void aLifeWithoutSplitBrainAlwaysFindsTheWriterAsSource() {
    Gen.check(2000, gen -> new Life(new Prng(gen.anyLong())).run(40));
  }

  /// Two nodes, their sets, and a model of what each one's data is.
  private static final class Life {
    private final Prng random;
    private GenerationUuids[] sets = {uuids(0x1000, 0, 0, 0), uuids(0x1000, 0, 0, 0)};
    private int writer = -1;

    Life(Prng random) {
      this.random = random;
    }

    void run(int turns) {
      for (int turn = 0; turn < turns; turn++) {
        if (writer < 0) {
          writer = random.nextInt(2);
          if (sets[writer].bitmap() == 0) {
            sets[writer] = UuidChanges.newCurrent(sets[writer], Role.SECONDARY, random);
          }
        }
        meet(turn);
      }
    }

    private void meet(int turn) {
      UuidCompare.Comparison[] found = {compare(0), compare(1)};
      assertThat(found[writer].verdict())
          .as("turn %d: %s %s", turn, found[writer], found[1 - writer])
          .isEqualTo(Verdict.SOURCE);
      assertThat(found[1 - writer].verdict())
          .as("turn %d: %s %s", turn, found[writer], found[1 - writer])
          .isEqualTo(Verdict.TARGET);
      sets[0] = found[0].self();
      sets[1] = found[1].self();
      resync(found[1 - writer].peer());
    }

    /// Any of the four steps may be the last; a target that was not told of the start stays behind.
    private void resync(GenerationUuids sourceAsReceived) {
      int target = 1 - writer;
      int steps = random.nextInt(5);
      if (steps >= 1) {
        UuidChanges.SourceStart start = UuidChanges.startSource(sets[writer], random);
        sets[writer] = start.uuids();
        if (steps >= 2) {
          sets[target] = UuidChanges.startTarget(sets[target], start.syncUuid(), Role.SECONDARY);
        }
      }
      if (steps >= 3) {
        sets[target] = UuidChanges.endTarget(sets[target], sourceAsReceived, Role.SECONDARY);
        writer = -1;
      }
      if (steps >= 4) {
        sets[1 - target] = UuidChanges.endSource(sets[1 - target]);
        assertThat(sets[0]).isEqualTo(sets[1]);
      }
    }

    private UuidCompare.Comparison compare(int self) {
      return UuidCompare.compare(
          new Question(
              new Node(sets[self], Role.SECONDARY, false),
              new Node(sets[1 - self], Role.SECONDARY, false),
              new Terms(101, true, self == 0)));
    }
  }

  /// Gives out listed values, then the last one for ever.
  private static final class Listed implements RandomGenerator {
    private final List<Long> values;
    private int next;

    Listed(long... values) {
      this.values = Arrays.stream(values).boxed().toList();
    }

    @Override
    public long nextLong() {
      long value = values.get(Math.min(next, values.size() - 1));
      next++;
      return value;
    }
  }

  private static GenerationUuids uuids(long current, long bitmap, long history0, long history1) {
    return new GenerationUuids(current, bitmap, history0, history1);
  }
}
