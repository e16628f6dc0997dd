package org.twincore.drbd.engine.resync;

import java.util.ArrayDeque;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;

/// Where a resync target asks next: walks the set bits and merges neighbours (drbd-wire section
/// 12.1).
///
/// Each set bit is offered once in a walk, in ascending order, but for the rest of a 16 MiB extent
/// that is busy with application writes: that is put off and offered again at the end. Bits and
/// blocks are of 4 KiB.
public final class ResyncScan {
  /// Blocks in an extent of 16 MiB, the unit in which resync and applications exclude each other.
  public static final long BLOCKS_PER_EXTENT = 4096;

  private static final int BLOCK_BYTES = 4096;
  private static final int SECTORS_PER_BLOCK = 8;

  private final ArrayDeque<Rest> putOff = new ArrayDeque<>();
  private final long deviceSectors;
  private final int requestBytesMax;
  private long position;

  /// Blocks from `from` until before `end`, all in one extent of 16 MiB, not offered yet.
  private record Rest(long from, long end) {}

  /// The set bits: [#next] gives the first set bit at or after a position, negative if there is
  /// none.
  public record Bits(LongUnaryOperator next) {}

  /// What a look brought.
  public sealed interface Found {}

  /// Ask for this extent, `blocks` blocks.
  public record Ask(Extent extent, long blocks) implements Found {}

  /// Only extents that are busy are left: keep new application writes out of this one (number of
  /// the 16 MiB extent) and look again later.
  public record Busy(long resyncExtent) implements Found {}

  /// All set bits were offered.
  public record Finished() implements Found {}

  /// A walk over a device of that size; a request has at most `requestBytesMax` bytes, a multiple
  /// of 4096.
  public ResyncScan(long deviceSectors, int requestBytesMax) {
    Invariant.check(
        requestBytesMax >= BLOCK_BYTES && requestBytesMax % BLOCK_BYTES == 0,
        "requests of %d bytes, blocks of %d",
        requestBytesMax,
        BLOCK_BYTES);
    this.deviceSectors = deviceSectors;
    this.requestBytesMax = requestBytesMax;
  }

  /// The first block that was not offered yet, apart from those put off.
  public long positionBlocks() {
    return position;
  }

  /// Starts the walk again, from block `fromBlock`.
  public void restart(long fromBlock) {
    putOff.clear();
    position = fromBlock;
  }

  /// The next request of at most `blocksMax` (1 and up) blocks; `isBusy` tells of a 16 MiB extent
  /// whether applications write to it.
  public Found look(Bits bits, long blocksMax, LongPredicate isBusy) {
    for (long bit = bits.next.applyAsLong(position);
        bit >= 0;
        bit = bits.next.applyAsLong(position)) {
      long end = (bit / BLOCKS_PER_EXTENT + 1) * BLOCKS_PER_EXTENT;
      if (!isBusy.test(bit / BLOCKS_PER_EXTENT)) {
        long blocks = merge(bits, bit, end, blocksMax);
        position = bit + blocks;
        return ask(bit, blocks);
      }
      putOff.add(new Rest(bit, end));
      position = end;
    }
    return lookAtPutOff(bits, blocksMax, isBusy);
  }

  private Found lookAtPutOff(Bits bits, long blocksMax, LongPredicate isBusy) {
    int rests = putOff.size();
    for (int seen = 0; seen < rests; seen++) {
      Rest rest = putOff.removeFirst();
      long bit = bits.next.applyAsLong(rest.from);
      if (bit < 0 || bit >= rest.end) {
        continue;
      }
      if (isBusy.test(bit / BLOCKS_PER_EXTENT)) {
        putOff.addLast(rest);
        continue;
      }
      long blocks = merge(bits, bit, rest.end, blocksMax);
      putOff.addFirst(new Rest(bit + blocks, rest.end));
      return ask(bit, blocks);
    }
    return putOff.isEmpty() ? new Finished() : new Busy(putOff.getFirst().from / BLOCKS_PER_EXTENT);
  }

  /// How many blocks from `bit` on make one request: a request beyond 4 KiB starts at a multiple of
  /// 8 KiB, one beyond 8 KiB at a multiple of 16 KiB, and so on.
  private long merge(Bits bits, long bit, long end, long blocksMax) {
    long most = Math.min(Math.min(requestBytesMax / BLOCK_BYTES, blocksMax), end - bit);
    long blocks = 1;
    long alignment = 2;
    while (blocks < most
        && bit % alignment == 0
        && bits.next.applyAsLong(bit + blocks) == bit + blocks) {
      blocks++;
      if (blocks >= alignment) {
        alignment *= 2;
      }
    }
    return blocks;
  }

  private Ask ask(long bit, long blocks) {
    long sector = bit * SECTORS_PER_BLOCK;
    long sectors = Math.min(blocks * SECTORS_PER_BLOCK, deviceSectors - sector);
    Invariant.check(sectors > 0, "bit %d is on the device of %d sectors", bit, deviceSectors);
    return new Ask(new Extent(sector, sectors * Extent.SECTOR_BYTES), blocks);
  }
}
