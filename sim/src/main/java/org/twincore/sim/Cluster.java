package org.twincore.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.sim.check.Checks;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.fault.Victims;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// All that a run consists of, put together by hand: two nodes with their drives and admins, the
/// applications, the operator, the checkers. The phases of a run work on it.
final class Cluster {
  final Scenario scenario;
  final Prng random;
  final Simulation simulation;
  final SimNetwork network;
  final List<SimNode> nodes;
  final List<NodeAdmin> admins;
  final ClusterView view;
  final Checks checks;
  final List<VolumeWorkload> workloads = new ArrayList<>();
  final ForeignDrive foreignDrive;
  final Operator operator;
  final Victims victims;
  final Coverage coverage = new Coverage();

  Cluster(Scenario scenario, Prng random, Trace trace) {
    this.scenario = scenario;
    this.random = random;
    simulation = new Simulation(trace);
    network = new SimNetwork(simulation, random.split());
    nodes = List.of(node(0), node(1));
    admins =
        nodes.stream()
            .map(node -> new NodeAdmin(node, scenario.config(), coverage::answered))
            .toList();
    view = new ClusterView(simulation, nodes, scenario.volumes().size(), scenario.promise());
    checks = new Checks(view);
    for (int volume = 0; volume < view.volumes(); volume++) {
      Scenario.VolumePlan plan = scenario.volumes().get(volume);
      workloads.add(
          new VolumeWorkload(
              view, checks, volume, random.split(), plan.spots(), plan.openRequests()));
    }
    foreignDrive = new ForeignDrive(view, admins, random.aside());
    operator =
        new Operator(view, admins, workloads, random.split(), scenario.splits(), foreignDrive);
    victims = new Victims(view, network, random.split(), this::restart);
    nodes.forEach(this::wire);
  }

  private SimNode node(int id) {
    SimNode node = new SimNode(simulation, network, id, random.split());
    node.speaksUpTo(scenario.versions().of(id));
    for (int volume = 0; volume < scenario.volumes().size(); volume++) {
      Scenario.VolumePlan plan = scenario.volumes().get(volume);
      node.addDrive(volume, new SimDrive(plan.backingBytes(id), plan.metadataBytes()));
    }
    return node;
  }

  private void wire(SimNode node) {
    node.applications(answer -> answered(node, answer));
    node.watch(coverage);
    node.watch(
        new NodeWatcher() {
          @Override
          public void down(SimNode ended, SimNode.Ending ending) {
            workloads.forEach(workload -> workload.ended(ended));
          }
        });
  }

  private void answered(SimNode node, Effect.OfApplication answer) {
    workloads.get(answer.volume()).answered(node, answer);
  }

  /// Brings an ended node back, with all that an admin does then.
  void restart(SimNode node) {
    if (!node.isRunning()) {
      admins.get(node.id()).up();
    }
  }

  /// Do both nodes run, with both replicas of every volume UpToDate and connected?
  boolean isHealthy() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (!view.board().isHealthy(volume)) {
        return false;
      }
    }
    return nodes.stream().allMatch(SimNode::isRunning);
  }

  // ---- time

  void pass(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  /// Goes on until it is reached, but no longer than that. Whether it was.
  boolean isReached(long nanos, BooleanSupplier reached) {
    return simulation.runUntil(simulation.nowNanos() + nanos, reached);
  }

  /// Goes on until it is reached; a run in which it is not reached in time has failed.
  void await(String what, long nanos, BooleanSupplier reached) {
    if (!isReached(nanos, reached)) {
      throw new Stopped("no " + what + " after " + nanos / Simulation.SECOND + " s: " + state());
    }
  }

  /// Something did not come in the time that it must come in.
  static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stopped(String message) {
      super(message);
    }
  }

  private String state() {
    StringBuilder text = new StringBuilder();
    for (int volume = 0; volume < view.volumes(); volume++) {
      for (SimNode node : nodes) {
        text.append("%n  %s/%d %s".formatted(node.name(), volume, view.state(node.id(), volume)));
        text.append(node.isRunning() ? "" : " (not running)");
        text.append(view.lineage().isComplete(node.id(), volume) ? " complete" : "");
        text.append(view.lineage().wasAlone(node.id(), volume) ? " was alone" : "");
        text.append(node.unansweredCommands() == 0 ? "" : " unanswered commands");
      }
      text.append("%n  requests: %s".formatted(workloads.get(volume).unanswered()));
    }
    return text.toString();
  }
}
