package org.twincore.sim.kernel;

import java.util.Arrays;
import java.util.BitSet;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.twincore.drbd.Extent;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.wire.BitSink;
import org.twincore.drbd.wire.BitSource;
import org.twincore.drbd.wire.Payload;

/// The backing disk of a scripted node: data with a volatile cache, and metadata that is durable at
/// once.
///
/// Blocks of writes that no barrier ack covers are `hot`, as their activity-log extents are in the
/// real thing: after a crash of a Primary, or once it has given up its disk, they count as out of
/// sync. While it is given up nothing of it changes.
public final class KernelDisk implements BitSource, BitSink {
  public static final int BLOCK_BYTES = 4096;
  private static final int SECTORS_PER_BLOCK = BLOCK_BYTES / Extent.SECTOR_BYTES;

  private final byte[] data;
  private final long sectors;
  private boolean isGivenUp;
  private final BitSet outOfSync = new BitSet();
  private final BitSet hot = new BitSet();

  /// Bits that were cleared since the last flush; on the medium they are still set.
  private final BitSet clearedUnflushed = new BitSet();

  /// What the medium holds of blocks that were changed since the last flush.
  private final TreeMap<Integer, byte[]> unflushed = new TreeMap<>();

  private GenerationUuids uuids = GenerationUuids.FRESH;
  private boolean isConsistent;

  /// MDF_PRIMARY_IND and MDF_CRASHED_PRIMARY.
  private boolean wasPrimary;

  private boolean isCrashedPrimary;

  /// A fresh disk of `sectors` of data, as after create-md.
  public KernelDisk(long sectors) {
    this.sectors = sectors;
    this.data = new byte[Math.toIntExact(sectors * Extent.SECTOR_BYTES)];
    setAll();
  }

  public long sectors() {
    return sectors;
  }

  public int blocks() {
    return Math.toIntExact(Math.ceilDiv(sectors, SECTORS_PER_BLOCK));
  }

  /// The node gives up the disk. What is in the cache becomes durable first: that a kernel does not
  /// see to it itself is no promise of its peer's.
  void giveUp() {
    flush();
    isGivenUp = true;
  }

  /// The node takes the disk again.
  void takeAgain() {
    isGivenUp = false;
  }

  // ---- data

  public Payload read(Extent extent) {
    int from = (int) extent.offsetBytes();
    return Payload.of(Arrays.copyOfRange(data, from, from + (int) extent.sizeBytes()));
  }

  /// Into the cache; durable after the next [#flush].
  public void write(long sector, Payload payload) {
    Extent extent = new Extent(sector, payload.lengthBytes());
    keepOld(extent);
    System.arraycopy(
        payload.array(),
        payload.arrayOffset(),
        data,
        (int) extent.offsetBytes(),
        payload.lengthBytes());
  }

  /// Zeroes, into the cache.
  public void clear(Extent extent) {
    keepOld(extent);
    int from = (int) extent.offsetBytes();
    Arrays.fill(data, from, from + (int) extent.sizeBytes(), (byte) 0);
  }

  private void keepOld(Extent extent) {
    if (isGivenUp) {
      throw new IllegalStateException("given up: " + extent);
    }
    for (int block = firstTouched(extent); block < endTouched(extent); block++) {
      unflushed.computeIfAbsent(block, this::block);
    }
  }

  /// A copy of one block; the last may be shorter.
  public byte[] block(int block) {
    int from = block * BLOCK_BYTES;
    return Arrays.copyOfRange(data, from, Math.min(from + BLOCK_BYTES, data.length));
  }

  /// All data is on the medium, and then the bitmap too.
  public void flush() {
    unflushed.clear();
    clearedUnflushed.clear();
  }

