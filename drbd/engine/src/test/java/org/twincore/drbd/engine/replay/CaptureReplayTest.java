package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.testkit.CapturedSession;

/// Our node in the place of either kernel node of two captured sessions (drbd-wire-captures): it
/// gets what the kernel got and sends what the kernel sent.
class CaptureReplayTest {
  private static final int DISK_BYTES = 1 << 20;
  private static final int BLOCK_BYTES = 4096;

  /// What A drew in session 1: its current UUID at the forced promotion, the UUID of the resync,
  /// and a new current UUID when B was gone.
  private static final long FIRST_CURRENT = 0x35a9f399cbe2b663L;

  private static final long SYNC = 0x9c72311ecae34b3dL;
  private static final long APART_CURRENT = 0x43a3a0181974c463L;

  private static final AdminCommand CONNECT =
      new AdminCommand.Connect(OptionValues.DEFAULTS, false, false);
  private static final AdminCommand DISCONNECT = new AdminCommand.Disconnect(false);

  /// Full initial sync as its source, writes, a discard, and the peer disconnects.
  @Test
  void theSourceOfTheInitialSyncIsTheKernels() throws Exception {
    ScriptedRandom random = new ScriptedRandom(FIRST_CURRENT, SYNC, APART_CURRENT);
    ReplayedNode node = new ReplayedNode(random, new byte[DISK_BYTES]);
    attach(node, GenerationUuids.FRESH, MetadataFlags.AL_CLEAN, 0);
    node.admin(CONNECT);
    List<CaptureReplay.Act> acts = List.of(at(1.5822, new AdminCommand.Primary(0, true)));
    assertThat(replay("s1-initial-sync", "A", Set.of(), node, acts)).isGreaterThan(40);
    assertThat(random.uuidsLeft()).isZero();
  }

  /// The same session as its target, which requests and writes all blocks and then disconnects.
  @Test
  void theTargetOfTheInitialSyncIsTheKernels() throws Exception {
    byte[] disk = new byte[DISK_BYTES];
    ReplayedNode node = new ReplayedNode(new ScriptedRandom(), disk);
    attach(node, GenerationUuids.FRESH, MetadataFlags.AL_CLEAN, 0);
    node.admin(CONNECT);
    List<CaptureReplay.Act> acts = List.of(at(17.7332, DISCONNECT));
    assertThat(replay("s1-initial-sync", "B", Set.of(1, 4), node, acts)).isGreaterThan(80);
    assertThat(disk[3 * BLOCK_BYTES]).isEqualTo((byte) 'W');
    assertThat(disk[(64 << 10) + (16 << 10) - 1]).isEqualTo((byte) 'X');
  }

  /// A wrote three blocks alone; then both nodes swap roles, and A disconnects.
  @Test
  void theSourceOfThePartialResyncIsTheKernels() throws Exception {
    byte[] disk = new byte[DISK_BYTES];
    Arrays.fill(disk, 10 * BLOCK_BYTES, 11 * BLOCK_BYTES, (byte) 'Q');
    Arrays.fill(disk, 200 * BLOCK_BYTES, 202 * BLOCK_BYTES, (byte) 'R');
    ReplayedNode node = new ReplayedNode(new ScriptedRandom(), disk);
    attach(
        node,
        new GenerationUuids(
            APART_CURRENT & ~GenerationUuids.PRIMARY_BIT,
            FIRST_CURRENT,
            SYNC,
            GenerationUuids.JUST_CREATED),
        MetadataFlags.AL_CLEAN | MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE,
        1968,
        10,
        200,
        201);
    node.admin(new AdminCommand.Primary(0, false));
    node.admin(CONNECT);
    List<CaptureReplay.Act> acts =
        List.of(at(1.155, new AdminCommand.Secondary(0)), at(1.6828, DISCONNECT));
    assertThat(replay("s2-resync-after-apart", "A", Set.of(3), node, acts)).isGreaterThan(15);
    assertThat(disk[5 * BLOCK_BYTES]).isEqualTo((byte) 'B');
  }

  /// The same session as its target, which becomes Primary and writes.
  @Test
  void theTargetOfThePartialResyncIsTheKernels() throws Exception {
    byte[] disk = new byte[DISK_BYTES];
    ReplayedNode node = new ReplayedNode(new ScriptedRandom(), disk);
    attach(
        node,
        new GenerationUuids(
            FIRST_CURRENT & ~GenerationUuids.PRIMARY_BIT,
            0,
            SYNC & ~GenerationUuids.PRIMARY_BIT,
            GenerationUuids.JUST_CREATED),
        MetadataFlags.AL_CLEAN | MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE,
        1968);
    node.admin(CONNECT);
    List<CaptureReplay.Act> acts =
        List.of(
            at(1.30, new AdminCommand.Primary(0, false)), at(1.60, new AdminCommand.Secondary(0)));
    assertThat(replay("s2-resync-after-apart", "B", Set.of(), node, acts)).isGreaterThan(15);
    assertThat(disk[10 * BLOCK_BYTES]).isEqualTo((byte) 'Q');
    assertThat(disk[202 * BLOCK_BYTES - 1]).isEqualTo((byte) 'R');
  }

  private static int replay(
      String session,
      String name,
      Set<Integer> unseen,
      ReplayedNode node,
      List<CaptureReplay.Act> acts)
      throws Exception {
    CapturedNode captured = CapturedNode.of(CapturedSession.ofDrbd(session), name, unseen);
    return new CaptureReplay(captured, node, acts).run();
  }

  private static CaptureReplay.Act at(double seconds, AdminCommand command) {
    return new CaptureReplay.Act(seconds, command);
  }

  /// A disk of 1 MiB with internal metadata, of which 1968 sectors are data.
  private static void attach(
      ReplayedNode node, GenerationUuids uuids, int flags, long agreedSectors, int... outOfSync)
      throws Exception {
    MetadataLayout layout =
        MetadataLayout.of(new MetadataLayout.Kind.Internal(), DISK_BYTES, DISK_BYTES);
    assertThat(layout.usableSectors()).isEqualTo(1968);
    Superblock superblock =
        Superblock.fresh(layout, 0)
            .withUuids(uuids)
            .withFlags(flags)
            .withLastAgreedSectors(agreedSectors);
    SyncBitmap bitmap = new SyncBitmap(layout.usableSectors());
    for (int block : outOfSync) {
      bitmap.setBits(block, block + 1L);
    }
    node.admin(new AdminCommand.NewVolume(0, 0, OptionValues.DEFAULTS));
    node.admin(new AdminCommand.Attach(0, new MetadataImage(layout, superblock, bitmap)));
  }
}
