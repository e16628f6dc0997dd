package org.twincore.sim.fault;

import java.util.List;
import org.twincore.sim.world.SimPath;
import org.twincore.sim.world.Simulation;

/// Stalls, cuts, one-way loss, broken connections, slow and narrow lines.
public final class NetworkFaults {
  /// All of them.
  public static final List<Fault> ALL =
      List.of(
          Fault.of("stall", v -> cutBoth(v, 5, 400)),
          Fault.of("cut", v -> cutBoth(v, 1_000, 40_000)),
          Fault.of("one-way", NetworkFaults::cutOneWay),
          Fault.of("broken connection", NetworkFaults::breakConnection),
          Fault.of("slow line", NetworkFaults::slowLine),
          Fault.of("narrow line", NetworkFaults::narrowLine));

  private NetworkFaults() {}

  private static boolean cutBoth(Victims victims, long millisMin, long millisMax) {
    if (!victims.network().path(0).isOpen() || !victims.network().path(1).isOpen()) {
      return false;
    }
    victims.tell("network cut");
    victims.network().open(0, false);
    victims.network().open(1, false);
    victims.later(
        millisMin,
        millisMax,
        () -> {
          victims.tell("network heals");
          victims.network().open(0, true);
          victims.network().open(1, true);
        });
    return true;
  }

  private static boolean cutOneWay(Victims victims) {
    int node = victims.random().nextInt(2);
    if (!victims.network().path(node).isOpen()) {
      return false;
    }
    victims.tell("nothing gets through from " + victims.view().node(node).name());
    victims.network().open(node, false);
    victims.later(
        50,
        30_000,
        () -> {
          victims.tell("it gets through from " + victims.view().node(node).name());
          victims.network().open(node, true);
        });
    return true;
  }

  private static boolean breakConnection(Victims victims) {
    victims.tell("a connection breaks");
    return victims.network().breakConnection();
  }

  private static boolean slowLine(Victims victims) {
    long most = victims.nanos(2, 150);
    victims.tell("latency up to " + most / Simulation.MILLISECOND + " ms");
    for (int node = 0; node < 2; node++) {
      victims.network().path(node).latency(most / 4, most);
    }
    victims.later(500, 20_000, () -> usual(victims));
    return true;
  }

  private static boolean narrowLine(Victims victims) {
    victims.tell("narrow line");
    for (int node = 0; node < 2; node++) {
      SimPath path = victims.network().path(node);
      path.bandwidth(victims.random().nextLong(1 << 20, 1 << 24));
      path.window(victims.random().nextInt(4 << 10, 64 << 10));
    }
    victims.later(500, 20_000, () -> usual(victims));
    return true;
  }

  private static void usual(Victims victims) {
    for (int node = 0; node < 2; node++) {
      SimPath path = victims.network().path(node);
      path.latency(20 * Simulation.MICROSECOND, 300 * Simulation.MICROSECOND);
      path.bandwidth(1L << 30);
      path.window(256 << 10);
    }
  }

  /// Everything as it was.
  public static void heal(Victims victims) {
    usual(victims);
    victims.network().open(0, true);
    victims.network().open(1, true);
  }
}
