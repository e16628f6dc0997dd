package org.twincore.sim.check;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// Each block in which the replicas differ has its bit set on at least one drive, or lies in an
/// extent of an activity log that will be applied, or where a drive does not say yet that the
/// device has grown, so that it will grow again: as the drives stand, if both nodes died now.
///
/// Looks after each end of a node, and whenever the run asks.
public final class BitmapCoversDifference implements NodeWatcher {
  private static final int SECTORS_PER_BLOCK = 8;

  private final ClusterView view;
  private long looks;

  public BitmapCoversDifference(ClusterView view) {
    this.view = view;
  }

  public long looks() {
    return looks;
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    if (ending == SimNode.Ending.KILL || view.promise().survivesPowerCut()) {
      checkAll();
    }
  }

  /// Looks at all volumes.
  public void checkAll() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      check(volume);
    }
  }

  private void check(int volume) {
    if (view.lineage().isSplit(volume) || view.lineage().isAnyForeign(volume)) {
      return;
    }
    List<Long> differing = view.differingBlocks(volume);
    looks++;
    if (differing.isEmpty()) {
      return;
    }
    List<SyncBitmap> marked = new ArrayList<>();
    long end = Long.MAX_VALUE;
    for (SimNode node : view.nodes()) {
      DriveMetadata metadata = new DriveMetadata(node.drive(volume));
      try {
        Superblock superblock = metadata.superblock();
        if (isWhollyOutOfSync(superblock)) {
          return;
        }
        end = Math.min(end, superblock.lastAgreedSectors());
        marked.add(metadata.bitsAfterCrash());
      } catch (MetadataException e) {
        throw new Violation("BitmapCoversDifference", node.name() + " has lost its metadata: " + e);
      }
    }
    for (long block : differing) {
      boolean isKnown = block * SECTORS_PER_BLOCK < end;
      if (isKnown && marked.stream().noneMatch(bits -> bits.get(block))) {
        throw new Violation("BitmapCoversDifference", describe(volume, block));
      }
    }
  }

  /// Will the next handshake set all bits anyway?
  private static boolean isWhollyOutOfSync(Superblock superblock) {
    boolean crashedWithoutLog =
        superblock.has(MetadataFlags.AL_DISABLED)
            && superblock.has(MetadataFlags.PRIMARY_INDICATOR);
    return superblock.has(MetadataFlags.FULL_SYNC)
        || superblock.uuids().currentIdentity() == GenerationUuids.JUST_CREATED
        || crashedWithoutLog;
  }

  private String describe(int volume, long block) {
    long sector = block * SECTORS_PER_BLOCK;
    while (sector < block * SECTORS_PER_BLOCK + SECTORS_PER_BLOCK - 1
        && view.onDrive(0, volume, sector) == view.onDrive(1, volume, sector)) {
      sector++;
    }
    return "volume %d: block %d differs (sector %d: %d and %d) and no drive says so; allowed %s"
        .formatted(
            volume,
            block,
            sector,
            view.onDrive(0, volume, sector),
            view.onDrive(1, volume, sector),
            view.history(volume).describe(sector));
  }
}
