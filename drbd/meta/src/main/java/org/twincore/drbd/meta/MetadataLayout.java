package org.twincore.drbd.meta;

/// Where superblock, activity log and bitmap lie on the metadata device (drbd-metadata section 1).
///
/// Positions are in bytes from the start of the metadata device, sizes in sectors of 512 bytes; the
/// offsets in sectors are relative to the superblock, as the superblock stores them.
public record MetadataLayout(
    Kind kind,
    long backingSectors,
    long superblockOffsetBytes,
    int metadataSectors,
    int alOffsetSectors,
    int bitmapOffsetSectors,
    int alStripes,
    int alStripeSize4k,
    long bitmapSectors,
    long usableSectors) {

  public static final int STRIPE_SIZE_4K_DEFAULT = 8;

  private static final int BLOCK_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;
  private static final int SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;

  /// Sectors of device that one sector of bitmap covers: 16 MiB.
  private static final long SECTORS_PER_BITMAP_SECTOR = 32768;

  /// An indexed slot: 128 MiB.
  private static final int INDEXED_SECTORS = 262144;

  private static final long BACKING_BYTES_MIN = 68 * 1024;
  private static final long FLEX_EXTERNAL_BYTES_MIN = 1 << 20;

  /// The places DRBD knows.
  public sealed interface Kind {
    /// At the end of the backing disk (`internal`, `flex-internal`).
    record Internal() implements Kind {}

    /// A whole device of its own (`flex-external`).
    record FlexExternal() implements Kind {}

    /// Slot `index` of a shared device.
    record Indexed(int index) implements Kind {}
  }

  /// The layout for a backing disk and, if external, a metadata device of these sizes in bytes,
  /// with the default activity log of 1 x 32 KiB.
  public static MetadataLayout of(Kind kind, long backingBytes, long metadataDeviceBytes)
      throws MetadataException {
    return of(kind, backingBytes, metadataDeviceBytes, 1, STRIPE_SIZE_4K_DEFAULT);
  }

  /// As above with the activity log's stripes given.
  public static MetadataLayout of(
      Kind kind, long backingBytes, long metadataDeviceBytes, int alStripes, int alStripeSize4k)
      throws MetadataException {
    if (backingBytes < BACKING_BYTES_MIN) {
      throw new MetadataException(
          MetadataException.DISK_TOO_SMALL,
          "the backing disk has "
              + backingBytes
              + " bytes, at least "
              + BACKING_BYTES_MIN
              + " are needed");
    }
    return switch (kind) {
      case Kind.Internal _ -> internal(backingBytes, alStripes, alStripeSize4k);
      case Kind.FlexExternal _ ->
          flexExternal(backingBytes, metadataDeviceBytes, alStripes, alStripeSize4k);
      case Kind.Indexed(int index) -> indexed(index, backingBytes, metadataDeviceBytes);
    };
  }

  private static MetadataLayout internal(long backingBytes, int stripes, int stripeSize4k)
      throws MetadataException {
    long sectors = backingBytes / SECTOR_BYTES;
    long alSectors = (long) stripes * stripeSize4k * SECTORS_PER_BLOCK;
    long chunks = (sectors + SECTORS_PER_BITMAP_SECTOR - 1) / SECTORS_PER_BITMAP_SECTOR;
    long bitmapSectors = (chunks + 7) / 8 * 8;
    long superblock = (backingBytes & -BLOCK_BYTES) - BLOCK_BYTES;
    long usable = superblock / SECTOR_BYTES - alSectors - bitmapSectors;
    if (usable <= 0) {
      throw new MetadataException(
          MetadataException.DISK_TOO_SMALL,
          "the backing disk has "
              + sectors
              + " sectors, internal metadata needs "
              + (bitmapSectors + alSectors + SECTORS_PER_BLOCK));
    }
    return new MetadataLayout(
        new Kind.Internal(),
        sectors,
        superblock,
        (int) (bitmapSectors + alSectors + SECTORS_PER_BLOCK),
        (int) -alSectors,
        (int) (-alSectors - bitmapSectors),
        stripes,
        stripeSize4k,
        bitmapSectors,
        usable);
  }

  private static MetadataLayout flexExternal(
      long backingBytes, long deviceBytes, int stripes, int stripeSize4k) throws MetadataException {
    if (deviceBytes < FLEX_EXTERNAL_BYTES_MIN) {
      throw tooSmall(deviceBytes, FLEX_EXTERNAL_BYTES_MIN);
    }
    int alSectors = stripes * stripeSize4k * SECTORS_PER_BLOCK;
    int bitmapOffset = SECTORS_PER_BLOCK + alSectors;
    long deviceSectors = deviceBytes / SECTOR_BYTES;
    long bitmapSectors = deviceSectors - bitmapOffset;
    return new MetadataLayout(
        new Kind.FlexExternal(),
        backingBytes / SECTOR_BYTES,
        0,
        (int) deviceSectors,
        SECTORS_PER_BLOCK,
        bitmapOffset,
        stripes,
        stripeSize4k,
        bitmapSectors,
        Math.min(backingBytes / SECTOR_BYTES, bitmapSectors * SECTORS_PER_BITMAP_SECTOR));
  }

  private static MetadataLayout indexed(int index, long backingBytes, long deviceBytes)
      throws MetadataException {
    long start = (long) index * INDEXED_SECTORS * SECTOR_BYTES;
    if (deviceBytes < start + (long) INDEXED_SECTORS * SECTOR_BYTES) {
      throw tooSmall(deviceBytes, start + (long) INDEXED_SECTORS * SECTOR_BYTES);
    }
    int alSectors = STRIPE_SIZE_4K_DEFAULT * SECTORS_PER_BLOCK;
    int bitmapOffset = SECTORS_PER_BLOCK + alSectors;
    long bitmapSectors = (long) INDEXED_SECTORS - bitmapOffset;
    return new MetadataLayout(
        new Kind.Indexed(index),
        backingBytes / SECTOR_BYTES,
        start,
        INDEXED_SECTORS,
        SECTORS_PER_BLOCK,
        bitmapOffset,
        1,
        STRIPE_SIZE_4K_DEFAULT,
        bitmapSectors,
        Math.min(backingBytes / SECTOR_BYTES, bitmapSectors * SECTORS_PER_BITMAP_SECTOR));
  }

  /// Where the superblock of such metadata stands, whatever its activity log's stripes are.
  public static long superblockOffsetBytes(Kind kind, long metadataDeviceBytes) {
    return switch (kind) {
      case Kind.Internal _ -> (metadataDeviceBytes & -BLOCK_BYTES) - BLOCK_BYTES;
      case Kind.FlexExternal _ -> 0;
      case Kind.Indexed(int index) -> (long) index * INDEXED_SECTORS * SECTOR_BYTES;
    };
  }

  /// The layout that a superblock found at its place describes, after the checks that the driver
  /// makes at attach (drbd-metadata section 2.1): it may differ from [#of] in the bitmap's size,
  /// where the backing disk changed by less than a block.
  public static MetadataLayout stored(
      Kind kind, Superblock superblock, long backingBytes, long metadataDeviceBytes)
      throws MetadataException {
    return StoredLayoutChecks.check(kind, superblock, backingBytes, metadataDeviceBytes);
  }

  private static MetadataException tooSmall(long found, long needed) {
    return new MetadataException(
        MetadataException.METADATA_TOO_SMALL,
        "the metadata device has " + found + " bytes, at least " + needed + " are needed");
  }

  /// First byte of the activity log on the metadata device.
  public long alOffsetBytes() {
    return superblockOffsetBytes + (long) alOffsetSectors * SECTOR_BYTES;
  }

  /// First byte of the bitmap on the metadata device.
  public long bitmapOffsetBytes() {
    return superblockOffsetBytes + (long) bitmapOffsetSectors * SECTOR_BYTES;
  }

  /// Number of 4 KiB blocks in the activity log's ring.
  public int alBlocks() {
    return alStripes * alStripeSize4k;
  }

  /// Position on the metadata device of ring block `ringIndex` (transaction number modulo blocks).
  public long alBlockOffsetBytes(int ringIndex) {
    int block = ringIndex % alStripes * alStripeSize4k + ringIndex / alStripes;
    return alOffsetBytes() + (long) block * BLOCK_BYTES;
  }
}
