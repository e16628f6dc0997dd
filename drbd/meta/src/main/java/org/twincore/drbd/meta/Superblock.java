package org.twincore.drbd.meta;

import java.nio.ByteBuffer;
import org.twincore.drbd.GenerationUuids;

/// The 4096-byte superblock (drbd-metadata section 2, `struct meta_data_on_disk`).
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | la_size_sect: last agreed size, sectors |
/// | 8 | 32 | uuid: current, bitmap, history 0 and 1 |
/// | 40 | 8 | device_uuid |
/// | 48 | 8 | reserved, 0 |
/// | 56 | 4 | flags, [MetadataFlags] |
/// | 60 | 4 | magic |
/// | 64 | 4 | md_size_sect |
/// | 68 | 4 | al_offset, sectors, signed |
/// | 72 | 4 | al_nr_extents |
/// | 76 | 4 | bm_offset, sectors, signed |
/// | 80 | 4 | bm_bytes_per_bit, 4096 |
/// | 84 | 4 | la_peer_max_bio_size, bytes |
/// | 88 | 4 | al_stripes |
/// | 92 | 4 | al_stripe_size_4k |
///
/// `isClean` is the magic: "v08 clean" or the "8.4 unclean" of a running or crashed driver.
public record Superblock(
    long lastAgreedSectors,
    GenerationUuids uuids,
    long deviceUuid,
    int flags,
    boolean isClean,
    int metadataSectors,
    int alOffsetSectors,
    int alExtents,
    int bitmapOffsetSectors,
    int peerMaxBioBytes,
    int alStripes,
    int alStripeSize4k) {

  public static final int SIZE_BYTES = 4096;
  public static final int BYTES_PER_BIT = 4096;

  /// al_nr_extents as create-md writes it.
  public static final int AL_EXTENTS_FRESH = 257;

  private static final int MAGIC_V06 = 0x83740269;
  private static final int MAGIC_V07 = 0x8374026a;
  private static final int MAGIC_CLEAN = 0x8374026b;
  private static final int MAGIC_UNCLEAN = 0x8374026c;
  private static final int MAGIC_V09 = 0x8374026d;
  private static final int MAGIC_OFFSET = 60;
  private static final int MAGIC_OFFSET_V07 = 28;

  /// What create-md writes for a layout: never used, clean, all identifiers fresh.
  public static Superblock fresh(MetadataLayout layout, long deviceUuid) {
    return new Superblock(
        0,
        GenerationUuids.FRESH,
        deviceUuid,
        MetadataFlags.AL_CLEAN,
        true,
        layout.metadataSectors(),
        layout.alOffsetSectors(),
        AL_EXTENTS_FRESH,
        layout.bitmapOffsetSectors(),
        0,
        layout.alStripes(),
        layout.alStripeSize4k());
  }

  public boolean has(int flag) {
    return (flags & flag) != 0;
  }

  public Superblock withFlags(int newFlags) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        deviceUuid,
        newFlags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withClean(boolean clean) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        deviceUuid,
        flags,
        clean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withUuids(GenerationUuids newUuids) {
    return new Superblock(
        lastAgreedSectors,
        newUuids,
        deviceUuid,
        flags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withLastAgreedSectors(long sectors) {
    return new Superblock(
        sectors,
        uuids,
        deviceUuid,
        flags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withAlExtents(int extents) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        deviceUuid,
        flags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        extents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withDeviceUuid(long uuid) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        uuid,
        flags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        peerMaxBioBytes,
        alStripes,
        alStripeSize4k);
  }

  public Superblock withPeerMaxBioBytes(int bytes) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        deviceUuid,
        flags,
        isClean,
        metadataSectors,
        alOffsetSectors,
        alExtents,
        bitmapOffsetSectors,
        bytes,
        alStripes,
        alStripeSize4k);
  }

  /// The same for metadata that lies, or is shaped, otherwise.
  public Superblock withLayout(MetadataLayout layout) {
    return new Superblock(
        lastAgreedSectors,
        uuids,
        deviceUuid,
        flags,
        isClean,
        layout.metadataSectors(),
        layout.alOffsetSectors(),
        alExtents,
        layout.bitmapOffsetSectors(),
        peerMaxBioBytes,
        layout.alStripes(),
        layout.alStripeSize4k());
  }

  /// The block as it stands on disk; a fresh array.
  public byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(SIZE_BYTES);
    out.putLong(lastAgreedSectors);
    out.putLong(uuids.current()).putLong(uuids.bitmap());
    out.putLong(uuids.history0()).putLong(uuids.history1());
    out.putLong(deviceUuid).putLong(0).putInt(flags);
    out.putInt(isClean ? MAGIC_CLEAN : MAGIC_UNCLEAN);
    out.putInt(metadataSectors).putInt(alOffsetSectors).putInt(alExtents);
    out.putInt(bitmapOffsetSectors).putInt(BYTES_PER_BIT).putInt(peerMaxBioBytes);
    out.putInt(alStripes).putInt(alStripeSize4k);
    return out.array();
  }

  /// Whether the magic of a v08 superblock is there.
  public static boolean isOne(byte[] block) {
    int magic = block.length < SIZE_BYTES ? 0 : ByteBuffer.wrap(block).getInt(MAGIC_OFFSET);
    return magic == MAGIC_CLEAN || magic == MAGIC_UNCLEAN;
  }

  /// Reads a superblock; old zero stripes become 1 x 8.
  public static Superblock decode(byte[] block) throws MetadataException {
    if (block.length < SIZE_BYTES) {
      throw noMetadata("a superblock of " + SIZE_BYTES + " bytes, found " + block.length);
    }
    ByteBuffer in = ByteBuffer.wrap(block);
    int magic = in.getInt(MAGIC_OFFSET);
    if (magic != MAGIC_CLEAN && magic != MAGIC_UNCLEAN) {
      throw wrongMagic(magic, in.getInt(MAGIC_OFFSET_V07));
    }
    if (in.getInt(80) != BYTES_PER_BIT) {
      throw noMetadata("bm_bytes_per_bit 4096 at byte 80, found " + in.getInt(80));
    }
    int stripes = in.getInt(88);
    int stripeSize = in.getInt(92);
    boolean old = stripes == 0 && stripeSize == 0;
    return new Superblock(
        in.getLong(0),
        new GenerationUuids(in.getLong(8), in.getLong(16), in.getLong(24), in.getLong(32)),
        in.getLong(40),
        in.getInt(56),
        magic == MAGIC_CLEAN,
        in.getInt(64),
        in.getInt(68),
        in.getInt(72),
        in.getInt(76),
        in.getInt(84),
        old ? 1 : stripes,
        old ? MetadataLayout.STRIPE_SIZE_4K_DEFAULT : stripeSize);
  }

  private static MetadataException wrongMagic(int magic, int magicV07) {
    if (magic == MAGIC_V09) {
      return noMetadata(
          "v08 metadata, found v09 of DRBD 9 (convert it with DRBD 9's drbdmeta, or wipe-md and"
              + " create-md if its data may go)");
    }
    if (magicV07 == MAGIC_V07 || magicV07 == MAGIC_V06) {
      return noMetadata("v08 metadata, found v07 of DRBD 0.7 (create-md offers to convert it)");
    }
    return noMetadata(
        "a v08 magic at byte 60, found 0x%08x (create-md makes metadata)".formatted(magic));
  }

  private static MetadataException noMetadata(String what) {
    return new MetadataException(
        MetadataException.NO_VALID_METADATA, "No valid meta-data found: expected " + what);
  }
}
