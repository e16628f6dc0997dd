package org.twincore.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.sim.check.Checks;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.check.Content;
import org.twincore.sim.check.Violation;
import org.twincore.sim.check.VolumeHistory;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.fault.Fault;
import org.twincore.sim.fault.NetworkFaults;
import org.twincore.sim.fault.NodeFaults;
import org.twincore.sim.fault.Victims;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// One cluster from its first start to its end.
///
/// ```
/// set up -> first sync -> workload under faults and commands -> heal -> progress -> at rest
/// -> roles swapped, everything read at both nodes
/// ```
public final class Run {
  private static final long SETUP_NANOS = 900 * Simulation.SECOND;
  private static final long PROGRESS_NANOS = 3_600 * Simulation.SECOND;
  private static final long REST_NANOS = 30 * Simulation.SECOND;
  private static final long GARBAGE_WRITE = 1L << 40;

  private final long seed;
  private final Scenario scenario;
  private final Prng random;
  private final Simulation simulation;
  private final SimNetwork network;
  private final List<SimNode> nodes;
  private final List<NodeAdmin> admins;
  private final ClusterView view;
  private final Checks checks;
  private final List<VolumeWorkload> workloads = new ArrayList<>();
  private final Operator operator;
  private final Victims victims;
  private final Coverage coverage = new Coverage();
  private int faults;

  /// What is changed in a run on purpose: planted faults, a scenario of one's own.
  public interface Plant {
    /// Called once, before anything runs.
    void into(List<SimNode> nodes);

    Plant NOTHING = _ -> {};
  }

  /// A run that a seed decides, with lines going to `listener`.
  public Run(long seed, Consumer<String> listener, boolean withDetails, Plant plant) {
    this(seed, Scenario.draw(new Prng(seed)), listener, withDetails, plant);
  }

  /// A run with a scenario that was drawn or changed elsewhere.
  public Run(
      long seed, Scenario scenario, Consumer<String> listener, boolean withDetails, Plant plant) {
    this.seed = seed;
    this.scenario = scenario;
    random = new Prng(seed * 31 + 7);
    simulation = new Simulation(new Trace(listener, withDetails));
    network = new SimNetwork(simulation, random.split());
    nodes = List.of(node(0), node(1));
    admins = nodes.stream().map(node -> new NodeAdmin(node, scenario, coverage::answered)).toList();
    view = new ClusterView(simulation, nodes, scenario.volumes().size(), scenario.promise());
    checks = new Checks(view);
    for (int volume = 0; volume < scenario.volumes().size(); volume++) {
      workloads.add(
          new VolumeWorkload(view, checks, volume, random.split(), scenario.volumes().get(volume)));
    }
    operator = new Operator(view, admins, workloads, random.split(), scenario.splits());
    victims = new Victims(view, network, random.split(), node -> restart(node));
    nodes.forEach(this::wire);
    plant.into(nodes);
  }

  private SimNode node(int id) {
    SimNode node = new SimNode(simulation, network, id, random.split());
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

  private void restart(SimNode node) {
    if (!node.isRunning()) {
      admins.get(node.id()).up();
    }
  }

  /// What was reached; after [#toEnd].
  public Coverage coverage() {
    return coverage;
  }

  /// Runs it all.
  public Outcome toEnd() {
    try {
      setUp();
      trouble();
      heal();
      rest("after healing");
      readBack();
      return outcome(Outcome.Verdict.FINE, "", "");
    } catch (Violation violation) {
      return outcome(
          Outcome.Verdict.WRONG_DATA, violation.checker(), String.valueOf(violation.getMessage()));
    } catch (Stopped | Simulation.Stuck stopped) {
      return outcome(Outcome.Verdict.NO_PROGRESS, "Progress", String.valueOf(stopped.getMessage()));
    } catch (RuntimeException crash) {
      return outcome(Outcome.Verdict.CRASH, "Crash", crash + " " + where(crash));
    }
  }

  private static String where(RuntimeException crash) {
    StringBuilder text = new StringBuilder();
    StackTraceElement[] stack = crash.getStackTrace();
    for (int i = 0; i < Math.min(12, stack.length); i++) {
      text.append("\n    at ").append(stack[i]);
    }
    return text.toString();
  }

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stopped(String message) {
      super(message);
    }
  }

