package org.twincore.sim.recorded;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.BitmapCoversDifference;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.check.OnePrimary;
import org.twincore.sim.check.Promise;
import org.twincore.sim.check.UpToDateReplicasEqual;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// The two nodes of the second cluster with their admins, clients and programs, in a world of their
/// own.
final class Duo {
  private static final long PROGRESS_NANOS = 3_600 * Simulation.SECOND;

  final Terms terms;
  final Prng random;
  final Simulation simulation;
  final SimNetwork network;
  final List<SimNode> nodes;
  final List<NodeAdmin> admins = new ArrayList<>();
  final List<Clients> clients = new ArrayList<>();
  final List<DrawnPrograms> programs = new ArrayList<>();
  final ClusterView view;
  final OnePrimary roles;
  private final UpToDateReplicasEqual replicas;
  private final BitmapCoversDifference bitmaps;
  private Clients.Answered answersAWrite = (_, _) -> {};

  Duo(Terms terms, Prng random, Trace trace) {
    this.terms = terms;
    this.random = random;
    simulation = new Simulation(trace);
    network = new SimNetwork(simulation, random.split());
    nodes = List.of(node(0), node(1));
    Promise promise = new Promise(ReplicationProtocol.C, true, true);
    view = new ClusterView(simulation, nodes, 1, promise);
    roles = new OnePrimary(view);
    replicas = new UpToDateReplicasEqual(view);
    bitmaps = new BitmapCoversDifference(view);
    for (SimNode node : nodes) {
      Clients its =
          new Clients(
              node, random.split(), (answering, sector) -> answersAWrite.write(answering, sector));
      clients.add(its);
      node.applications(its::answered);
      programs.add(new DrawnPrograms(view, node, random.split(), terms.manner()));
      node.programs(programs.getLast());
      node.watch(roles);
      node.watch(bitmaps);
      node.watch(
          new NodeWatcher() {
            @Override
            public void down(SimNode ended, SimNode.Ending ending) {
              its.ended();
            }
          });
    }
  }

  private SimNode node(int id) {
    SimNode node = new SimNode(simulation, network, id, random.split());
    node.speaksUpTo(terms.version(id));
    node.addDrive(0, new SimDrive(terms.backingBytes(), 0));
    return node;
  }

  /// Tells of what happens and of commands that were answered.
  void watch(NodeWatcher watcher, BiConsumer<AdminCommand, AdminResult> answered) {
    for (SimNode node : nodes) {
      node.watch(watcher);
      admins.add(new NodeAdmin(node, terms.config(node.id()), answered));
    }
  }

  /// Who is told of each answer to a write.
  void onWrite(Clients.Answered told) {
    answersAWrite = told;
  }

  // ---- looking

  StateWord state(int node) {
    return view.state(node, 0);
  }

  boolean isPrimary(int node) {
    return view.board().isPrimary(node, 0);
  }

  boolean isConnected(int node) {
    return view.board().isConnected(node, 0);
  }

  boolean standsAlone(int node) {
    return nodes.get(node).isRunning() && state(node).conn() == ConnectionState.STAND_ALONE;
  }

  boolean isHealthy() {
    return view.board().isHealthy(0) && nodes.stream().allMatch(SimNode::isRunning);
  }

  boolean isDiskless(int node) {
    return nodes.get(node).isRunning()
        && state(node).disk() == DiskState.DISKLESS
        && !nodes.get(node).hasDriveOpen(0);
  }

  /// Has a disk been attached beside a peer, without a verdict on it?
  boolean isNegotiating() {
    return nodes.stream().anyMatch(node -> state(node.id()).disk() == DiskState.NEGOTIATING);
  }

  boolean areAdminsIdle() {
    return admins.stream().allMatch(NodeAdmin::isIdle);
  }

  /// What the drive of a node has in the hot blocks.
  Map<Long, Long> contents(int node) {
    Map<Long, Long> contents = new TreeMap<>();
    for (long block = 0; block < Clients.HOT_BLOCKS; block++) {
      byte[] bytes = nodes.get(node).drive(0).data().block(block);
      contents.put(block, ByteBuffer.wrap(bytes).getLong());
    }
    return contents;
  }

  void checkAtRest() {
    replicas.check(0);
    bitmaps.checkAll();
  }

  // ---- acting

  void pass(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  void await(String what, BooleanSupplier reached) {
    if (!simulation.runUntil(simulation.nowNanos() + PROGRESS_NANOS, reached)) {
      throw new Simulation.Stuck(
          "no %s after %d s: %s"
              .formatted(
                  what,
                  PROGRESS_NANOS / Simulation.SECOND,
                  IntStream.range(0, 2)
                      .mapToObj(id -> nodes.get(id).name() + " " + state(id))
                      .toList()));
    }
  }

  /// The process of the node ends, its metadata is made anew; it has to be started.
  void createMetadataAnew(int node) {
    simulation.trace().line("the admin creates the metadata of node " + node + " anew");
    nodes.get(node).end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING);
    new DriveMetadata(nodes.get(node).drive(0)).create(random.nextLong());
  }

  void command(int node, AdminCommand command) {
    admins.get(node).command(command);
  }

  /// Makes a node Primary or Secondary and waits for it; both are connected and idle.
  void role(int node, boolean primary) {
    if (isPrimary(node) == primary) {
      return;
    }
    if (!primary) {
      clients.get(node).close();
    }
    command(node, primary ? new AdminCommand.Primary(0, false) : new AdminCommand.Secondary(0));
    await(
        (primary ? "Primary" : "Secondary") + " at " + nodes.get(node).name(),
        () -> isPrimary(node) == primary && areAdminsIdle());
    int other = 1 - node;
    await(
        "word of it at " + nodes.get(other).name(),
        () -> (state(other).peer() == Role.PRIMARY) == primary);
  }
}
