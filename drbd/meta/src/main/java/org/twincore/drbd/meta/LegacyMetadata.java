package org.twincore.drbd.meta;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.twincore.drbd.GenerationUuids;

/// Metadata of DRBD 0.7 (format v07), and what becomes of it in format v08 (drbd-metadata section
/// 8; integers big-endian).
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | last agreed size, KiB |
/// | 8 | 20 | gc: flags, and the human, timeout, connected and arbitrary counters |
/// | 28 | 4 | magic 0x8374026a |
/// | 32 | 4 | md_size, KiB |
/// | 36 | 4 | al_offset, sectors, signed |
/// | 40 | 4 | al_nr_extents |
/// | 44 | 4 | bm_offset, sectors, signed |
public record LegacyMetadata(
    long lastAgreedSectors,
    int flags,
    int humanCount,
    int timeoutCount,
    int connectedCount,
    int arbitraryCount) {
  private static final int SECTORS_PER_KIB = 2;
  private static final int U16 = 0xffff;

  /// The last 16 bits of every identifier made from counters.
  private static final long MARK = 0xbabe;

  private static final long HISTORY_STEP = 0x10000;

  /// The flags that both formats have: consistent, primary, connected, full sync.
  private static final int COMMON_FLAGS = 0xf;

  /// Reads the superblock of a sighting of format v07.
  public static LegacyMetadata read(MetadataStore store, MetadataSighting sighting)
      throws IOException {
    byte[] block = new byte[Superblock.SIZE_BYTES];
    store.read(sighting.offsetBytes(), block);
    ByteBuffer in = ByteBuffer.wrap(block);
    return new LegacyMetadata(
        in.getLong(0) * SECTORS_PER_KIB,
        in.getInt(8),
        in.getInt(12),
        in.getInt(16),
        in.getInt(20),
        in.getInt(24));
  }

  /// The same generation as identifiers: counters in bits 63 to 16, two histories counted back.
  public GenerationUuids uuids() {
    long recent = ((long) connectedCount + arbitraryCount) & U16;
    long current =
        (long) (humanCount & U16) << 48 | (long) (timeoutCount & U16) << 32 | recent << 16 | MARK;
    return new GenerationUuids(current, 0, current - HISTORY_STEP, current - 2 * HISTORY_STEP);
  }

  /// The superblock of format v08. The old bitmap and activity log are not taken over: the disk
  /// counts as fully out of sync with its peer, which is always safe.
  public Superblock converted(MetadataLayout layout) {
    return Superblock.fresh(layout, 0)
        .withUuids(uuids())
        .withLastAgreedSectors(Math.min(lastAgreedSectors, layout.usableSectors()))
        .withFlags(flags & COMMON_FLAGS | MetadataFlags.FULL_SYNC | MetadataFlags.AL_CLEAN);
  }
}
