package org.twincore.sim.load;

import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.testkit.Prng;

/// Which request comes next, and where: around a few places, mostly 4 KiB, so that requests meet.
final class RequestDraw {
  private static final int SECTORS_PER_BLOCK = 8;
  private static final int BLOCKS_PER_SPOT = 24;
  private static final int LARGE_SECTORS_MAX = 2_048;

  private final Prng random;
  private long sizeSectors;
  private final long[] spots;

  RequestDraw(Prng random, int spots, long sizeSectors) {
    this.random = random;
    this.sizeSectors = sizeSectors;
    this.spots = new long[spots];
    for (int i = 0; i < spots; i++) {
      long block = random.nextLong(Math.max(1, sizeSectors / SECTORS_PER_BLOCK - BLOCKS_PER_SPOT));
      this.spots[i] = block * SECTORS_PER_BLOCK;
    }
    this.spots[0] = Math.max(0, sizeSectors - BLOCKS_PER_SPOT * SECTORS_PER_BLOCK);
  }

  /// The device has grown: the last spot is at its end again.
  void grow(long newSizeSectors) {
    if (newSizeSectors > sizeSectors) {
      sizeSectors = newSizeSectors;
      spots[0] = sizeSectors - BLOCKS_PER_SPOT * SECTORS_PER_BLOCK;
    }
  }

  VolumeWorkload.What what() {
    int draw = random.nextInt(100);
    if (draw < 66) {
      return VolumeWorkload.What.WRITE;
    } else if (draw < 90) {
      return VolumeWorkload.What.READ;
    } else if (draw < 94) {
      return VolumeWorkload.What.FLUSH;
    } else if (draw < 97) {
      return VolumeWorkload.What.TRIM;
    }
    return VolumeWorkload.What.ZEROES;
  }

  boolean fua() {
    return random.nextInt(20) == 0;
  }

  Event.Discard discard(VolumeWorkload.What what) {
    if (what == VolumeWorkload.What.TRIM) {
      return Event.Discard.TRIM;
    }
    return random.nextBoolean() ? Event.Discard.ZERO_OUT : Event.Discard.ZERO_OUT_MAY_UNMAP;
  }

  /// Somewhere near a spot, inside the device.
  Extent extent() {
    long sector = spots[random.nextInt(spots.length)];
    sector += random.nextLong(BLOCKS_PER_SPOT) * SECTORS_PER_BLOCK;
    int size = sizeSectors();
    if (size < SECTORS_PER_BLOCK || random.nextInt(30) == 0) {
      sector += random.nextInt(SECTORS_PER_BLOCK);
    }
    sector = Math.min(sector, sizeSectors - 1);
    long fits = Math.min(size, sizeSectors - sector);
    return new Extent(sector, fits * Extent.SECTOR_BYTES);
  }

  private int sizeSectors() {
    int draw = random.nextInt(200);
    if (draw < 130) {
      return SECTORS_PER_BLOCK;
    } else if (draw < 150) {
      return random.nextInt(1, SECTORS_PER_BLOCK);
    } else if (draw < 198) {
      return SECTORS_PER_BLOCK * random.nextInt(2, 9);
    }
    return random.nextInt(1, LARGE_SECTORS_MAX + 1);
  }
}
