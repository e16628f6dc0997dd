package org.twincore.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.PolicyKeepsItsSide;
import org.twincore.sim.check.PolicyKeepsItsSide.Kept;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// After the run, in some seeds: the brain is split on purpose, each side writes, and the nodes
/// meet again with drawn policies. What no policy settles the admin does.
///
/// It begins when all else is over, so that it changes the course of nothing before it.
final class SplitEncore {
  private static final long PROGRESS_NANOS = 3_600 * Simulation.SECOND;
  private static final int WRITES_MAX = 12;
  private static final String[] WITHOUT = {
    "disconnect",
    "discard-younger-primary",
    "discard-older-primary",
    "discard-zero-changes",
    "discard-least-changes",
    "discard-least-changes",
    "discard-local",
    "discard-remote"
  };
  private static final String[] WITH_ONE = {
    "disconnect",
    "consensus",
    "violently-as0p",
    "violently-as0p",
    "discard-secondary",
    "call-pri-lost-after-sb"
  };
  private static final String[] CONFLICT = {
    "disconnect", "violently", "violently", "call-pri-lost"
  };

  private final Cluster cluster;
  private final Prng random;
  private final PolicyKeepsItsSide checker;

  SplitEncore(Cluster cluster, Prng random) {
    this.cluster = cluster;
    this.random = random;
    this.checker = cluster.checks.policies();
  }

  void run() {
    if (random.nextInt(3) != 0) {
      return;
    }
    cluster.operator.retire();
    cluster.workloads.forEach(VolumeWorkload::pause);
    await("idle workloads", () -> cluster.workloads.stream().allMatch(VolumeWorkload::isIdle));
    cluster.workloads.forEach(VolumeWorkload::close);
    each(volume -> role(0, volume, false));
    each(volume -> role(1, volume, false));
    for (int round = random.nextInt(1, 4); round > 0; round--) {
      split();
    }
  }

  private void split() {
    PolicyKeepsItsSide.Terms drawn =
        new PolicyKeepsItsSide.Terms(
            oneOf(WITHOUT),
            oneOf(WITH_ONE),
            oneOf(CONFLICT),
            random.nextInt(-1, 2),
            random.nextInt(-1, 2));
    cluster.simulation.trace().line("the brain is to split: " + drawn);
    int first = drawn.primaryWhenParted() < 0 ? random.nextInt(2) : drawn.primaryWhenParted();
    if (drawn.primaryWhenParted() >= 0) {
      each(volume -> role(first, volume, true));
    }
    checker.parted();
    part();
    writesAlone(first);
    each(volume -> adopt(1 - first, volume));
    writesAlone(1 - first);
    meet(withoutLots(drawn));
    checker.healed();
  }

