package org.twincore.sim;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// An admin who gives both drives of a volume more room and has it taken into use, in some seeds:
/// while the nodes run, or found at the next start of a node that ended before it was told.
///
/// What is new reads as zeroes but for one block, which differs unless the admin says that it does
/// not.
final class Growing {
  private static final int SEEDS_PER_GROWTH = 6;
  private static final int COMMANDS_PER_GROWTH = 5;
  private static final int GROWTHS_MAX = 3;
  private static final long MIB = 1 << 20;

  /// Behind the largest request at the old end, before the first one at the new end.
  private static final long REMAINS_BYTES = 5 * MIB / 4;

  /// Requests at the new end begin here, counted back from it.
  private static final long END_BYTES = MIB / 4;

  private static final long LOOK_NANOS = Simulation.SECOND;

  private final ClusterView view;
  private final List<VolumeWorkload> workloads;
  private final Prng random;
  private final boolean grows;
  private int growths;

  /// By volume: the end of the last area with remains in it, in sectors.
  private final TreeMap<Integer, Long> leftUntil = new TreeMap<>();

  Growing(ClusterView view, List<VolumeWorkload> workloads, Prng random) {
    this.view = view;
    this.workloads = workloads;
    this.random = random;
    this.grows = random.nextInt(SEEDS_PER_GROWTH) == 0;
  }

  boolean isDue() {
    return grows && growths < GROWTHS_MAX && random.nextInt(COMMANDS_PER_GROWTH) == 0;
  }

  /// Grows one volume's drives, and lets one of the admins resize. Whether it fitted.
  boolean grow(List<NodeAdmin> admins, Consumer<AdminResult> answered) {
    int volume = random.nextInt(view.volumes());
    NodeAdmin admin = admins.get(random.nextInt(2));
    // What an earlier growth left is still there if that was never taken into use.
    boolean isClean =
        random.nextInt(4) == 0 && view.deviceSectors(volume) >= leftUntil.getOrDefault(volume, 0L);
    long bytes = random.nextLong(2, 4) * MIB + 512 * random.nextLong(0, 17);
    if (!view.board().isHealthy(volume)
        || !admins.stream().allMatch(it -> it.node().isRunning() && it.isIdle())) {
      return false;
    }
    growths++;
    long[] before = new long[2];
    long end = Long.MAX_VALUE;
    for (NodeAdmin each : admins) {
      SimDrive drive = each.node().drive(volume);
      before[each.node().id()] = drive.data().sizeBytes();
      drive.grow(drive.data().sizeBytes() + bytes);
      end = Math.min(end, drive.layout().usableSectors() * Extent.SECTOR_BYTES);
    }
    if (!isClean) {
      leftUntil.put(volume, end / Extent.SECTOR_BYTES);
    }
    for (NodeAdmin each : admins) {
      long remains = before[each.node().id()] + REMAINS_BYTES;
      if (!isClean && remains < end - END_BYTES) {
        leaveRemains(each.node().drive(volume), remains, each.node().id());
      }
    }
    admin.command(
        new AdminCommand.Resize(
            volume, 0, new AdminCommand.Assume(isClean, false), Optional.empty()),
        answered);
    view.simulation().after(LOOK_NANOS, () -> use(volume));
    return true;
  }

  /// What somebody else left on the new part of a drive: where no request of the workload reaches,
  /// so that nobody reads it, and only a copy of the new area makes the two equal.
  private static void leaveRemains(SimDrive drive, long from, int node) {
    byte[] remains = new byte[SimStore.BLOCK_BYTES];
    Arrays.fill(remains, (byte) (0x90 + node));
    long block = from / SimStore.BLOCK_BYTES;
    drive.data().write(block * SimStore.BLOCK_BYTES, remains, 0, remains.length, true);
  }

  /// The applications use what there is from now on.
  private void use(int volume) {
    workloads.get(volume).grow();
    view.simulation().after(LOOK_NANOS, () -> use(volume));
  }
}
