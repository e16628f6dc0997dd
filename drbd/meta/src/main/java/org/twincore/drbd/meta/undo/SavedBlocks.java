package org.twincore.drbd.meta.undo;

import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.drbd.Extent;

/// A set of 4 KiB blocks of a device, thin where it is empty.
public final class SavedBlocks {
  public static final int BLOCK_SECTORS = 8;
  private static final int CHUNK_BLOCKS = 1 << 15;

  private final TreeMap<Long, BitSet> chunks = new TreeMap<>();

  /// The first block that an extent touches.
  public static long first(Extent extent) {
    return extent.sector() / BLOCK_SECTORS;
  }

  /// The block behind the last one that it touches.
  public static long end(Extent extent) {
    return Math.ceilDiv(extent.endSector(), BLOCK_SECTORS);
  }

  public boolean has(long block) {
    BitSet chunk = chunks.get(block / CHUNK_BLOCKS);
    return chunk != null && chunk.get((int) (block % CHUNK_BLOCKS));
  }

  /// Whether all from `from` to before `to` are in it.
  public boolean hasAll(long from, long to) {
    for (long block = from; block < to; block++) {
      if (!has(block)) {
        return false;
      }
    }
    return true;
  }

  /// Every block that the extent touches.
  public void add(Extent extent) {
    for (long block = first(extent); block < end(extent); block++) {
      chunks
          .computeIfAbsent(block / CHUNK_BLOCKS, _ -> new BitSet())
          .set((int) (block % CHUNK_BLOCKS));
    }
  }

  public void remove(Extent extent) {
    for (long block = first(extent); block < end(extent); block++) {
      BitSet chunk = chunks.get(block / CHUNK_BLOCKS);
      if (chunk != null) {
        chunk.clear((int) (block % CHUNK_BLOCKS));
      }
    }
  }

  public void clear() {
    chunks.clear();
  }

  public long count() {
    return chunks.values().stream().mapToLong(BitSet::cardinality).sum();
  }

  /// A set of its own with the same blocks.
  public SavedBlocks copy() {
    SavedBlocks copy = new SavedBlocks();
    for (Map.Entry<Long, BitSet> each : chunks.entrySet()) {
      copy.chunks.put(each.getKey(), (BitSet) each.getValue().clone());
    }
    return copy;
  }
}
