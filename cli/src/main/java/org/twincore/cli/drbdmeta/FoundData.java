package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.meta.MetadataStore;

/// What seems to be on a disk already: a file system, or something else, known by its signature.
///
/// `usedBytes` is the size that a file system says it has; without it, a known content is taken to
/// use the whole disk, and unknown bytes to be of unknown worth.
record FoundData(String name, boolean isKnown, OptionalLong usedBytes) {
  private static final int LOOK_BYTES = 68 * 1024;
  private static final int EXT_SUPERBLOCK = 1024;
  private static final int JFS_SUPERBLOCK = 32768;
  private static final int LATE_SUPERBLOCK = 65536;
  private static final int PAGE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;

  /// Looks at the first bytes from `offsetBytes` on; empty if they are all zero.
  static Optional<FoundData> at(MetadataStore store, long offsetBytes) throws IOException {
    byte[] start = new byte[(int) Math.min(LOOK_BYTES, store.sizeBytes() - offsetBytes)];
    store.read(offsetBytes, start);
    ByteBuffer bytes = ByteBuffer.allocate(LOOK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(0, start);
    Optional<FoundData> known = fileSystem(bytes).or(() -> other(bytes));
    if (known.isPresent()) {
      return known;
    }
    for (byte b : start) {
      if (b != 0) {
        return Optional.of(new FoundData("some data", false, OptionalLong.empty()));
      }
    }
    return Optional.empty();
  }

  /// Whether asking is enough: it lies before `usableBytes`, or nobody knows what it is.
  boolean mayBeOverwritten(long usableBytes) {
    return !isKnown || usedBytes.isPresent() && usedBytes.getAsLong() <= usableBytes;
  }

  private static Optional<FoundData> fileSystem(ByteBuffer bytes) {
    if ((bytes.getShort(EXT_SUPERBLOCK + 56) & 0xffff) == 0xef53) {
      return Optional.of(ext(bytes));
    }
    if (has(bytes, 0, "XFSB")) {
      ByteBuffer big = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
      return sized("xfs filesystem", big.getLong(8), Integer.toUnsignedLong(big.getInt(4)));
    }
    if (has(bytes, LATE_SUPERBLOCK + 52, "ReIsEr")) {
      return sized(
          "reiser filesystem",
          Integer.toUnsignedLong(bytes.getInt(LATE_SUPERBLOCK)),
          Short.toUnsignedLong(bytes.getShort(LATE_SUPERBLOCK + 44)));
    }
    if (has(bytes, LATE_SUPERBLOCK + 64, "_BHRfS_M")) {
      return sized("btrfs filesystem", bytes.getLong(LATE_SUPERBLOCK + 112), 1);
    }
    if (has(bytes, JFS_SUPERBLOCK, "JFS1")) {
      return sized(
          "jfs filesystem",
          bytes.getLong(JFS_SUPERBLOCK + 8),
          Integer.toUnsignedLong(bytes.getInt(JFS_SUPERBLOCK + 24)));
    }
    if (has(bytes, 3, "NTFS    ")) {
      return sized("ntfs filesystem", bytes.getLong(40) + 1, SECTOR_BYTES);
    }
    return Optional.empty();
  }

  /// ext2, ext3 and ext4: drbdmeta calls them all ext3.
  private static FoundData ext(ByteBuffer bytes) {
    boolean is64bit = (bytes.getInt(EXT_SUPERBLOCK + 0x60) & 0x80) != 0;
    long blocks = Integer.toUnsignedLong(bytes.getInt(EXT_SUPERBLOCK + 4));
    if (is64bit) {
      blocks |= (long) bytes.getInt(EXT_SUPERBLOCK + 0x150) << 32;
    }
    int logKib = Math.clamp(bytes.getInt(EXT_SUPERBLOCK + 24), 0, 6);
    return sized("ext3 filesystem", blocks, 1024L << logKib).orElseThrow();
  }

  private static Optional<FoundData> other(ByteBuffer bytes) {
    if (has(bytes, PAGE_BYTES - 10, "SWAPSPACE2") || has(bytes, PAGE_BYTES - 10, "SWAP-SPACE")) {
      return whole("swap space signature");
    }
    for (int sector = 0; sector < 4; sector++) {
      if (has(bytes, sector * SECTOR_BYTES, "LABELONE")
          && has(bytes, sector * SECTOR_BYTES + 24, "LVM2 001")) {
        return whole("LVM2 physical volume signature");
      }
    }
    if (has(bytes, 0, "LUKS")) {
      return whole("LUKS signature");
    }
    ByteBuffer big = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
    if (big.getInt(LATE_SUPERBLOCK) == 0x01161970) {
      return whole("gfs2 filesystem");
    }
    if (has(bytes, 54, "FAT") || has(bytes, 82, "FAT32")) {
      return whole("vfat filesystem");
    }
    return Optional.empty();
  }

  private static Optional<FoundData> sized(String name, long blocks, long blockBytes) {
    long bytes =
        blocks < 0 || blocks > Long.MAX_VALUE / 2 / Math.max(1, blockBytes)
            ? Long.MAX_VALUE
            : blocks * blockBytes;
    return Optional.of(new FoundData(name, true, OptionalLong.of(bytes)));
  }

  private static Optional<FoundData> whole(String name) {
    return Optional.of(new FoundData(name, true, OptionalLong.empty()));
  }

  private static boolean has(ByteBuffer bytes, int offset, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    byte[] there = new byte[wanted.length];
    bytes.get(offset, there);
    return Arrays.equals(wanted, there);
  }
}
