package org.twincore.drbd.meta;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;

/// Which 4 KiB blocks of a device are out of sync: one bit each, in memory, with its weight.
///
/// On disk bit n is bit n mod 8 of byte n / 8, so a 64-bit word is little-endian (drbd-metadata
/// section 4). Setting rounds outward to whole blocks, clearing inward, but for the device's last
/// partial block, which counts as whole. Pages are the 4 KiB units of bitmap I/O: 32768 bits, 128
/// MiB of device. One owner at a time.
public final class SyncBitmap {
  public static final int SECTORS_PER_BIT = 8;
  public static final int PAGE_BYTES = 4096;
  public static final int BITS_PER_PAGE = PAGE_BYTES * 8;
  private static final int WORDS_PER_PAGE = PAGE_BYTES / 8;

  private final long sizeSectors;
  private final long bits;
  private final long[] words;
  private final BitSet dirtyPages = new BitSet();
  private long weight;

  /// A bitmap for a device of `sizeSectors` with no bit set.
  public SyncBitmap(long sizeSectors) {
    this.sizeSectors = sizeSectors;
    this.bits = (sizeSectors + SECTORS_PER_BIT - 1) / SECTORS_PER_BIT;
    this.words = new long[Math.toIntExact((bits + 63) / 64)];
  }

  public long sizeSectors() {
    return sizeSectors;
  }

  /// Number of bits: blocks of the device, the last one possibly partial.
  public long sizeBits() {
    return bits;
  }

  /// Number of set bits.
  public long weight() {
    return weight;
  }

  public boolean get(long bit) {
    return bit < bits && (words[(int) (bit >>> 6)] & 1L << bit) != 0;
  }

  /// First set bit at or after `from`, or -1.
  public long nextSet(long from) {
    if (from >= bits) {
      return -1;
    }
    int index = (int) (from >>> 6);
    long word = words[index] & -1L << from;
    while (word == 0) {
      if (++index == words.length) {
        return -1;
      }
      word = words[index];
    }
    return ((long) index << 6) + Long.numberOfTrailingZeros(word);
  }

  /// First clear bit at or after `from`, or the number of bits if there is none.
  public long nextClear(long from) {
    if (from >= bits) {
      return bits;
    }
    int index = (int) (from >>> 6);
    long word = ~words[index] & -1L << from;
    while (word == 0) {
      if (++index == words.length) {
        return bits;
      }
      word = ~words[index];
    }
    return Math.min(bits, ((long) index << 6) + Long.numberOfTrailingZeros(word));
  }

  /// Marks every block that the sectors touch; how many bits were clear before.
  public long setSectors(long sector, long sectors) {
    if (sectors <= 0 || sector >= sizeSectors) {
      return 0;
    }
    long end = Math.min(sector + sectors, sizeSectors);
    return setBits(sector / SECTORS_PER_BIT, (end + SECTORS_PER_BIT - 1) / SECTORS_PER_BIT);
  }

  /// Clears every block that lies wholly in the sectors; how many bits were set before.
  public long clearSectors(long sector, long sectors) {
    if (sectors <= 0 || sector >= sizeSectors) {
      return 0;
    }
    long end = Math.min(sector + sectors, sizeSectors);
    long endBit = end == sizeSectors ? bits : end / SECTORS_PER_BIT;
    return clearBits((sector + SECTORS_PER_BIT - 1) / SECTORS_PER_BIT, endBit);
  }

  /// Whether any block that the sectors touch is out of sync.
  public boolean anySetInSectors(long sector, long sectors) {
    long bit = nextSet(sector / SECTORS_PER_BIT);
    return bit >= 0 && bit * SECTORS_PER_BIT < sector + sectors;
  }

  /// Sets bits from `from` up to before `to`; how many were clear before.
  public long setBits(long from, long to) {
    return change(from, to, true);
  }

  /// Clears bits from `from` up to before `to`; how many were set before.
  public long clearBits(long from, long to) {
    return change(from, to, false);
  }

