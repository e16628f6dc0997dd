package org.twincore.drbd.engine;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;

/// The blocks that a packet of the peer is about, as it says (sectors, bytes), and what is wrong
/// with them, in words for the log.
record BlockRange(long sector, long bytes, long bytesMax) {
  private static final long SECTORS_MAX = 1L << 51;
  private static final long DATA_BYTES_MAX = 1 << 20;
  private static final long DISCARD_BYTES_MAX = 128L << 20;

  /// With data, or asking for it.
  static BlockRange ofData(long sector, long bytes) {
    return new BlockRange(sector, bytes, DATA_BYTES_MAX);
  }

  static BlockRange ofDiscard(long sector, long bytes) {
    return new BlockRange(sector, bytes, DISCARD_BYTES_MAX);
  }

  /// Why there are no such blocks on any device; null if there may be.
  @Nullable String unsound() {
    if (bytes <= 0 || bytes > bytesMax || bytes % Extent.SECTOR_BYTES != 0) {
      return "expected whole sectors, 512 to %d bytes, found %s".formatted(bytesMax, this);
    }
    if (sector < 0 || sector > SECTORS_MAX) {
      return "expected a sector from 0 to %d, found %s".formatted(SECTORS_MAX, this);
    }
    return null;
  }

  /// Why there are no such blocks on a device that ends before `endSector`; null if there are.
  @Nullable String outside(long endSector) {
    String unsound = unsound();
    if (unsound != null) {
      return unsound;
    }
    return isBeyond(endSector) ? beyond(endSector) : null;
  }

  private boolean isBeyond(long endSector) {
    return sector + bytes / Extent.SECTOR_BYTES > endSector;
  }

  /// They reach over the end.
  String beyond(long endSector) {
    return "expected blocks before sector %d, found %s".formatted(endSector, this);
  }

  /// Nobody asked for them, be they on the device or not.
  String unasked(long blockId, long endSector) {
    return isBeyond(endSector)
        ? beyond(endSector)
        : "answers nothing: %s, block_id 0x%x".formatted(this, blockId);
  }

  @Override
  public String toString() {
    return "sector %d, %d bytes".formatted(sector, bytes);
  }
}
