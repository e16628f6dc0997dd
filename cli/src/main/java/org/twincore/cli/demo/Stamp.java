package org.twincore.cli.demo;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The content of one 4 KiB block of the workload: which block, which write to it, and a checksum.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 8 | magic |
/// | 8 | 8 | block number |
/// | 16 | 8 | number of the write, 1 and up |
/// | 24 | 4 | CRC-32C of the block with this field zero |
/// | 28 | 4068 | bytes that follow from block and write |
final class Stamp {
  static final int BLOCK_BYTES = 4096;

  private static final long MAGIC = 0x5457494e434f5245L;
  private static final int CHECKSUM_OFFSET = 24;

  private Stamp() {}

  /// The block's bytes after write `number`.
  static byte[] write(long block, long number) {
    ByteBuffer out = ByteBuffer.allocate(BLOCK_BYTES);
    out.putLong(MAGIC).putLong(block).putLong(number).putInt(0);
    long filler = block * 0x9e3779b97f4a7c15L ^ number;
    while (out.remaining() >= Long.BYTES) {
      filler ^= filler << 13;
      filler ^= filler >>> 7;
      filler ^= filler << 17;
      out.putLong(filler);
    }
    out.putInt(CHECKSUM_OFFSET, checksum(out.array()));
    return out.array();
  }

  /// The number of the write that these bytes of `block` are from; 0 if they are all zero, -1 if
  /// they are from no write at all.
  static long read(long block, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    if (in.getLong(0) == 0 && isZero(bytes)) {
      return 0;
    }
    byte[] unsummed = bytes.clone();
    ByteBuffer.wrap(unsummed).putInt(CHECKSUM_OFFSET, 0);
    boolean whole =
        in.getLong(0) == MAGIC
            && in.getLong(8) == block
            && in.getInt(CHECKSUM_OFFSET) == checksum(unsummed);
    return whole ? in.getLong(16) : -1;
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static boolean isZero(byte[] bytes) {
    for (byte each : bytes) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }
}
