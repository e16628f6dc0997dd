package org.twincore.drbd.engine.replay;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataImage;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;

/// What a captured node was when a part of its session began: a disk of 1 MiB with internal
/// metadata, of which 1968 sectors are data, and settings.
///
/// @param uuids on the disk; [GenerationUuids#FRESH] as after create-md
/// @param isPrimary it was promoted before it connected
/// @param discardsMyData it connects with `--discard-my-data`
/// @param contents what is not zero on the disk: each extent full of one letter
/// @param outOfSync blocks that are marked
record ReplayStart(
    GenerationUuids uuids,
    boolean isPrimary,
    OptionValues net,
    boolean discardsMyData,
    Map<Extent, Character> contents,
    Set<Integer> outOfSync) {
  static final int DISK_BYTES = 1 << 20;
  static final int BLOCK_BYTES = 4096;
  private static final long DATA_SECTORS = 1968;
  private static final int FRESH = MetadataFlags.AL_CLEAN;
  private static final int USED =
      MetadataFlags.AL_CLEAN | MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE;

  /// After create-md.
  static ReplayStart fresh() {
    return used(GenerationUuids.FRESH, Map.of());
  }

  /// Secondary, nothing marked, default settings.
  static ReplayStart used(GenerationUuids uuids, Map<Extent, Character> contents) {
    return new ReplayStart(uuids, false, OptionValues.DEFAULTS, false, contents, Set.of());
  }

  ReplayStart primary() {
    return new ReplayStart(uuids, true, net, discardsMyData, contents, outOfSync);
  }

  ReplayStart with(OptionValues settings) {
    return new ReplayStart(uuids, isPrimary, settings, discardsMyData, contents, outOfSync);
  }

  ReplayStart marked(Integer... marked) {
    return new ReplayStart(uuids, isPrimary, net, discardsMyData, contents, Set.of(marked));
  }

  /// `connect --discard-my-data`.
  ReplayStart discarding() {
    return new ReplayStart(uuids, isPrimary, net, true, contents, outOfSync);
  }

  /// A fresh array.
  byte[] disk() {
    byte[] disk = new byte[DISK_BYTES];
    contents.forEach((extent, letter) -> {
      int from = (int) extent.offsetBytes();
      Arrays.fill(disk, from, from + (int) extent.sizeBytes(), (byte) letter.charValue());
    });
    return disk;
  }

  /// Attaches the disk and starts to connect.
  void start(ReplayedNode node) throws MetadataException {
    boolean isFresh = uuids.equals(GenerationUuids.FRESH);
    MetadataLayout layout =
        MetadataLayout.of(new MetadataLayout.Kind.Internal(), DISK_BYTES, DISK_BYTES);
    Superblock superblock =
        Superblock.fresh(layout, 0)
            .withUuids(uuids)
            .withFlags(isFresh ? FRESH : USED)
            .withLastAgreedSectors(isFresh ? 0 : DATA_SECTORS);
    SyncBitmap bitmap = new SyncBitmap(DATA_SECTORS);
    for (int block : outOfSync) {
      bitmap.setBits(block, block + 1L);
    }
    node.admin(new AdminCommand.NewVolume(0, 0, OptionValues.DEFAULTS));
    node.admin(new AdminCommand.Attach(0, new MetadataImage(layout, superblock, bitmap)));
    if (isPrimary) {
      node.admin(new AdminCommand.Primary(0, false));
    }
    node.admin(new AdminCommand.Connect(net, discardsMyData, false));
  }
}
