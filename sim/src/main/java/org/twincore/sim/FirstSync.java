package org.twincore.sim;

import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.check.VolumeHistory;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// The first phase: metadata is created, the nodes come up, one replica is declared the truth.
final class FirstSync {
  private static final long SETUP_NANOS = 900 * Simulation.SECOND;
  private static final long GARBAGE_WRITE = 1L << 40;
  private static final int OLD_BLOCKS = 40;

  private final Cluster cluster;
  private final Prng blunders;

  FirstSync(Cluster cluster) {
    this.cluster = cluster;
    this.blunders = cluster.random.aside();
  }

  void run() {
    Scenario scenario = cluster.scenario;
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      for (SimNode node : cluster.nodes) {
        new DriveMetadata(node.drive(volume)).create(cluster.random.nextLong());
        if (scenario.start() == Scenario.Start.FULL_SYNC) {
          fill(node, volume);
        }
      }
      cluster.view.lineage().declare(0, volume, true);
    }
    for (NodeAdmin admin : cluster.admins) {
      cluster.simulation.after(cluster.random.nextLong(3 * Simulation.SECOND), admin::up);
    }
    switch (scenario.start()) {
      case FULL_SYNC -> firstPrimary();
      case CLEAR_BITMAP -> skipFirstSync();
    }
    cluster.operator.begin();
    if (scenario.start() == Scenario.Start.CLEAR_BITMAP || cluster.random.nextBoolean()) {
      cluster.await("the first sync", SETUP_NANOS, cluster::isHealthy);
    }
  }

  /// What was on the drives before: the first node's is the truth, the second one's is garbage.
  private void fill(SimNode node, int volume) {
    SimDrive drive = node.drive(volume);
    VolumeHistory history = cluster.view.history(volume);
    long sectors =
        Math.min(
            cluster.view.drive(0, volume).layout().usableSectors(),
            cluster.view.drive(1, volume).layout().usableSectors());
    for (int i = 0; i < OLD_BLOCKS; i++) {
      Extent extent = new Extent(cluster.random.nextLong(sectors / 8) * 8, 4096);
      long write = GARBAGE_WRITE + i;
      if (node.id() == 0) {
        write = history.issued(extent, VolumeHistory.Kind.DATA);
        history.answered(write, VolumeHistory.Durability.FUA);
      }
      Garbage.write(drive, extent, write);
    }
  }

  private void firstPrimary() {
    cluster.await("the first attach", SETUP_NANOS, () -> isAttached(0));
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      cluster.admins.get(0).command(new AdminCommand.Primary(volume, true));
    }
    cluster.await("the first Primary", SETUP_NANOS, this::isPrimaryOrAsked);
  }

  /// Is the first node Primary for all volumes? What was refused, as with `fencing` before the
  /// nodes have met, is asked for again.
  private boolean isPrimaryOrAsked() {
    boolean isPrimary = true;
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      if (!cluster.view.board().isPrimary(0, volume)) {
        isPrimary = false;
        if (cluster.admins.get(0).isIdle() && cluster.view.board().isConnected(0, volume)) {
          cluster.admins.get(0).command(new AdminCommand.Primary(volume, true));
        }
      }
    }
    return isPrimary;
  }

  private void skipFirstSync() {
    cluster.await("the first connection", SETUP_NANOS, this::isConnected);
    if (blunders.nextBoolean()) {
      new Blunders(cluster, blunders).resyncOfNothing();
    }
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      cluster.admins.get(0).command(new AdminCommand.NewCurrentUuid(volume, true));
    }
  }

  private boolean isAttached(int node) {
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      if (!cluster.nodes.get(node).hasDriveOpen(volume)) {
        return false;
      }
    }
    return cluster.admins.get(node).isIdle();
  }

  private boolean isConnected() {
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      if (!cluster.view.board().isConnected(0, volume)
          || !cluster.view.board().isConnected(1, volume)) {
        return false;
      }
    }
    return isAttached(0) && isAttached(1);
  }
}
