package org.twincore.drbd.meta;

import java.util.Arrays;
import org.twincore.drbd.GenerationUuids;

/// What the text of dump-md carries from one disk to another: all of the metadata that does not
/// depend on the place.
///
/// `words` are the bitmap's 64-bit words from the first on; those behind the end are zero.
public record MetadataDump(
    GenerationUuids uuids,
    int flags,
    long lastAgreedSectors,
    long deviceUuid,
    int peerMaxBioBytes,
    int alStripes,
    int alStripeSize4k,
    long[] words) {

  /// Words that the bitmap of a device of that size has on disk: whole 4 KiB blocks.
  static long wordsOnDisk(long sectors) {
    long sectorsPerBlock = (long) SyncBitmap.BITS_PER_PAGE * SyncBitmap.SECTORS_PER_BIT;
    return (sectors + sectorsPerBlock - 1) / sectorsPerBlock * (SyncBitmap.PAGE_BYTES / 8);
  }

  /// The same with another activity log, as restore-md's options ask.
  public MetadataDump withStripes(int stripes, int stripeSize4k) {
    return new MetadataDump(
        uuids, flags, lastAgreedSectors, deviceUuid, peerMaxBioBytes, stripes, stripeSize4k, words);
  }

  /// The superblock for this content at another place. It counts as clean: whoever restores begins
  /// with an empty activity log. A device that has become smaller loses its end.
  public Superblock superblockFor(MetadataLayout layout) {
    Superblock fresh = Superblock.fresh(layout, deviceUuid);
    return new Superblock(
        Math.min(lastAgreedSectors, layout.usableSectors()),
        uuids,
        deviceUuid,
        flags | MetadataFlags.AL_CLEAN,
        true,
        fresh.metadataSectors(),
        fresh.alOffsetSectors(),
        fresh.alExtents(),
        fresh.bitmapOffsetSectors(),
        peerMaxBioBytes,
        fresh.alStripes(),
        fresh.alStripeSize4k());
  }

  /// The bitmap for a device of `sizeSectors`; pages that are not zero are dirty.
  public SyncBitmap bitmapFor(long sizeSectors) {
    SyncBitmap bitmap = new SyncBitmap(sizeSectors);
    for (int index = 0; index < Math.min(words.length, bitmap.sizeWords()); index++) {
      bitmap.orWord(index, words[index]);
    }
    return bitmap;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof MetadataDump that
        && uuids.equals(that.uuids)
        && flags == that.flags
        && lastAgreedSectors == that.lastAgreedSectors
        && deviceUuid == that.deviceUuid
        && peerMaxBioBytes == that.peerMaxBioBytes
        && alStripes == that.alStripes
        && alStripeSize4k == that.alStripeSize4k
        && Arrays.equals(words, that.words);
  }

  @Override
  public int hashCode() {
    return uuids.hashCode() * 31 + Arrays.hashCode(words);
  }

  @Override
  public String toString() {
    return uuids + " flags " + flags + ", " + lastAgreedSectors + " sectors";
  }
}