  private long change(long from, long to, boolean set) {
    long end = Math.min(to, bits);
    if (from >= end) {
      return 0;
    }
    long changed = 0;
    int last = (int) (end - 1 >>> 6);
    for (int index = (int) (from >>> 6); index <= last; index++) {
      long mask = -1L;
      if (index == (int) (from >>> 6)) {
        mask &= -1L << from;
      }
      if (index == last) {
        mask &= -1L >>> -end;
      }
      long before = words[index];
      long after = set ? before | mask : before & ~mask;
      if (before != after) {
        words[index] = after;
        changed += Long.bitCount(before ^ after);
        dirtyPages.set(index / WORDS_PER_PAGE);
      }
    }
    weight += set ? changed : -changed;
    return changed;
  }

  public void setAll() {
    setBits(0, bits);
  }

  public void clearAll() {
    clearBits(0, bits);
  }

  /// Set bits in the blocks from bit `from` up to before `to`.
  public long weightIn(long from, long to) {
    long count = 0;
    long end = Math.min(to, bits);
    for (long bit = nextSet(from); bit >= 0 && bit < end; ) {
      long run = Math.min(nextClear(bit), end);
      count += run - bit;
      bit = nextSet(run);
    }
    return count;
  }

  /// 64 bits from word `index` on; 0 behind the end.
  public long word(long index) {
    return index < words.length ? words[(int) index] : 0;
  }

  /// Number of 64-bit words that hold the bits.
  public int sizeWords() {
    return words.length;
  }

  /// Sets the bits that are set in `value` in word `index`; bits behind the device are dropped.
  public void orWord(long index, long value) {
    if (index >= words.length) {
      return;
    }
    long mask = index == words.length - 1 && (bits & 63) != 0 ? -1L >>> -bits : -1L;
    long before = words[(int) index];
    long after = before | value & mask;
    if (before != after) {
      weight += Long.bitCount(before ^ after);
      words[(int) index] = after;
      dirtyPages.set((int) (index / WORDS_PER_PAGE));
    }
  }

  /// A bitmap for another size: common bits kept, new blocks set or clear. All pages are dirty.
  public SyncBitmap resized(long newSizeSectors, boolean newBlocksOutOfSync) {
    SyncBitmap other = new SyncBitmap(newSizeSectors);
    for (int index = 0; index < Math.min(words.length, other.words.length); index++) {
      other.orWord(index, words[index]);
    }
    if (newBlocksOutOfSync && newSizeSectors > sizeSectors) {
      other.setBits(bits, other.bits);
    }
    other.dirtyPages.set(0, other.pages());
    return other;
  }

  // ---- pages

  /// Number of 4 KiB pages that hold the bits.
  public int pages() {
    return (words.length + WORDS_PER_PAGE - 1) / WORDS_PER_PAGE;
  }

  /// The page that holds the bit of a sector.
  public static int pageOfSector(long sector) {
    return (int) (sector / SECTORS_PER_BIT / BITS_PER_PAGE);
  }

  public boolean isPageDirty(int page) {
    return dirtyPages.get(page);
  }

  /// First page at or after `from` that changed since [#markClean], or -1.
  public int nextDirtyPage(int from) {
    return dirtyPages.nextSetBit(from);
  }

  /// The page's present content was taken for writing; later changes make it dirty again.
  public void markClean(int page) {
    dirtyPages.clear(page);
  }

  /// The page could not be written: it counts as changed again.
  public void markDirty(int page) {
    dirtyPages.set(page);
  }

  /// Every page counts as changed: the bitmap is to be written elsewhere.
  public void markAllDirty() {
    dirtyPages.set(0, pages());
  }

  /// The 4096 bytes of a page as they stand on disk; a fresh array.
  public byte[] pageBytes(int page) {
    ByteBuffer out = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int first = page * WORDS_PER_PAGE;
    for (int i = 0; i < WORDS_PER_PAGE && first + i < words.length; i++) {
      out.putLong(words[first + i]);
    }
    return out.array();
  }

  /// Takes over a page read from disk; bits behind the device are dropped. The page is clean.
  public void loadPage(int page, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int first = page * WORDS_PER_PAGE;
    for (int i = 0; i < WORDS_PER_PAGE && first + i < words.length; i++) {
      weight -= Long.bitCount(words[first + i]);
      words[first + i] = 0;
      orWord(first + i, in.getLong());
    }
    dirtyPages.clear(page);
  }
}
