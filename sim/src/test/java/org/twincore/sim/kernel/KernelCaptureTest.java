package org.twincore.sim.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Payload;

/// The scripted node in the place of either kernel node in each part of the captured sessions: it
/// gets what that one got and says what that one said.
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

  private static final KernelSettings DIGESTS =
      new KernelSettings(
          KernelSettings.Protocol.A,
          101,
          true,
          false,
          new KernelDigests(
              Optional.of(DigestAlgorithm.CRC32C),
              Optional.of(DigestAlgorithm.CRC32C),
              Optional.of(DigestAlgorithm.CRC32C)));

  @Test
  void theOneThatVerifiesAndIsTheSourceByChecksumsAndTheOnlyDisk() throws Exception {
    CapturedSide side = new CapturedSide("s3-auth-integrity-verify-csums", "A", 2, 3);
    side.draws(0xb240d3b9ed5b3247L, 0xaf4f81ddb0b39005L);
    side.at(1.30, () -> side.node().commands().becomePrimary());
    side.at(1.32, () -> side.node().writer().epochsFrom(8));
    side.at(1.40, () -> side.node().commands().verify());
    side.at(5.50, () -> side.node().commands().becomeSecondary());
    side.at(6.30, () -> side.node().commands().disconnect(() -> {}));
    assertThat(side.play(withData(0x35aaf399cbe2b663L), node -> {}, DIGESTS)).isGreaterThan(500);
    assertThat(side.drawsLeft()).isZero();
  }

  @Test
  void theOneThatIsVerifiedAndFilledByChecksumsAndDetached() throws Exception {
    CapturedSide side = new CapturedSide("s3-auth-integrity-verify-csums", "B", 2, 3);
    side.at(3.50, () -> side.node().commands().invalidate());
    side.at(5.30, () -> side.node().attachment().detach());
    side.at(5.89, () -> side.node().commands().becomePrimary());
    side.at(6.10, () -> side.node().commands().becomeSecondary());
    KernelDisk disk = withData(0x35aaf399cbe2b662L);
    assertThat(side.play(disk, node -> {}, DIGESTS)).isGreaterThan(250);
    assertThat(disk.block(7)).containsOnly('A');
    assertThat(disk.bitsSet()).isZero();
  }

  /// What either disk held between the sessions 2 and 3.
  private static KernelDisk withData(long history) {
    KernelDisk disk = used(new GenerationUuids(APART & ~1L, 0, history, FIRST), Map.of());
    Map.of(3, 'W', 5, 'B', 10, 'Q', 16, 'X', 17, 'X', 18, 'X', 19, 'X', 200, 'R', 201, 'R')
        .forEach(
            (block, letter) -> fill(disk, block * BLOCK_SECTORS, KernelDisk.BLOCK_BYTES, letter));
    fill(disk, 100, 512, 'Y');
    disk.flush();
    return disk;
  }

  private static void fill(KernelDisk disk, long sector, int size, char letter) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) letter);
    disk.write(sector, Payload.of(bytes));
  }

  private static final String DUAL_SESSION = "s4-protoB-dualprimary-splitbrain";
  private static final KernelSettings TWO =
      new KernelSettings(KernelSettings.Protocol.C, 101, true, true, KernelDigests.NONE);

  /// UUIDs of that session, with the bit of a Primary: the first data, that of A alone, and A's
  /// after B has left.
  private static final long FIRST_OF_TWO = 0x7e4e314827fbbccbL;

  private static final long ALONE_OF_TWO = 0xc62379b6a8cc20c3L;
  private static final long LATER_OF_TWO = 0x1a0aa9c41f268d57L;

  @Test
  void thePrimaryBesideWhichAnotherIsPromoted() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "A", 6, 7);
    side.draws(LATER_OF_TWO);
    KernelDisk disk = used(new GenerationUuids(ALONE_OF_TWO & ~1L, FIRST_OF_TWO, 0, 0), Map.of());
    assertThat(side.play(disk, node -> node.commands().becomePrimary(), TWO)).isGreaterThan(12);
    assertThat(disk.block(3)).containsOnly('3');
    assertThat(side.drawsLeft()).isZero();
  }

  @Test
  void theSecondPrimary() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "B", 6, 7);
    KernelDisk disk = used(new GenerationUuids(FIRST_OF_TWO & ~1L, 0, 0, 0), Map.of());
    side.at(13.06, () -> side.node().commands().becomePrimary());
    side.at(13.40, () -> side.node().commands().becomeSecondary());
    side.at(13.50, () -> side.node().commands().disconnect(() -> {}));
    assertThat(side.play(disk, node -> {}, TWO)).isGreaterThan(12);
    assertThat(disk.block(3)).containsOnly('3');
  }

  // ---- protocol B, without an initial sync

  private static final KernelSettings IN_B =
      new KernelSettings(KernelSettings.Protocol.B, 101, true, false, KernelDigests.NONE);

  @Test
  void theOneThatSkipsTheInitialSyncAndWrites() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "A", 2, 3);
    side.draws(FIRST_OF_TWO & ~1L, ALONE_OF_TWO);
    side.at(10.85, () -> side.node().commands().skipInitialSync());
    side.at(11.00, () -> side.node().commands().becomePrimary());
    side.at(11.90, () -> side.node().commands().disconnect(() -> {}));
    KernelDisk disk = new KernelDisk(SECTORS);
    assertThat(side.play(disk, node -> {}, IN_B)).isGreaterThan(80);
    assertThat(side.drawsLeft()).isZero();
    assertThat(disk.block(64)).containsOnly('6');
    assertThat(disk.uuids()).isEqualTo(new GenerationUuids(ALONE_OF_TWO, FIRST_OF_TWO, 0, 0));
  }

  @Test
  void theOneThatHearsThatNothingIsCopied() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "B", 2, 3);
    KernelDisk disk = new KernelDisk(SECTORS);
    assertThat(side.play(disk, node -> {}, IN_B)).isGreaterThan(80);
    assertThat(disk.block(1)).containsOnly('1');
    assertThat(disk.block(2)).containsOnly('2');
    assertThat(disk.block(64)).containsOnly('6');
    assertThat(disk.bitsSet()).isZero();
    assertThat(disk.uuids()).isEqualTo(new GenerationUuids(FIRST_OF_TWO & ~1L, 0, 0, 0));
  }

  // ---- after a split brain, `connect --discard-my-data`

  private static final long RESYNCED_OF_TWO = 0x7e4f314827fbbccbL;

  @Test
  void thePrimaryThatIsKept() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "A", 12, 13);
    KernelDisk disk =
        used(
            new GenerationUuids(LATER_OF_TWO & ~1L, ALONE_OF_TWO, RESYNCED_OF_TWO, FIRST_OF_TWO),
            Map.of(60, 'a', 61, 'a'));
    side.knowsWhatItSends(disk);
    side.at(19.45, () -> side.node().commands().changePolicy(3));
    side.at(19.85, () -> side.node().commands().becomeSecondary());
    side.at(19.86, () -> side.node().commands().disconnect(() -> {}));
    assertThat(side.play(disk, node -> node.commands().becomePrimary(), TWO)).isGreaterThan(12);
    assertThat(disk.bitsSet()).isZero();
  }

  @Test
  void theOneThatGivesUpItsData() throws Exception {
    CapturedSide side = new CapturedSide(DUAL_SESSION, "B", 12, 13);
    KernelDisk disk =
        used(
            new GenerationUuids(
                0x698a6c0295a56a28L, ALONE_OF_TWO & ~1L, RESYNCED_OF_TWO & ~1L, FIRST_OF_TWO),
            Map.of(50, 'b'));
    assertThat(side.play(disk, KernelPeer::discardMyData, TWO)).isGreaterThan(12);
    assertThat(disk.block(50)).containsOnly(0);
    assertThat(disk.bitsSet()).isZero();
    assertThat(disk.uuids().current()).isEqualTo(LATER_OF_TWO & ~1L);
  }

  /// A disk that was UpToDate, with what was written to it while alone.
  private static KernelDisk used(GenerationUuids uuids, Map<Integer, Character> alone) {
    KernelDisk disk = new KernelDisk(SECTORS);
    disk.clearAll();
    disk.uuids(uuids);
    disk.consistent(true);
    new TreeMap<>(alone)
        .forEach((block, content) -> {
          fill(disk, (long) block * BLOCK_SECTORS, KernelDisk.BLOCK_BYTES, content);
          disk.setRange(block, block + 1L);
        });
    return disk;
  }
}
