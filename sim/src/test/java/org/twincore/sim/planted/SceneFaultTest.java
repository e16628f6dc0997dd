package org.twincore.sim.planted;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.sim.scene.EveryStep;
import org.twincore.sim.scene.SceneRun;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// What is planted into scenes, and into courses with one thing going wrong, is seen by the checker
/// of its row.
@Tag("slow")
class SceneFaultTest {
  private static final int SEEDS = 120;
  private static final int STRIDE = 3;

  /// A row a fault planted into scenes.
  enum InScenes {
    RESYNC_BLOCK_NOT_WRITTEN(
        "UpToDateReplicasEqual", () -> DiskTampers.dropsWrites(DiskTampers::asSyncTarget)),
    WRITE_ANSWERED_BEFORE_IT_IS_DONE("AckedWriteSurvives", WireTampers::answersBeforeWriting),
    READ_FROM_WRONG_SECTOR("ReadsAreRegular", DiskTampers::readsElsewhere),
    BITMAP_NOT_WRITTEN(
        "UpToDateReplicasEqual",
        () -> DiskTampers.changesMetadata(DiskTampers.Part.BITMAP, DiskTampers::drop)),
    OVERWRITTEN_BEFORE_SAVED("UndoRestoresLoser", DiskTampers::savesNothing),
    ANSWERED_TWICE("EachRequestAnsweredOnce", WireTampers::answersTwice);

    private final String checker;
    private final Supplier<Tamper> tamper;

    InScenes(String checker, Supplier<Tamper> tamper) {
      this.checker = checker;
      this.tamper = tamper;
    }
  }

  @ParameterizedTest
  @EnumSource
  void isSeenInScenes(InScenes row) {
    List<String> seen = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS && !seen.contains(row.checker); seed++) {
      SceneRun run = new SceneRun(seed, Trace.silent());
      run.nodes().forEach(node -> node.tamper(row.tamper.get()));
      seen.add(run.toEnd(new NodeWatcher() {}, (_, _) -> {}).checker());
    }
    assertThat(seen).contains(row.checker);
  }

  /// A row a fault planted into a course, and what has to go wrong for it to show.
  enum AtSteps {
    FLUSH_NOT_DONE(
        "AckedWriteSurvives",
        "RESYNC_AFTER_RECONNECT",
        "POWER_CUT",
        () -> DiskTampers.dropsFlushes(DiskTampers::always)),
    ACTIVITY_LOG_NOT_WRITTEN(
        "BitmapCoversDifference",
        "ROLE_SWAP",
        "POWER_CUT",
        () -> DiskTampers.changesMetadata(DiskTampers.Part.ACTIVITY_LOG, DiskTampers::drop)),
    NEW_UUID_NOT_WRITTEN(
        "AckedWriteSurvives",
        "FAREWELL",
        "KILL",
        () -> DiskTampers.changesMetadata(DiskTampers.Part.SUPERBLOCK, DiskTampers::drop)),
    TRANSFER_LOG_LOST(
        "AckedWriteSurvives",
        "ATTACH_OF_A_PRIMARY",
        "CONNECTION_BREAKS",
        WireTampers::losesTransferLog);

    private final String checker;
    private final String course;
    private final String deed;
    private final Supplier<Tamper> tamper;

    AtSteps(String checker, String course, String deed, Supplier<Tamper> tamper) {
      this.checker = checker;
      this.course = course;
      this.deed = deed;
      this.tamper = tamper;
    }
  }

  @ParameterizedTest
  @EnumSource
  void isSeenAtSomeStep(AtSteps row) {
    List<String> seen = new ArrayList<>();
    int steps = EveryStep.stepsOf(row.course);
    for (int step = 1; step <= steps && !seen.contains(row.checker); step += STRIDE) {
      for (int node = 0; node < 2; node++) {
        EveryStep run =
            new EveryStep(new EveryStep.Case(row.course, row.deed, node, step), Trace.silent());
        run.nodes().forEach(it -> it.tamper(row.tamper.get()));
        seen.add(run.toEnd().checker());
      }
    }
    assertThat(seen).contains(row.checker);
  }
}
