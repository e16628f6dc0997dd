package org.twincore.sim;

import java.util.List;
import java.util.function.Consumer;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// Somebody puts a drive of another resource into a node that was taken down, and brings it up: no
/// byte may go either way until an admin has made new metadata on it.
final class ForeignDrive {
  private static final int BLOCKS = 40;
  private static final int GOOD_DATA = MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE;

  private final ClusterView view;
  private final List<NodeAdmin> admins;
  private final Prng random;

  ForeignDrive(ClusterView view, List<NodeAdmin> admins, Prng random) {
    this.view = view;
    this.admins = admins;
    this.random = random;
  }

  /// Takes the node down and brings it up with such a drive.
  void put(NodeAdmin admin, int volume, Consumer<AdminResult> answered) {
    replace(
        admin,
        volume,
        answered,
        drive -> {
          GenerationUuids others =
              new GenerationUuids(identity(), 0, random.nextBoolean() ? identity() : 0, 0);
          Garbage.fill(drive, random, BLOCKS);
          new DriveMetadata(drive)
              .create(random.nextLong(), fresh -> fresh.withUuids(others).withFlags(GOOD_DATA));
        },
        true);
  }

  private long identity() {
    return random.nextLong() & ~GenerationUuids.PRIMARY_BIT;
  }

  /// Mends it, once the nodes have refused each other; `isHasty` without waiting to be noticed.
  void look(boolean isHasty) {
    for (NodeAdmin admin : admins) {
      for (int volume = 0; volume < view.volumes(); volume++) {
        boolean isDue =
            view.lineage().isForeign(admin.node().id(), volume)
                && admin.node().isRunning()
                && admin.isIdle()
                && isRefused(admin.node().id(), volume)
                && (isHasty || random.nextInt(8) == 0);
        if (isDue) {
          replace(
              admin,
              volume,
              _ -> {},
              drive -> new DriveMetadata(drive).create(random.nextLong()),
              false);
        }
      }
    }
  }

  private boolean isRefused(int node, int volume) {
    return view.state(0, 0).conn() == ConnectionState.STAND_ALONE
        || view.state(1, 0).conn() == ConnectionState.STAND_ALONE
        || view.state(node, volume).disk() == DiskState.DISKLESS;
  }

  private void replace(
      NodeAdmin admin,
      int volume,
      Consumer<AdminResult> answered,
      Consumer<SimDrive> change,
      boolean isForeign) {
    int node = admin.node().id();
    admin.down(result -> {
      answered.accept(result);
      if (result.isSuccess()) {
        view.simulation()
            .trace()
            .line(
                "%s/%d: %s"
                    .formatted(
                        admin.node().name(),
                        volume,
                        isForeign ? "a drive of another resource" : "create-md"));
        change.accept(view.drive(node, volume));
        view.lineage().declareForeign(node, volume, isForeign);
      }
    });
    view.simulation().after(random.nextLong(10 * Simulation.SECOND), () -> bringUp(admin));
  }

  private static void bringUp(NodeAdmin admin) {
    if (admin.node().isRunning() && !admin.wantsConnection()) {
      admin.bringUp();
    }
  }
}
