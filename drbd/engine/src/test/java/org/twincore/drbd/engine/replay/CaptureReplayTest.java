package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.twincore.drbd.engine.replay.ReplayStart.BLOCK_BYTES;

import java.util.Arrays;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Our node in the place of either kernel node of the captured sessions (drbd-wire-captures): it
/// gets what the kernel got and sends what the kernel sent.
class CaptureReplayTest {
  private static final RandomGenerator NOTHING_MORE =
      () -> {
        throw new AssertionError("a UUID is drawn that the captured node did not draw");
      };

  /// Each part, how many packets are compared at least, and what is on the disk afterwards: a byte
  /// a block.
  static Stream<Arguments> parts() {
    return Stream.of(
        arguments(ReplayPart.INITIAL_SOURCE, 40, Map.of()),
        arguments(ReplayPart.INITIAL_TARGET, 80, Map.of(3, 'W', 19, 'X')),
        arguments(ReplayPart.PARTIAL_SOURCE, 15, Map.of(5, 'B')),
        arguments(ReplayPart.PARTIAL_TARGET, 15, Map.of(10, 'Q', 201, 'R')),
        arguments(ReplayPart.DIGESTS_SOURCE, 500, Map.of(7, 'A')),
        arguments(ReplayPart.DIGESTS_TARGET, 250, Map.of(7, 'A')),
        arguments(ReplayPart.SKIPPED_SYNC_WRITER, 80, Map.of(1, '1', 2, '2', 64, '6')),
        arguments(ReplayPart.SKIPPED_SYNC_PEER, 80, Map.of(1, '1', 2, '2', 64, '6')),
        arguments(ReplayPart.DUAL_FIRST, 12, Map.of(3, '3')),
        arguments(ReplayPart.DUAL_SECOND, 12, Map.of(3, '3')),
        arguments(ReplayPart.SPLIT_KEPT, 12, Map.of()),
        arguments(ReplayPart.SPLIT_DISCARDED, 12, Map.of(50, '\0')));
  }

  @ParameterizedTest
  @MethodSource("parts")
  void isTheKernels(ReplayPart part, int packetsMin, Map<Integer, Character> blocks)
      throws Exception {
    CapturedNode captured = part.captured();
    ScriptedRandom random = part.random(NOTHING_MORE);
    byte[] disk = part.disk(captured);
    ReplayedNode node = new ReplayedNode(random, disk);
    part.start().start(node);
    assertThat(new CaptureReplay(captured, node, part.acts()).run()).isGreaterThan(packetsMin);
    assertThat(random.uuidsLeft()).isZero();
    blocks.forEach((block, letter) -> {
      int from = block * BLOCK_BYTES;
      assertThat(Arrays.copyOfRange(disk, from, from + BLOCK_BYTES))
          .as("block " + block)
          .containsOnly(letter);
    });
  }
}
