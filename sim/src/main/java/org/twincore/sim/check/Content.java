package org.twincore.sim.check;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/// What simulated writes put into sectors: every sector of 512 bytes says which write it is from
/// and where it belongs, in each of its words.
///
/// Write 0 is all zeroes: what was never written, discarded or zeroed.
public final class Content {
  public static final int SECTOR_BYTES = 512;
  private static final int WORDS = SECTOR_BYTES / Long.BYTES;

  /// What [#writeOf] says of a sector that no write can have left.
  public static final long GARBAGE = -1;

  private Content() {}

  /// The bytes of write number `write` for `sectors` sectors from `sector` on.
  public static byte[] of(long write, long sector, int sectors) {
    byte[] bytes = new byte[sectors * SECTOR_BYTES];
    LongBuffer words = ByteBuffer.wrap(bytes).asLongBuffer();
    for (int i = 0; i < sectors; i++) {
      words.put(write);
      long mixed = mix(write, sector + i);
      for (int word = 1; word < WORDS; word++) {
        words.put(mixed + word);
      }
    }
    return bytes;
  }

  /// Which write left the sector whose bytes start at `offset`, or [#GARBAGE].
  public static long writeOf(byte[] bytes, int offset, long sector) {
    LongBuffer words = ByteBuffer.wrap(bytes, offset, SECTOR_BYTES).slice().asLongBuffer();
    long write = words.get(0);
    for (int word = 1; word < WORDS; word++) {
      long expected = write == 0 ? 0 : mix(write, sector) + word;
      if (words.get(word) != expected) {
        return GARBAGE;
      }
    }
    return write;
  }

  private static long mix(long write, long sector) {
    long z = (write * 0x9e3779b97f4a7c15L) ^ (sector + 1) * 0xbf58476d1ce4e5b9L;
    return (z ^ z >>> 31) * 0x94d049bb133111ebL;
  }
}