  /// Of what was not flushed, each block is on the medium or not.
  public void powerCut(RandomGenerator random) {
    unflushed.forEach((block, old) -> {
      if (random.nextBoolean()) {
        System.arraycopy(old, 0, data, block * BLOCK_BYTES, old.length);
      }
    });
    unflushed.clear();
    outOfSync.or(clearedUnflushed);
    clearedUnflushed.clear();
  }

  // ---- bitmap

  /// Every block that the extent touches.
  public void setOutOfSync(Extent extent) {
    if (isGivenUp) {
      return;
    }
    outOfSync.set(firstTouched(extent), endTouched(extent));
  }

  /// Only whole blocks; the device's last one counts as whole.
  public void setInSync(Extent extent) {
    if (isGivenUp) {
      return;
    }
    int first = (int) Math.ceilDiv(extent.sector(), SECTORS_PER_BLOCK);
    int end =
        extent.endSector() == sectors ? blocks() : (int) (extent.endSector() / SECTORS_PER_BLOCK);
    int block = outOfSync.nextSetBit(first);
    while (block >= 0 && block < end) {
      clearedUnflushed.set(block);
      outOfSync.clear(block);
      block = outOfSync.nextSetBit(block);
    }
  }

  public void setAll() {
    if (isGivenUp) {
      return;
    }
    outOfSync.set(0, blocks());
  }

  public void clearAll() {
    if (isGivenUp) {
      return;
    }
    outOfSync.clear();
    clearedUnflushed.clear();
  }

  public int bitsSet() {
    return outOfSync.cardinality();
  }

  public boolean isOutOfSync(int block) {
    return outOfSync.get(block);
  }

  /// The first such block at or after `from`; -1 if there is none.
  public int nextOutOfSync(int from) {
    return outOfSync.nextSetBit(from);
  }

  private static int firstTouched(Extent extent) {
    return (int) (extent.sector() / SECTORS_PER_BLOCK);
  }

  private static int endTouched(Extent extent) {
    return (int) Math.ceilDiv(extent.endSector(), SECTORS_PER_BLOCK);
  }

  @Override
  public long sizeBits() {
    return blocks();
  }

  @Override
  public long nextSet(long from) {
    return outOfSync.nextSetBit((int) from);
  }

  @Override
  public long nextClear(long from) {
    return Math.min(outOfSync.nextClearBit((int) from), blocks());
  }

  @Override
  public long word(long index) {
    long[] words = outOfSync.toLongArray();
    return index < words.length ? words[(int) index] : 0;
  }

  @Override
  public void setRange(long from, long to) {
    if (isGivenUp) {
      return;
    }
    outOfSync.set((int) from, (int) to);
  }

  // ---- the rest of the metadata

  /// A write of this node as Primary begins.
  void markHot(Extent extent) {
    if (isGivenUp) {
      return;
    }
    hot.set(firstTouched(extent), endTouched(extent));
  }

  /// None of this node's writes is under way any more.
  void nothingHot() {
    if (isGivenUp) {
      return;
    }
    hot.clear();
  }

  public GenerationUuids uuids() {
    return uuids;
  }

  public void uuids(GenerationUuids given) {
    if (isGivenUp) {
      return;
    }
    uuids = given;
  }

  /// MDF_CONSISTENT.
  public boolean isConsistent() {
    return isConsistent;
  }

  public void consistent(boolean value) {
    if (isGivenUp) {
      return;
    }
    isConsistent = value;
  }

  void primary(boolean value) {
    if (isGivenUp) {
      return;
    }
    wasPrimary = value;
  }

  /// The node comes back after a crash: if it was Primary its hot blocks are out of sync now.
  void recover() {
    if (wasPrimary) {
      outOfSync.or(hot);
      isCrashedPrimary = true;
    }
    hot.clear();
    wasPrimary = false;
  }

  /// Was it Primary at a crash that no peer knows of yet?
  boolean isCrashedPrimary() {
    return isCrashedPrimary;
  }

  /// Both disks are UpToDate again.
  void forgetCrash() {
    isCrashedPrimary = false;
  }
}
