package org.twincore.sim.fault;

import java.util.function.Consumer;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// What faults can reach. `restart` brings an ended node back, with all that an admin does then.
public record Victims(
    ClusterView view, SimNetwork network, Prng random, Consumer<SimNode> restart) {

  Simulation simulation() {
    return view.simulation();
  }

  SimNode anyNode() {
    return view.node(random.nextInt(2));
  }

  int anyVolume() {
    return random.nextInt(view.volumes());
  }

  /// Runs `end` when a random time between the two, in milliseconds, has passed.
  void later(long millisMin, long millisMax, Runnable end) {
    simulation().after(nanos(millisMin, millisMax), end);
  }

  long nanos(long millisMin, long millisMax) {
    return random.nextLong(
        millisMin * Simulation.MILLISECOND, millisMax * Simulation.MILLISECOND + 1);
  }

  void tell(String what) {
    simulation().trace().line("fault: " + what);
  }

  boolean isAnyDriveFailing() {
    for (SimNode node : view.nodes()) {
      for (int volume = 0; volume < view.volumes(); volume++) {
        if (node.drive(volume).health().failing() != SimDrive.Failing.NOTHING) {
          return true;
        }
      }
    }
    return false;
  }

  /// Is the other node's copy of the volume complete, in use, and on a drive that works?
  boolean hasGoodCopyElsewhere(int node, int volume) {
    int other = 1 - node;
    return view.lineage().isComplete(other, volume)
        && view.node(other).isRunning()
        && network.isWhole()
        && !view.node(other).isPaused()
        && view.board().isHealthy(volume)
        && view.drive(other, volume).health().failing() == SimDrive.Failing.NOTHING;
  }
}
