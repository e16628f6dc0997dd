package org.twincore.drbd;

/// A run of bytes of a device: start in sectors of 512 bytes, length in bytes, a multiple of 512.
public record Extent(long sector, long sizeBytes) {
  public static final int SECTOR_BYTES = 512;

  private static final int BLOCK_BYTES = 4096;

  public Extent {
    if (sector < 0 || sizeBytes < 0 || sizeBytes % SECTOR_BYTES != 0) {
      throw new IllegalArgumentException("extent at sector " + sector + ", bytes " + sizeBytes);
    }
  }

  public long sizeSectors() {
    return sizeBytes / SECTOR_BYTES;
  }

  /// Blocks of 4 KiB, counted from the start; the last may be a part of one.
  public long blocks() {
    return Math.ceilDiv(sizeBytes, BLOCK_BYTES);
  }

  /// First sector behind this extent.
  public long endSector() {
    return sector + sizeSectors();
  }

  public long offsetBytes() {
    return sector * SECTOR_BYTES;
  }

  public boolean overlaps(Extent other) {
    return sector < other.endSector() && other.sector < endSector();
  }

  public boolean contains(Extent other) {
    return sector <= other.sector && other.endSector() <= endSector();
  }
}
