package org.twincore.drbd.engine.state;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.Superblock;

/// How the metadata of a disk in use gets to another place: the disk has another size, and internal
/// metadata is at its end; or the activity log gets another shape (drbd-metadata section 5).
///
/// ```
/// 1  superblock at the new place: all is out of sync, and there is no log to apply
/// 2  what the old metadata leaves behind becomes zeroes
/// 3  activity log, bitmap
/// 4  superblock as it really is
/// ```
///
/// 1 is durable before anything of 2 and 3 begins, all of these before 4, and nothing else is under
/// way on the disk. So a crash before 1 leaves the old metadata as it was; one after 4 the new; one
/// between them a superblock by which every block counts as out of sync. Too much is copied then,
/// never too little. Without 2 an old superblock would lie in the data area, to be found at its old
/// place when the disk grows once more; and with `--assume-clean` the two nodes would differ there.
public final class LayoutChange {
  private static final int SECTOR_BYTES = 512;
  private static final long ZERO_BYTES_MAX = 64 << 20;

  private final Backing backing;
  private final MetadataLayout before;
  private final MetadataQueue.Then then;
  private long fromBytes;
  private long toBytes;

  private LayoutChange(Backing backing, MetadataQueue.Then then) {
    this.backing = backing;
    this.before = backing.layout();
    this.then = then;
  }

  /// Whether metadata that has the first layout must move to get the second.
  public static boolean isNeeded(MetadataLayout now, MetadataLayout next) {
    return now.superblockOffsetBytes() != next.superblockOffsetBytes()
        || now.metadataSectors() != next.metadataSectors()
        || now.alStripes() != next.alStripes()
        || now.alStripeSize4k() != next.alStripeSize4k();
  }

  /// Moves it, for a device of `sectors`; `then` hears when all is durable, or that the disk
  /// failed.
  public static void begin(
      Backing backing,
      MetadataLayout next,
      long sectors,
      boolean newBlocksOutOfSync,
      MetadataQueue.Then then) {
    LayoutChange change = new LayoutChange(backing, then);
    backing.adopt(next, sectors, newBlocksOutOfSync);
    if (next.kind() instanceof MetadataLayout.Kind.Internal) {
      change.fromBytes = change.before.bitmapOffsetBytes();
      change.toBytes =
          Math.min(
              change.before.superblockOffsetBytes() + Superblock.SIZE_BYTES,
              next.superblockOffsetBytes());
    }
    backing.writeSuperblock();
    backing.settle(change::announced);
  }

  /// What stands in the superblock meanwhile.
  static Superblock unsettled(Superblock real) {
    return real.withClean(true)
        .withFlags(real.flags() | MetadataFlags.FULL_SYNC | MetadataFlags.AL_CLEAN);
  }

  private void announced(boolean ok) {
    if (ok) {
      zeroNext();
    } else {
      then.ended(false);
    }
  }

  private void zeroNext() {
    if (fromBytes >= toBytes) {
      backing.writeMoved(then);
      return;
    }
    long bytes = Math.min(ZERO_BYTES_MAX, toBytes - fromBytes);
    Extent extent = new Extent(fromBytes / SECTOR_BYTES, bytes);
    backing.disk().discard(extent, Event.Discard.ZERO_OUT, (error, _) -> zeroed(bytes, error));
  }

  private void zeroed(long bytes, @Nullable String error) {
    if (error == null) {
      fromBytes += bytes;
      zeroNext();
    } else {
      backing.fail(error);
      then.ended(false);
    }
  }
}
