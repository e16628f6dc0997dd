package org.twincore.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// Deeds that wait for a moment: in some seeds, commands and faults that come just when a node has
/// entered a state that it leaves in no time, as a handshake or a failing connection.
final class Aims implements NodeWatcher {
  private static final int SEEDS_PER_AIMED = 3;

  /// Any of so many moments will do: some come in few runs only.
  private static final int MOMENTS = 3;

  private static final long DELAY_NANOS_MAX = 2 * Simulation.MILLISECOND;

  /// A moment: what a node has just become.
  private record Moment(String name, Predicate<Effect.StateChanged> isNow) {}

  private static final List<Moment> ALL =
      Stream.concat(
              EnumSet.complementOf(EnumSet.of(ConnectionState.STAND_ALONE)).stream()
                  .map(Aims::enters),
              Arrays.stream(DiskState.values()).map(Aims::enters))
          .toList();

  private final Simulation simulation;
  private final Coverage coverage;
  private final Prng random;
  private final boolean isAimed;
  private final List<Moment> moments = new ArrayList<>();
  private Runnable deed = () -> {};

  Aims(Cluster cluster, Prng random) {
    this.simulation = cluster.simulation;
    this.coverage = cluster.coverage;
    this.random = random;
    this.isAimed = random.nextInt(SEEDS_PER_AIMED) == 0;
    cluster.nodes.forEach(node -> node.watch(this));
  }

  private static Moment enters(ConnectionState conn) {
    return new Moment(
        conn.toString(), it -> it.after().conn() == conn && it.before().conn() != conn);
  }

  private static Moment enters(DiskState disk) {
    return new Moment(
        disk.toString(), it -> it.after().disk() == disk && it.before().disk() != disk);
  }

  /// Lets the deed wait for one of some moments, in place of one that still waits.
  void aim(Runnable what) {
    if (!isAimed) {
      return;
    }
    moments.clear();
    for (int i = 0; i < MOMENTS; i++) {
      moments.add(ALL.get(random.nextInt(ALL.size())));
    }
    deed = what;
  }

  /// Nothing waits any more.
  void cease() {
    moments.clear();
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (!(effect instanceof Effect.StateChanged changed)) {
      return;
    }
    for (Moment moment : moments) {
      if (moment.isNow.test(changed)) {
        coverage.count("moment", moment.name);
        strike(moment);
        return;
      }
    }
  }

  /// At once, but for the step that runs, or when a packet may have arrived.
  private void strike(Moment moment) {
    moments.clear();
    Runnable what = deed;
    simulation.after(
        random.nextBoolean() ? 0 : random.nextLong(DELAY_NANOS_MAX),
        () -> {
          simulation.trace().line("just when a node is " + moment.name);
          what.run();
        });
  }
}