  /// A draw beside a Primary is left out: it would make its data the truth or not by lot.
  private PolicyKeepsItsSide.Terms withoutLots(PolicyKeepsItsSide.Terms drawn) {
    PolicyKeepsItsSide.Terms calm =
        new PolicyKeepsItsSide.Terms(
            drawn.without(), drawn.withOne(), drawn.conflict(), drawn.primaryWhenParted(), -1);
    boolean isLot = false;
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      isLot |= checker.kept(volume, calm) == Kept.EITHER;
    }
    return isLot ? calm : drawn;
  }

  private void writesAlone(int node) {
    each(volume -> role(node, volume, true));
    for (VolumeWorkload workload : cluster.workloads) {
      await("the volume to open", () -> workload.open(cluster.nodes.get(node)));
      workload.allowWrites(workload.taken() + random.nextInt(WRITES_MAX));
    }
    await(
        "the writes of one side",
        () -> cluster.workloads.stream().allMatch(VolumeWorkload::hasWrittenAll));
    cluster.workloads.forEach(VolumeWorkload::pause);
    cluster.workloads.forEach(VolumeWorkload::close);
    each(volume -> checker.wroteItsLast(node, volume));
    each(volume -> role(node, volume, false));
  }

  /// From now on this node's side is what the applications see.
  private void adopt(int node, int volume) {
    cluster.view.goOnWith(node, volume);
  }

  // ---- meeting

  private void meet(PolicyKeepsItsSide.Terms terms) {
    if (terms.primaryNow() >= 0) {
      each(volume -> role(terms.primaryNow(), volume, true));
    }
    List<Kept> kept = new ArrayList<>();
    each(volume -> kept.add(checker.kept(volume, terms)));
    boolean parts = kept.contains(Kept.BOTH);
    if (!parts) {
      each(volume -> adopt(kept.get(volume) == Kept.SECOND ? 1 : 0, volume));
    }
    connect(0, net(terms, 0), false);
    connect(1, net(terms, 1), false);
    await("a verdict", () -> cluster.isHealthy() || standsAlone(0) || standsAlone(1));
    if (cluster.isHealthy()) {
      each(volume -> together(volume, kept.get(volume)));
    } else {
      cluster.pass(3 * Simulation.SECOND);
      part();
      each(volume -> checker.stayedApart(volume, parts ? Kept.BOTH : kept.get(volume)));
      byHand();
    }
    each(volume -> role(0, volume, false));
    each(volume -> role(1, volume, false));
  }

  private void together(int volume, Kept kept) {
    int winner = checker.together(volume, kept);
    adopt(winner, volume);
    cluster.view.lineage().declare(1 - winner, volume, true);
  }

  private void byHand() {
    int victim = random.nextInt(2);
    cluster.simulation.trace().line("the admin gives up what node " + victim + " wrote");
    each(volume -> role(victim, volume, false));
    each(volume -> adopt(1 - victim, volume));
    connect(victim, cluster.scenario.net(), true);
    connect(1 - victim, cluster.scenario.net(), false);
    await("what was settled by hand", cluster::isHealthy);
    each(volume -> together(volume, Kept.of(1 - victim)));
  }

  private OptionValues net(PolicyKeepsItsSide.Terms terms, int node) {
    OptionValues both =
        cluster
            .scenario
            .net()
            .with(Option.AFTER_SB_0PRI, terms.without())
            .with(Option.AFTER_SB_1PRI, terms.withOne())
            .with(Option.RR_CONFLICT, terms.conflict());
    return NodeAdmin.Config.netOf(node, both);
  }

  // ---- commands

  private void connect(int node, OptionValues net, boolean discard) {
    order(node, new AdminCommand.Connect(net, discard, false));
  }

  private void part() {
    order(0, new AdminCommand.Disconnect(true));
    order(1, new AdminCommand.Disconnect(true));
    await("two nodes alone", () -> standsAlone(0) && standsAlone(1));
  }

  private boolean standsAlone(int node) {
    return cluster.view.state(node, 0).conn() == ConnectionState.STAND_ALONE;
  }

  private void role(int node, int volume, boolean primary) {
    if (cluster.view.board().isPrimary(node, volume) != primary) {
      await("word of the other's demotion", () -> !primary || !seesPrimary(node));
      order(
          node,
          primary ? new AdminCommand.Primary(volume, false) : new AdminCommand.Secondary(volume));
    }
  }

  /// Does the node take the peer to be Primary for any volume?
  private boolean seesPrimary(int node) {
    return IntStream.range(0, cluster.view.volumes())
        .anyMatch(volume -> cluster.view.state(node, volume).peer() == Role.PRIMARY);
  }

  private void order(int node, AdminCommand command) {
    List<AdminResult> answers = new ArrayList<>();
    Consumer<AdminResult> answered = answers::add;
    cluster.admins.get(node).command(command, answered);
    await(command + " at node " + node, () -> !answers.isEmpty());
    if (!answers.getFirst().isSuccess()) {
      throw new Cluster.Stopped(command + " at node " + node + ": " + answers.getFirst());
    }
  }

  private void each(IntConsumer what) {
    for (int volume = 0; volume < cluster.view.volumes(); volume++) {
      what.accept(volume);
    }
  }

  private void await(String what, BooleanSupplier reached) {
    cluster.await(what, PROGRESS_NANOS, reached);
  }

  private String oneOf(String... words) {
    return words[random.nextInt(words.length)];
  }
}
