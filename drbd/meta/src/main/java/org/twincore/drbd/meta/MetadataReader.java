package org.twincore.drbd.meta;

import java.io.IOException;
import org.twincore.drbd.meta.MetadataLayout.Kind;

/// Finds the metadata of a backing disk, checks it, and applies its activity log: what `drbdadm
/// attach` does with `drbdmeta apply-al` before the driver looks at the disk.
///
/// Applying happens in an order that a crash at any moment only makes repeat: first the bits of the
/// active extents become durable, then the log is emptied, then the superblock says "clean".
public final class MetadataReader {
  /// An activity log extent: 4 MiB of device.
  private static final long SECTORS_PER_EXTENT = 8192;

  private final Kind kind;
  private final long backingBytes;
  private final MetadataStore store;

  /// `backingBytes` is the size of the data disk; `store` is the same disk if `kind` is internal.
  public MetadataReader(Kind kind, long backingBytes, MetadataStore store) {
    this.kind = kind;
    this.backingBytes = backingBytes;
    this.store = store;
  }

  /// A superblock and the layout it stands for.
  public record Found(MetadataLayout layout, Superblock superblock) {
    /// Whether the driver would attach without apply-al.
    public boolean isClean() {
      return superblock.isClean() && superblock.has(MetadataFlags.AL_CLEAN);
    }

    /// Sectors that the bitmap covers: the last agreed size, or all that is usable.
    public long bitmapSizeSectors() {
      return superblock.lastAgreedSectors() != 0
          ? superblock.lastAgreedSectors()
          : layout.usableSectors();
    }
  }

  /// What applying did: the log as it was found, how many bits were clear before, the superblock
  /// and the bitmap as they stand on disk now.
  public record Applied(
      ActivityLogReplay replay, long newlyMarkedBits, Superblock superblock, SyncBitmap bitmap) {}

  /// Reads and checks the superblock; changes nothing.
  public Found find() throws IOException, MetadataException {
    long deviceBytes = store.sizeBytes();
    long offset = MetadataLayout.superblockOffsetBytes(kind, deviceBytes);
    if (offset < 0 || offset + Superblock.SIZE_BYTES > deviceBytes) {
      throw new MetadataException(
          MetadataException.METADATA_TOO_SMALL,
          "the metadata device has %d bytes, a superblock at byte %d does not fit"
              .formatted(deviceBytes, offset));
    }
    byte[] block = new byte[Superblock.SIZE_BYTES];
    store.read(offset, block);
    Superblock superblock = Superblock.decode(block);
    return new Found(
        MetadataLayout.stored(kind, superblock, backingBytes, deviceBytes), superblock);
  }

  /// All that an attach needs. Metadata of a node that crashed is repaired on the way; clean
  /// metadata is only read. Refuses a crashed Primary's log of which no transaction is left.
  public MetadataImage readForAttach() throws IOException, MetadataException {
    Found found = find();
    if (found.isClean()) {
      SyncBitmap bitmap = area(found).readBitmap(found.bitmapSizeSectors());
      return new MetadataImage(found.layout, found.superblock, bitmap);
    }
    Applied applied = apply(found);
    return new MetadataImage(found.layout, applied.superblock, applied.bitmap);
  }

  /// The bitmap of the last agreed size in whole 4 KiB blocks, as it stands on disk: bits behind
  /// the device's end included.
  public SyncBitmap readRawBitmap(Found found) throws IOException {
    long words = MetadataDump.wordsOnDisk(found.superblock.lastAgreedSectors());
    return area(found).readBitmap(words * Long.SIZE * SyncBitmap.SECTORS_PER_BIT);
  }

  /// What the activity log says; changes nothing.
  public ActivityLogReplay readLog(Found found) throws IOException {
    return ActivityLogReplay.of(area(found).readLog());
  }

  /// Marks the extents that were active if this node was Primary, empties the log, and makes the
  /// metadata clean; all durable on return.
  public Applied apply(Found found) throws IOException, MetadataException {
    MetadataArea area = area(found);
    // Where all blocks are out of sync anyway there is perhaps no log: it was being moved.
    boolean mustMark =
        found.superblock.has(MetadataFlags.PRIMARY_INDICATOR)
            && !found.superblock.has(MetadataFlags.FULL_SYNC);
    ActivityLogReplay replay = readLog(found);
    if (mustMark && !replay.verdict().isUsable()) {
      throw new MetadataException(
          MetadataException.UNCLEAN,
          "this node was Primary and its activity log has no valid transaction: what it wrote last"
              + " is unknown (invalidate makes all of it out of sync)");
    }
    SyncBitmap bitmap = area.readBitmap(found.bitmapSizeSectors());
    long marked = 0;
    if (mustMark) {
      for (long extent : replay.activeExtents()) {
        marked += bitmap.setSectors(extent * SECTORS_PER_EXTENT, SECTORS_PER_EXTENT);
      }
      area.writeDirtyPages(bitmap);
      area.force();
    }
    area.writeFreshLog();
    area.force();
    Superblock clean =
        found
            .superblock
            .withClean(true)
            .withFlags(found.superblock.flags() | MetadataFlags.AL_CLEAN);
    area.writeSuperblock(clean);
    area.force();
    return new Applied(replay, marked, clean, bitmap);
  }

  private MetadataArea area(Found found) {
    return new MetadataArea(store, found.layout);
  }
}
