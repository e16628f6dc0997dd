package org.twincore.sim.scene;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.Checks;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.load.VolumeWorkload;
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

/// Two nodes with their admins, the applications and all checkers, for one scene.
final class Stage {
  private static final long PROGRESS_NANOS = 600 * Simulation.SECOND;
  private static final long KIB = 1 << 10;
  private static final int SPOTS = 6;

  final Setting setting;
  final Prng random;
  final Simulation simulation;
  final SimNetwork network;
  final List<SimNode> nodes;
  final List<NodeAdmin> admins = new ArrayList<>();
  final ClusterView view;
  final Checks checks;
  private final List<VolumeWorkload> workloads = new ArrayList<>();

  Stage(Setting setting, Prng random, Trace trace) {
    this.setting = setting;
    this.random = random;
    simulation = new Simulation(trace);
    network = new SimNetwork(simulation, random.split());
    nodes = List.of(node(0), node(1));
    view = new ClusterView(simulation, nodes, setting.volumes(), setting.promise());
    checks = new Checks(view);
    for (int volume = 0; volume < setting.volumes(); volume++) {
      workloads.add(
          new VolumeWorkload(
              view, checks, volume, random.split(), SPOTS, random.nextInt(1, SPOTS)));
    }
    nodes.forEach(this::wire);
  }

  private SimNode node(int id) {
    SimNode node = new SimNode(simulation, network, id, random.split());
    if (id == 1) {
      node.speaksUpTo(setting.version());
    }
    long bytes = KIB * random.nextLong(900, 3_000) / 4 * 4;
    for (int volume = 0; volume < setting.volumes(); volume++) {
      node.addDrive(volume, new SimDrive(bytes, 0));
    }
    return node;
  }

  private void wire(SimNode node) {
    node.applications(answer -> workloads.get(answer.volume()).answered(node, answer));
    node.watch(
        new NodeWatcher() {
          @Override
          public void down(SimNode ended, SimNode.Ending ending) {
            workloads.forEach(workload -> workload.ended(ended));
          }
        });
  }

  /// Tells of what happens and of commands that were answered. To be called before anything runs.
  void watch(NodeWatcher watcher, BiConsumer<AdminCommand, AdminResult> answered) {
    for (SimNode node : nodes) {
      node.watch(watcher);
      admins.add(new NodeAdmin(node, setting.config(node.id()), answered));
    }
  }

  // ---- looking

  StateWord state(int node) {
    return view.state(node, 0);
  }

  boolean isHealthy() {
    boolean isHealthy = nodes.stream().allMatch(SimNode::isRunning);
    for (int volume = 0; volume < view.volumes(); volume++) {
      isHealthy &= view.board().isHealthy(volume);
    }
    return isHealthy;
  }

  boolean areAdminsIdle() {
    return admins.stream().allMatch(NodeAdmin::isIdle);
  }

  boolean standsAlone(int node) {
    return nodes.get(node).isRunning() && state(node).conn() == ConnectionState.STAND_ALONE;
  }

