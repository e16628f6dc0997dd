package org.twincore.drbd.engine.replay;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.CapturedSession;

/// The four parts that there are to play in the captured sessions 1 and 2: which node, what was on
/// its disk before, and what its operator did (drbd-wire-captures).
enum ReplayPart {
  /// Full initial sync as its source, then writes and a discard, until the peer disconnects.
  INITIAL_SOURCE("s1-initial-sync", "A", Set.of(), at(1.5822, new AdminCommand.Primary(0, true))),
  /// The same as its target, which requests and writes all blocks and disconnects at the end.
  INITIAL_TARGET(
      "s1-initial-sync", "B", Set.of(1, 4), at(17.7332, new AdminCommand.Disconnect(false))),
  /// Primary that wrote three blocks alone; roles are swapped, and it disconnects.
  PARTIAL_SOURCE(
      "s2-resync-after-apart",
      "A",
      Set.of(3),
      at(1.155, new AdminCommand.Secondary(0)),
      at(1.6828, new AdminCommand.Disconnect(false))),
  /// The same as its target, which becomes Primary and writes.
  PARTIAL_TARGET(
      "s2-resync-after-apart",
      "B",
      Set.of(),
      at(1.30, new AdminCommand.Primary(0, false)),
      at(1.60, new AdminCommand.Secondary(0)));

  static final int DISK_BYTES = 1 << 20;
  static final int BLOCK_BYTES = 4096;

  /// What A drew in session 1: its current UUID at the forced promotion, the UUID of the resync,
  /// and a new current UUID when B was gone.
  private static final long FIRST_CURRENT = 0x35a9f399cbe2b663L;

  private static final long SYNC = 0x9c72311ecae34b3dL;
  private static final long APART_CURRENT = 0x43a3a0181974c463L;

  private static final int FRESH = MetadataFlags.AL_CLEAN;
  private static final int USED =
      MetadataFlags.AL_CLEAN | MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE;
  private static final long DATA_SECTORS = 1968;

  private final String session;
  private final String name;
  private final Set<Integer> unseen;
  private final List<CaptureReplay.Act> acts;

  ReplayPart(String session, String name, Set<Integer> unseen, CaptureReplay.Act... acts) {
    this.session = session;
    this.name = name;
    this.unseen = unseen;
    this.acts = List.of(acts);
  }

  private static CaptureReplay.Act at(double seconds, AdminCommand command) {
    return new CaptureReplay.Act(seconds, command);
  }

  CapturedNode captured() throws IOException, WireFormatException {
    return CapturedNode.of(CapturedSession.ofDrbd(session), name, unseen);
  }

  /// The connection that became the data socket.
  int dataSocket() {
    return session.startsWith("s1") ? 2 : 1;
  }

  int metaSocket() {
    return dataSocket() + 1;
  }

  List<CaptureReplay.Act> acts() {
    return acts;
  }

  /// What the captured node drew; `afterwards` draws whatever comes then.
  ScriptedRandom random(RandomGenerator afterwards) {
    return this == INITIAL_SOURCE
        ? new ScriptedRandom(afterwards, FIRST_CURRENT, SYNC, APART_CURRENT)
        : new ScriptedRandom(afterwards);
  }

  /// What is on the disk at the start.
  byte[] disk() {
    byte[] disk = new byte[DISK_BYTES];
    if (this == PARTIAL_SOURCE) {
      Arrays.fill(disk, 10 * BLOCK_BYTES, 11 * BLOCK_BYTES, (byte) 'Q');
      Arrays.fill(disk, 200 * BLOCK_BYTES, 202 * BLOCK_BYTES, (byte) 'R');
    }
    return disk;
  }

  /// Attaches the disk and starts to connect.
  void start(ReplayedNode node) throws MetadataException {
    node.admin(new AdminCommand.NewVolume(0, 0, OptionValues.DEFAULTS));
    switch (this) {
      case INITIAL_SOURCE, INITIAL_TARGET -> attach(node, GenerationUuids.FRESH, FRESH, 0);
      case PARTIAL_SOURCE -> {
        GenerationUuids uuids =
            new GenerationUuids(
                APART_CURRENT & ~GenerationUuids.PRIMARY_BIT,
                FIRST_CURRENT,
                SYNC,
                GenerationUuids.JUST_CREATED);
        attach(node, uuids, USED, DATA_SECTORS, 10, 200, 201);
        node.admin(new AdminCommand.Primary(0, false));
      }
      case PARTIAL_TARGET -> {
        GenerationUuids uuids =
            new GenerationUuids(
                FIRST_CURRENT & ~GenerationUuids.PRIMARY_BIT,
                0,
                SYNC & ~GenerationUuids.PRIMARY_BIT,
                GenerationUuids.JUST_CREATED);
        attach(node, uuids, USED, DATA_SECTORS);
      }
    }
    node.admin(new AdminCommand.Connect(OptionValues.DEFAULTS, false, false));
  }

  /// A disk of 1 MiB with internal metadata, of which 1968 sectors are data.
  private static void attach(
      ReplayedNode node, GenerationUuids uuids, int flags, long agreedSectors, int... outOfSync)
      throws MetadataException {
    MetadataLayout layout =
        MetadataLayout.of(new MetadataLayout.Kind.Internal(), DISK_BYTES, DISK_BYTES);
    Superblock superblock =
        Superblock.fresh(layout, 0)
            .withUuids(uuids)
            .withFlags(flags)
            .withLastAgreedSectors(agreedSectors);
    SyncBitmap bitmap = new SyncBitmap(DATA_SECTORS);
    for (int block : outOfSync) {
      bitmap.setBits(block, block + 1L);
    }
    node.admin(new AdminCommand.Attach(0, new MetadataImage(layout, superblock, bitmap)));
  }
}
