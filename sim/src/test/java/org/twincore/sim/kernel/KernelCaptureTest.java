package org.twincore.sim.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.wire.Payload;

/// The scripted node in the place of either kernel node of the two captured sessions without
/// extras: it gets what that one got and says what that one said.
class KernelCaptureTest {
  private static final long SECTORS = 1968;
  private static final int BLOCK_SECTORS = 8;

  /// What A drew in the first session: its first data, the resync, and its data without B.
  private static final long FIRST = 0x35a9f399cbe2b663L;

  private static final long SYNC = 0x9c72311ecae34b3dL;
  private static final long APART = 0x43a3a0181974c463L;

  @Test
  void theSourceOfTheInitialSync() throws Exception {
    CapturedSide side = new CapturedSide("s1-initial-sync", "A", 2, 3);
    side.draws(FIRST, SYNC, APART);
    side.at(1.5822, () -> side.node().commands().becomePrimary());
    assertThat(side.play(new KernelDisk(SECTORS), node -> {})).isGreaterThan(40);
    assertThat(side.drawsLeft()).isZero();
  }

  @Test
  void theTargetOfTheInitialSync() throws Exception {
    CapturedSide side = new CapturedSide("s1-initial-sync", "B", 2, 3);
    KernelDisk disk = new KernelDisk(SECTORS);
    side.at(17.7332, () -> side.node().commands().disconnect(() -> {}));
    assertThat(side.play(disk, node -> {})).isGreaterThan(80);
    assertThat(disk.block(3)).containsOnly('W');
    assertThat(disk.block(16)).containsOnly('X');
    assertThat(disk.bitsSet()).isZero();
    assertThat(disk.uuids())
        .isEqualTo(new GenerationUuids(FIRST & ~1L, 0, SYNC & ~1L, GenerationUuids.JUST_CREATED));
  }

  @Test
  void theSourceOfThePartialResync() throws Exception {
    CapturedSide side = new CapturedSide("s2-resync-after-apart", "A", 1, 2);
    KernelDisk disk =
        used(
            new GenerationUuids(APART & ~1L, FIRST, SYNC, GenerationUuids.JUST_CREATED),
            Map.of(10, 'Q', 200, 'R', 201, 'R'));
    side.at(1.155, () -> side.node().commands().becomeSecondary());
    side.at(1.6828, () -> side.node().commands().disconnect(() -> {}));
    assertThat(side.play(disk, node -> node.commands().becomePrimary())).isGreaterThan(15);
    assertThat(disk.block(5)).containsOnly('B');
  }

  @Test
  void theTargetOfThePartialResync() throws Exception {
    CapturedSide side = new CapturedSide("s2-resync-after-apart", "B", 1, 2);
    KernelDisk disk =
        used(
            new GenerationUuids(FIRST & ~1L, 0, SYNC & ~1L, GenerationUuids.JUST_CREATED),
            Map.of());
    side.at(1.30, () -> side.node().commands().becomePrimary());
    side.at(1.60, () -> side.node().commands().becomeSecondary());
    assertThat(side.play(disk, node -> {})).isGreaterThan(15);
    assertThat(disk.block(10)).containsOnly('Q');
    assertThat(disk.block(201)).containsOnly('R');
  }

  /// A disk that was UpToDate, with what was written to it while alone.
  private static KernelDisk used(GenerationUuids uuids, Map<Integer, Character> alone) {
    KernelDisk disk = new KernelDisk(SECTORS);
    disk.clearAll();
    disk.uuids(uuids);
    disk.consistent(true);
    new TreeMap<>(alone)
        .forEach((block, content) -> {
          byte[] bytes = new byte[KernelDisk.BLOCK_BYTES];
          Arrays.fill(bytes, (byte) content.charValue());
          disk.write((long) block * BLOCK_SECTORS, Payload.of(bytes));
          disk.setRange(block, block + 1L);
        });
    return disk;
  }
}