  void each(IntConsumer what) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      what.accept(volume);
    }
  }

  // ---- time

  void pass(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  /// A drawn time up to that.
  long nanos(long most) {
    return random.nextLong(most + 1);
  }

  void await(String what, BooleanSupplier reached) {
    if (!simulation.runUntil(simulation.nowNanos() + PROGRESS_NANOS, reached)) {
      throw new Simulation.Stuck("no " + what + ": " + state(0) + ", " + state(1));
    }
  }

  void awaitHealth() {
    await("health", () -> isHealthy() && areAdminsIdle());
  }

  /// The first time that the node enters such a state of the volume: does it, a drawn time of up to
  /// `mostNanos` later.
  void when(int node, int volume, Predicate<StateWord> isNow, long mostNanos, Runnable deed) {
    long later = nanos(mostNanos);
    boolean[] isOver = {false};
    nodes
        .get(node)
        .watch(
            new NodeWatcher() {
              @Override
              public void effect(SimNode where, Effect effect) {
                if (!isOver[0]
                    && effect instanceof Effect.StateChanged changed
                    && changed.volume() == volume
                    && isNow.test(changed.after())
                    && !isNow.test(changed.before())) {
                  isOver[0] = true;
                  simulation.after(later, deed);
                }
              }
            });
  }

  // ---- commands

  /// Gives a command and does not wait; what the node answers is as good.
  void begin(int node, AdminCommand command) {
    nodes.get(node).admin(command, _ -> {});
  }

  /// Gives a command and waits for the answer.
  AdminResult ask(int node, AdminCommand command) {
    List<AdminResult> answers = new ArrayList<>();
    admins.get(node).command(command, answers::add);
    await("answer to " + command, () -> !answers.isEmpty());
    return answers.getFirst();
  }

  /// The same for a command that has to succeed.
  void order(int node, AdminCommand command) {
    AdminResult result = ask(node, command);
    if (!result.isSuccess()) {
      throw new Simulation.Stuck(command + " at node " + node + ": " + result);
    }
  }

  void connect(int node, boolean discard) {
    OptionValues net = setting.config(node).net();
    order(node, new AdminCommand.Connect(net, discard, false));
  }

  void attach(int node) {
    each(volume -> admins.get(node).attach(volume));
    await("an end of the attach", () -> admins.get(node).isIdle());
  }

  /// Both nodes alone.
  void part() {
    order(0, new AdminCommand.Disconnect(true));
    order(1, new AdminCommand.Disconnect(true));
    await("two nodes alone", () -> standsAlone(0) && standsAlone(1));
  }

  void role(int node, boolean primary) {
    each(volume -> {
      if (view.board().isPrimary(node, volume) != primary) {
        await("word of the other's demotion", () -> !primary || mayBePrimary(node));
        order(
            node,
            primary ? new AdminCommand.Primary(volume, false) : new AdminCommand.Secondary(volume));
      }
    });
  }

  private boolean mayBePrimary(int node) {
    return setting.net().flag(Option.ALLOW_TWO_PRIMARIES)
        || IntStream.range(0, view.volumes())
            .noneMatch(volume -> view.state(node, volume).peer() == Role.PRIMARY);
  }

  // ---- applications

  /// From the first start to two equal disks, with something written by node 0, which stays
  /// Primary, with nothing open.
  void firstSync() {
    for (SimNode node : nodes) {
      each(volume -> new DriveMetadata(node.drive(volume)).create(random.nextLong()));
    }
    admins.forEach(NodeAdmin::up);
    await("a connection", () -> view.board().isConnected(0, 0) && view.board().isConnected(1, 0));
    each(volume -> order(0, new AdminCommand.Primary(volume, true)));
    awaitHealth();
    write(0, random.nextInt(5, 40));
  }

  /// The applications open the volumes at the node, which is Primary, and begin to write so many in
  /// each.
  void open(int node, int writes) {
    for (VolumeWorkload workload : workloads) {
      await("the volume to open", () -> workload.open(nodes.get(node)));
      workload.allowWrites(workload.taken() + writes);
    }
  }

  /// They stop, all their requests answered.
  void close() {
    workloads.forEach(VolumeWorkload::pause);
    await("answers", () -> workloads.stream().allMatch(VolumeWorkload::isIdle));
    workloads.forEach(VolumeWorkload::close);
  }

  /// Makes the node Primary, writes so many, and closes; the node stays Primary.
  void write(int node, int writes) {
    role(node, true);
    open(node, writes);
    await("the writes", () -> workloads.stream().allMatch(VolumeWorkload::hasWrittenAll));
    close();
  }

  /// From now on what this node has is the truth.
  void goOnWith(int node) {
    each(volume -> view.goOnWith(node, volume));
  }

  // ---- where nobody knows what comes

  /// Connects without waiting for it.
  void connects(int node) {
    admins.get(node).connect(false);
  }

  /// Opens the volumes at the node if it lets us, and begins to write so many.
  void tryOpen(int node, int writes) {
    for (VolumeWorkload workload : workloads) {
      if (workload.open(nodes.get(node))) {
        workload.allowWrites(workload.taken() + writes);
      }
    }
  }

  /// Promotes the node if nobody else is Primary and what it would serve has every answered write.
  void promoteIfWhole(int node) {
    boolean isDiskless = state(node).disk() == DiskState.DISKLESS;
    boolean mayServe =
        isDiskless
            ? view.board().isConnected(node, 0) && view.lineage().isComplete(1 - node, 0)
            : view.lineage().isComplete(node, 0) && !view.lineage().wasAlone(1 - node, 0);
    if (mayServe && !view.board().isPrimary(1 - node, 0)) {
      begin(node, new AdminCommand.Primary(0, false));
    }
  }

  /// Applications at that node give up: nothing new, and the volumes are closed when all is
  /// answered.
  void stopAt(SimNode node) {
    for (VolumeWorkload workload : workloads) {
      if (workload.where() == node) {
        workload.pause();
        if (workload.isIdle()) {
          workload.close();
        }
      }
    }
  }

  // ---- trouble

  void end(int node, SimNode.Ending ending) {
    SimStore.Keep[] keeps = SimStore.Keep.values();
    nodes.get(node).end(ending, keeps[random.nextInt(keeps.length)]);
  }

  void linkIs(boolean open) {
    network.open(0, open);
    network.open(1, open);
  }
}
