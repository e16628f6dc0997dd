package org.twincore.sim.check;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// What simulated writes put into sectors: every sector of 512 bytes says which write it is from
/// and where it belongs, in each of its words.
///
/// Write 0 is all zeroes: what was never written, discarded or zeroed.
public final class Content {
  public static final int SECTOR_BYTES = 512;
  private static final int WORDS = SECTOR_BYTES / Long.BYTES;

  /// What [#writeOf] says of a sector that no write can have left.
  public static final long GARBAGE = -1;

  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private Content() {}

  /// The bytes of write number `write` for `sectors` sectors from `sector` on.
  public static byte[] of(long write, long sector, int sectors) {
    byte[] bytes = new byte[sectors * SECTOR_BYTES];
    int at = 0;
    for (int i = 0; i < sectors; i++) {
      long mixed = mix(write, sector + i);
      WORD.set(bytes, at, write);
      for (int word = 1; word < WORDS; word++) {
        WORD.set(bytes, at + word * Long.BYTES, mixed + word);
      }
      at += SECTOR_BYTES;
    }
    return bytes;
  }

  /// Which write left the sector whose bytes start at `offset`, or [#GARBAGE].
  public static long writeOf(byte[] bytes, int offset, long sector) {
    long write = (long) WORD.get(bytes, offset);
    long mixed = write == 0 ? 0 : mix(write, sector);
    int step = write == 0 ? 0 : 1;
    for (int word = 1; word < WORDS; word++) {
      if ((long) WORD.get(bytes, offset + word * Long.BYTES) != mixed + step * word) {
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
