package org.twincore.sim.check;

import java.util.List;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// While both nodes say Connected UpToDate/UpToDate and nothing is under way, both drives are equal
/// byte for byte.
///
/// Looks by itself now and then in protocol C, where an answered write is on both; in the others
/// only when the run says that it has waited long enough.
public final class UpToDateReplicasEqual implements NodeWatcher {
  private static final long PAUSE_NANOS = Simulation.SECOND;

  private final ClusterView view;
  private long nextLookNanos;
  private long looks;

  public UpToDateReplicasEqual(ClusterView view) {
    this.view = view;
  }

  /// How often two replicas were compared.
  public long looks() {
    return looks;
  }

  @Override
  public void stepped(SimNode node) {
    if (view.simulation().nowNanos() < nextLookNanos || !view.promise().writesAreOnBoth()) {
      return;
    }
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (isQuiet(volume)) {
        check(volume);
        nextLookNanos = view.simulation().nowNanos() + PAUSE_NANOS;
      }
    }
  }

  private boolean isQuiet(int volume) {
    return view.board().isHealthy(volume)
        && !view.history(volume).hasOpenWrites()
        && view.nodes().stream().allMatch(SimNode::isRunning);
  }

  /// Compares the volume's replicas if both claim to be good.
  public void check(int volume) {
    if (!isQuiet(volume)) {
      return;
    }
    looks++;
    List<Long> differing = view.differingBlocks(volume);
    if (!differing.isEmpty()) {
      long block = differing.getFirst();
      throw new Violation(
          "UpToDateReplicasEqual",
          "volume %d: %d blocks differ, first %s"
              .formatted(volume, differing.size(), describe(volume, block)));
    }
  }

  private String describe(int volume, long block) {
    StringBuilder text = new StringBuilder("block " + block + ":");
    for (long sector = block * 8; sector < block * 8 + 8; sector++) {
      long first = view.onDrive(0, volume, sector);
      long second = view.onDrive(1, volume, sector);
      if (first != second) {
        text.append(" sector %d has %d and %d;".formatted(sector, first, second));
        text.append(" allowed ").append(view.history(volume).describe(sector));
        break;
      }
    }
    return text.toString();
  }
}
