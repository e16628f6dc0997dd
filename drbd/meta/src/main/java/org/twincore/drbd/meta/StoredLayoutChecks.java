package org.twincore.drbd.meta;

import org.twincore.drbd.meta.MetadataLayout.Kind;

/// Whether the offsets and sizes in a superblock can be true (drbd-metadata section 2.1 step 2).
final class StoredLayoutChecks {
  private static final int SECTOR_BYTES = 512;
  private static final int BLOCK_SECTORS = 8;
  private static final int INDEXED_SECTORS = 262144;
  private static final long BITMAP_SECTOR_COVERS = 32768;
  private static final int AL_BLOCKS_MIN = 8;
  private static final int AL_BLOCKS_MAX = 4194304;

  private StoredLayoutChecks() {}

  static MetadataLayout check(
      Kind kind, Superblock superblock, long backingBytes, long metadataDeviceBytes)
      throws MetadataException {
    long alSectors = alSectors(superblock);
    long start = MetadataLayout.superblockOffsetBytes(kind, metadataDeviceBytes);
    boolean isInternal = kind instanceof Kind.Internal;
    long alOffset = isInternal ? -alSectors : BLOCK_SECTORS;
    expect("al_offset", 68, alOffset, superblock.alOffsetSectors());
    long size = Integer.toUnsignedLong(superblock.metadataSectors());
    long bitmapOffset = isInternal ? BLOCK_SECTORS - size : BLOCK_SECTORS + alSectors;
    expect("bm_offset", 76, bitmapOffset, superblock.bitmapOffsetSectors());
    if (kind instanceof Kind.Indexed) {
      expect("md_size_sect", 64, INDEXED_SECTORS, size);
      expect("al_stripes times al_stripe_size_4k", 88, AL_BLOCKS_MIN, alSectors / BLOCK_SECTORS);
    }
    long bitmapSectors = size - BLOCK_SECTORS - alSectors;
    long room = isInternal ? start / SECTOR_BYTES + BLOCK_SECTORS : metadataDeviceBytes / 512;
    long used = isInternal ? size : start / SECTOR_BYTES + size;
    if (bitmapSectors <= 0 || used > room) {
      throw invalid("md_size_sect", 64, "at most " + room + " sectors", size);
    }
    long usable = isInternal ? start / SECTOR_BYTES + bitmapOffset : backingBytes / SECTOR_BYTES;
    long covered = bitmapSectors * BITMAP_SECTOR_COVERS;
    if (superblock.lastAgreedSectors() < 0 || superblock.lastAgreedSectors() > covered) {
      throw invalid(
          "la_size_sect",
          0,
          "at most the " + covered + " sectors of the bitmap",
          superblock.lastAgreedSectors());
    }
    return new MetadataLayout(
        kind,
        backingBytes / SECTOR_BYTES,
        start,
        superblock.metadataSectors(),
        superblock.alOffsetSectors(),
        superblock.bitmapOffsetSectors(),
        superblock.alStripes(),
        superblock.alStripeSize4k(),
        bitmapSectors,
        Math.min(usable, covered));
  }

  private static long alSectors(Superblock superblock) throws MetadataException {
    long blocks =
        Integer.toUnsignedLong(superblock.alStripes())
            * Integer.toUnsignedLong(superblock.alStripeSize4k());
    if (blocks < AL_BLOCKS_MIN || blocks > AL_BLOCKS_MAX) {
      throw invalid(
          "al_stripes times al_stripe_size_4k", 88, AL_BLOCKS_MIN + " to " + AL_BLOCKS_MAX, blocks);
    }
    return blocks * BLOCK_SECTORS;
  }

  private static void expect(String field, int offset, long expected, long found)
      throws MetadataException {
    if (expected != found) {
      throw invalid(field, offset, Long.toString(expected), found);
    }
  }

  private static MetadataException invalid(String field, int offset, String expected, long found) {
    return new MetadataException(
        MetadataException.NO_VALID_METADATA,
        "No valid meta-data found: %s at byte %d: expected %s, found %d"
            .formatted(field, offset, expected, found));
  }
}
