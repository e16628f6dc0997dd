package org.twincore.sim;

import org.twincore.drbd.Extent;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// The last phase: everything ever written is read at one node and, after a swap of the roles, at
/// the other.
final class LastReads {
  private static final long PROGRESS_NANOS = 3_600 * Simulation.SECOND;

  private final Cluster cluster;

  LastReads(Cluster cluster) {
    this.cluster = cluster;
  }

  void run() {
    readAll();
    SimNode before = cluster.workloads.getFirst().where();
    cluster.operator.swap();
    cluster.await(
        "the swapped roles",
        PROGRESS_NANOS,
        () ->
            cluster.operator.isServing()
                && (cluster.workloads.getFirst().where() != before || again()));
    readAll();
  }

  /// Asks for the swap once more if it came to nothing.
  private boolean again() {
    cluster.operator.swap();
    return false;
  }

  private void readAll() {
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      readAll(volume);
    }
    cluster.await(
        "answers to the last reads",
        PROGRESS_NANOS,
        () -> cluster.workloads.stream().allMatch(VolumeWorkload::isIdle));
  }

  private void readAll(int volume) {
    VolumeWorkload workload = cluster.workloads.get(volume);
    long next = 0;
    for (long sector : cluster.view.history(volume).knownSectors()) {
      if (sector >= next) {
        long block = sector / 8 * 8;
        long end = Math.min(block + 8, workload.sizeSectors());
        workload.read(new Extent(block, (end - block) * Extent.SECTOR_BYTES));
        next = end;
      }
    }
  }
}
