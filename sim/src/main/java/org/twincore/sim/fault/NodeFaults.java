package org.twincore.sim.fault;

import java.util.List;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimNode.Ending;
import org.twincore.sim.world.SimStore;

/// Killed and stopped processes, machines without power.
public final class NodeFaults {
  /// All of them.
  public static final List<Fault> ALL =
      List.of(
          Fault.of("killed process", v -> end(v, v.anyNode(), Ending.KILL)),
          Fault.of("power cut", v -> end(v, v.anyNode(), Ending.POWER_CUT)),
          Fault.of("killed Primary", v -> endPrimary(v, Ending.KILL)),
          Fault.of("power cut of the Primary", v -> endPrimary(v, Ending.POWER_CUT)),
          Fault.of("both killed", v -> endBoth(v, Ending.KILL)),
          Fault.of("power cut of both", v -> endBoth(v, Ending.POWER_CUT)),
          Fault.of("stopped process", NodeFaults::pause));

  private NodeFaults() {}

  private static boolean end(Victims victims, SimNode node, Ending ending) {
    boolean isPromised = ending == Ending.KILL || victims.view().promise().survivesPowerCut();
    if (!node.isRunning() || !isPromised) {
      return false;
    }
    victims.tell(node.name() + " ends by " + ending);
    SimStore.Keep[] keeps = SimStore.Keep.values();
    node.end(ending, keeps[victims.random().nextInt(keeps.length)]);
    boolean isQuick = victims.random().nextInt(3) == 0;
    victims.later(200, isQuick ? 2_000 : 30_000, () -> victims.restart().accept(node));
    return true;
  }

  private static boolean endPrimary(Victims victims, Ending ending) {
    for (SimNode node : victims.view().nodes()) {
      if (victims.view().board().isPrimary(node.id(), 0)) {
        return end(victims, node, ending);
      }
    }
    return false;
  }

  /// Not while a drive fails: a disk error and the end of both nodes is more than is promised
  /// (docs/simulator.md, "What is not drawn").
  private static boolean endBoth(Victims victims, Ending ending) {
    if (victims.isAnyDriveFailing()) {
      return false;
    }
    boolean first = end(victims, victims.view().node(0), ending);
    return end(victims, victims.view().node(1), ending) || first;
  }

  private static boolean pause(Victims victims) {
    SimNode node = victims.anyNode();
    if (!node.isRunning()) {
      return false;
    }
    victims.tell(node.name() + " is stopped for a while");
    boolean isShort = victims.random().nextBoolean();
    long nanos = victims.nanos(20, isShort ? 1_000 : 15_000);
    node.pauseUntil(victims.simulation().nowNanos() + nanos);
    return true;
  }
}
