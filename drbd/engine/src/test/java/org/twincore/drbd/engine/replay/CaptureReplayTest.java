package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.engine.replay.ReplayPart.BLOCK_BYTES;

import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Our node in the place of either kernel node of two captured sessions (drbd-wire-captures): it
/// gets what the kernel got and sends what the kernel sent.
class CaptureReplayTest {
  private static final RandomGenerator NOTHING_MORE =
      () -> {
        throw new AssertionError("a UUID is drawn that the captured node did not draw");
      };

  @Test
  void theSourceOfTheInitialSyncIsTheKernels() throws Exception {
    ReplayPart part = ReplayPart.INITIAL_SOURCE;
    ScriptedRandom random = part.random(NOTHING_MORE);
    assertThat(replay(part, random, part.disk())).isGreaterThan(40);
    assertThat(random.uuidsLeft()).isZero();
  }

  @Test
  void theTargetOfTheInitialSyncIsTheKernels() throws Exception {
    byte[] disk = ReplayPart.INITIAL_TARGET.disk();
    assertThat(replay(ReplayPart.INITIAL_TARGET, disk)).isGreaterThan(80);
    assertThat(disk[3 * BLOCK_BYTES]).isEqualTo((byte) 'W');
    assertThat(disk[(64 << 10) + (16 << 10) - 1]).isEqualTo((byte) 'X');
  }

  @Test
  void theSourceOfThePartialResyncIsTheKernels() throws Exception {
    byte[] disk = ReplayPart.PARTIAL_SOURCE.disk();
    assertThat(replay(ReplayPart.PARTIAL_SOURCE, disk)).isGreaterThan(15);
    assertThat(disk[5 * BLOCK_BYTES]).isEqualTo((byte) 'B');
  }

  @Test
  void theTargetOfThePartialResyncIsTheKernels() throws Exception {
    byte[] disk = ReplayPart.PARTIAL_TARGET.disk();
    assertThat(replay(ReplayPart.PARTIAL_TARGET, disk)).isGreaterThan(15);
    assertThat(disk[10 * BLOCK_BYTES]).isEqualTo((byte) 'Q');
    assertThat(disk[202 * BLOCK_BYTES - 1]).isEqualTo((byte) 'R');
  }

  private static int replay(ReplayPart part, byte[] disk) throws Exception {
    return replay(part, part.random(NOTHING_MORE), disk);
  }

  private static int replay(ReplayPart part, ScriptedRandom random, byte[] disk) throws Exception {
    ReplayedNode node = new ReplayedNode(random, disk);
    part.start(node);
    return new CaptureReplay(part.captured(), node, part.acts()).run();
  }
}
