package org.twincore.sim.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.sim.Seeds;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// Our node beside one that answers as a kernel's, from many seeds.
@Tag("slow")
class KernelRunTest {
  private static final int SEEDS = Boolean.getBoolean("twincore.full") ? 10_000 : 1_000;
  private static final int WRITES_MIN = 100;

  @Test
  void nothingThatAKernelWouldNotTake() {
    List<KernelRun.Ended> ended = Seeds.besideKernel(1, SEEDS, Trace::silent).runs();
    assertThat(ended).allMatch(KernelRun.Ended::isFine);
    assertThat(ended.stream().mapToInt(KernelRun.Ended::answered).sum())
        .as("writes")
        .isGreaterThan(WRITES_MIN * SEEDS);
  }

  /// Both Primary, and the same blocks written by both: conflicts come about, and each block is a
  /// register that is regular.
  @Test
  void twoPrimariesAgree() {
    List<KernelDualRun.Ended> ended = Seeds.besideKernelPrimary(1, SEEDS, Trace::silent).runs();
    assertThat(ended).allMatch(KernelDualRun.Ended::isFine);
    assertThat(ended.stream().mapToInt(KernelDualRun.Ended::answered).sum())
        .as("writes")
        .isGreaterThan(WRITES_MIN * SEEDS);
    assertThat(ended.stream().mapToInt(KernelDualRun.Ended::conflicts).sum())
        .as("connections lost by a conflict")
        .isGreaterThan(SEEDS / 5);
  }

  /// The kernel's node, whose disk is slow, supersedes by a write that our node had acked before
  /// its own next one. No barrier follows that would show it: both disks have to become equal
  /// nevertheless.
  @ParameterizedTest
  @ValueSource(longs = {4439, 5332})
  void whatNothingCoversIsSentAgain(long seed) {
    assertThat(new KernelDualRun(seed, Trace.silent(), Tamper.NONE).toEnd().problem()).isEmpty();
  }

  @Test
  void aSeedTakesTheSameCourseAgain() {
    assertThat(Seeds.besideKernel(7, 1, Trace::silent).runs())
        .isEqualTo(Seeds.besideKernel(7, 1, Trace::silent).runs());
    assertThat(Seeds.besideKernelPrimary(7, 1, Trace::silent).runs())
        .isEqualTo(Seeds.besideKernelPrimary(7, 1, Trace::silent).runs());
  }
}