  private Outcome outcome(Outcome.Verdict verdict, String checker, String message) {
    long writes = 0;
    long acknowledged = 0;
    long failures = 0;
    for (int volume = 0; volume < view.volumes(); volume++) {
      writes += view.history(volume).writes();
      acknowledged += view.history(volume).acknowledgedWrites();
      failures += workloads.get(volume).failures();
    }
    Outcome.Figures figures =
        new Outcome.Figures(
            writes,
            acknowledged,
            failures,
            checks.reads().sectors(),
            faults,
            admins.stream().mapToInt(NodeAdmin::given).sum(),
            checks.replicas().looks() + checks.bitmaps().looks(),
            checks.writes().concededSectors(),
            simulation.actions(),
            simulation.nowNanos());
    Trace trace = simulation.trace();
    return new Outcome(seed, verdict, checker, message, trace.hash(), figures, trace.tail());
  }

  // ---- phases

  private void setUp() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      for (SimNode node : nodes) {
        new DriveMetadata(node.drive(volume)).create(random.nextLong());
        if (scenario.start() == Scenario.Start.FULL_SYNC) {
          fill(node, volume);
        }
      }
      view.lineage().declare(0, volume, true);
    }
    for (NodeAdmin admin : admins) {
      simulation.after(random.nextLong(3 * Simulation.SECOND), admin::up);
    }
    switch (scenario.start()) {
      case FULL_SYNC -> firstPrimary();
      case CLEAR_BITMAP -> skipFirstSync();
    }
    operator.begin();
    if (scenario.start() == Scenario.Start.CLEAR_BITMAP || random.nextBoolean()) {
      await("the first sync", SETUP_NANOS, this::isHealthy);
    }
  }

  /// What was on the drives before: the first node's is the truth, the second one's is garbage.
  private void fill(SimNode node, int volume) {
    SimDrive drive = node.drive(volume);
    VolumeHistory history = view.history(volume);
    long sectors =
        Math.min(
            view.drive(0, volume).layout().usableSectors(),
            view.drive(1, volume).layout().usableSectors());
    for (int i = 0; i < 40; i++) {
      Extent extent = new Extent(random.nextLong(sectors / 8) * 8, 4096);
      long write = GARBAGE_WRITE + i;
      if (node.id() == 0) {
        write = history.issued(extent, VolumeHistory.Kind.DATA);
        history.answered(write, VolumeHistory.Durability.FUA);
      }
      byte[] bytes = Content.of(write, extent.sector(), 8);
      drive.data().write(extent.offsetBytes(), bytes, 0, bytes.length, true);
    }
  }

  private void firstPrimary() {
    await("the first attach", SETUP_NANOS, () -> isAttached(0));
    for (int volume = 0; volume < view.volumes(); volume++) {
      int number = volume;
      admins.get(0).command(new AdminCommand.Primary(number, true));
    }
    await("the first Primary", SETUP_NANOS, () -> view.board().isPrimary(0, view.volumes() - 1));
  }

  private void skipFirstSync() {
    await("the first connection", SETUP_NANOS, this::isConnected);
    for (int volume = 0; volume < view.volumes(); volume++) {
      admins.get(0).command(new AdminCommand.NewCurrentUuid(volume, true));
    }
  }

  private boolean isAttached(int node) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (!nodes.get(node).hasDriveOpen(volume)) {
        return false;
      }
    }
    return admins.get(node).isIdle();
  }

  private boolean isConnected() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (!view.board().isConnected(0, volume) || !view.board().isConnected(1, volume)) {
        return false;
      }
    }
    return isAttached(0) && isAttached(1);
  }

  private boolean isHealthy() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (!view.board().isHealthy(volume)) {
        return false;
      }
    }
    return nodes.stream().allMatch(SimNode::isRunning);
  }

  private void trouble() {
    List<Fault> kinds = new ArrayList<>();
    kinds.addAll(NetworkFaults.ALL);
    kinds.addAll(DriveFaults.ALL);
    kinds.addAll(NodeFaults.ALL);
    CommandPlan commands = new CommandPlan(view, admins, operator, scenario, random.split());
    int before = admins.stream().mapToInt(NodeAdmin::given).sum();
    long perVolume = writesPerVolume();
    int steps = 0;
    int planned = scenario.faults() + scenario.commands();
    while (steps < 20 * planned && !isTroubleOver(before)) {
      steps++;
      pass(random.nextLong(3 * Simulation.SECOND));
      long done = Math.min(planned, faults + steps / 4);
      long share = perVolume * done / planned;
      workloads.forEach(workload -> workload.allowWrites(share));
      if (random.nextInt(planned) < scenario.commands()) {
        commands.giveOne();
      } else {
        inflict(kinds.get(random.nextInt(kinds.size())));
      }
      checks.sample();
    }
  }

  private long writesPerVolume() {
    return scenario.writes() / view.volumes() + 1L;
  }

  private boolean isTroubleOver(int commandsBefore) {
    int given = admins.stream().mapToInt(NodeAdmin::given).sum() - commandsBefore;
    return faults >= scenario.faults() && given >= scenario.commands();
  }

  private void inflict(Fault fault) {
    if (fault.inflict(victims)) {
      faults++;
      coverage.count("fault", fault.name());
    }
  }

  private void heal() {
    simulation.trace().line("everything heals");
    NetworkFaults.heal(victims);
    DriveFaults.heal(victims);
    nodes.forEach(this::restart);
    operator.hurry();
    workloads.forEach(workload -> workload.allowWrites(writesPerVolume()));
    await(
        "a healthy cluster with the workload done",
        PROGRESS_NANOS,
        () -> {
          nodes.forEach(this::restart);
          return isHealthy()
              && operator.isServing()
              && workloads.stream().allMatch(VolumeWorkload::hasWrittenAll);
        });
  }

  private void rest(String when) {
    pass(REST_NANOS);
    await("rest " + when, PROGRESS_NANOS, () -> isHealthy() && operator.isServing());
    checks.atRest();
  }

  /// Everything ever written is read at one node and then at the other.
  private void readBack() {
    for (int round = 0; round < 2; round++) {
      if (round == 1) {
        SimNode before = workloads.getFirst().where();
        operator.swap();
        await(
            "the swapped roles",
            PROGRESS_NANOS,
            () -> operator.isServing() && (workloads.getFirst().where() != before || again()));
      }
      for (int volume = 0; volume < view.volumes(); volume++) {
        readAll(volume);
      }
      await(
          "answers to the last reads",
          PROGRESS_NANOS,
          () -> workloads.stream().allMatch(VolumeWorkload::isIdle));
    }
    rest("at the end");
  }

  /// Asks for the swap once more if it came to nothing.
  private boolean again() {
    operator.swap();
    return false;
  }

  private void readAll(int volume) {
    long next = 0;
    for (long sector : view.history(volume).knownSectors()) {
      if (sector >= next) {
        long block = sector / 8 * 8;
        long end = Math.min(block + 8, workloads.get(volume).sizeSectors());
        workloads.get(volume).read(new Extent(block, (end - block) * Extent.SECTOR_BYTES));
        next = end;
      }
    }
  }

  // ---- time

  private void pass(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  private void await(String what, long nanos, BooleanSupplier reached) {
    if (!simulation.runUntil(simulation.nowNanos() + nanos, reached)) {
      throw new Stopped("no " + what + " after " + nanos / Simulation.SECOND + " s: " + state());
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
