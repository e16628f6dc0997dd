package org.twincore.sim;

import org.twincore.drbd.Extent;
import org.twincore.sim.check.Content;
import org.twincore.sim.world.SimDrive;
import org.twincore.testkit.Prng;

/// What stood on a drive before it came to the cluster: blocks that no application of the run
/// wrote.
final class Garbage {
  private static final long FIRST_WRITE = 1L << 40;

  private Garbage() {}

  /// Writes `blocks` of them to random places, durably.
  static void fill(SimDrive drive, Prng random, int blocks) {
    long end = drive.layout().usableSectors() / 8;
    for (int i = 0; i < blocks; i++) {
      write(drive, new Extent(random.nextLong(end) * 8, 4096), FIRST_WRITE + i);
    }
  }

  /// The same for one block, as write number `write`.
  static void write(SimDrive drive, Extent extent, long write) {
    byte[] bytes = Content.of(write, extent.sector(), (int) extent.sizeSectors());
    drive.data().write(extent.offsetBytes(), bytes, 0, bytes.length, true);
  }
}
