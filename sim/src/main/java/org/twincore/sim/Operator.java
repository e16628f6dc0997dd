package org.twincore.sim;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.load.VolumeWorkload;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// Who keeps the cluster in service: promotes a node that may serve, opens the volumes there,
/// attaches drives that were detached, connects what was disconnected, and settles a split brain.
///
/// Looks about once a second. Never promotes a node without force unless its replica is complete
/// and the other node is no Primary; only a run with `splits` does that on purpose.
final class Operator {
  private static final long LOOK_NANOS = 500 * Simulation.MILLISECOND;

  private final ClusterView view;
  private final List<NodeAdmin> admins;
  private final List<VolumeWorkload> workloads;
  private final Prng random;
  private final boolean splits;
  private final SplitRepair repair;
  private final ForeignDrive foreignDrive;
  private @Nullable SimNode wanted;
  private boolean isOff = true;
  private boolean isSwapping;
  private boolean isSwapped;
  private boolean isHasty;
  private long notBeforeNanos;

  /// Told to take over with what it has, and not answered yet: nobody opens it before.
  private @Nullable SimNode takingOver;

  Operator(
      ClusterView view,
      List<NodeAdmin> admins,
      List<VolumeWorkload> workloads,
      Prng random,
      boolean splits,
      ForeignDrive foreignDrive) {
    this.view = view;
    this.admins = admins;
    this.workloads = workloads;
    this.random = random;
    this.splits = splits;
    this.repair = new SplitRepair(view, admins, workloads);
    this.foreignDrive = foreignDrive;
  }

  /// Begins to look after the cluster.
  void begin() {
    isOff = false;
    view.simulation().after(LOOK_NANOS, this::look);
  }

  /// From now on nothing waits for a human to notice, and no splits are made.
  void hurry() {
    isHasty = true;
    notBeforeNanos = 0;
  }

  /// Promotes nobody for so long: the nodes may meet before.
  void rest(long nanos) {
    if (!isHasty) {
      notBeforeNanos = view.simulation().nowNanos() + nanos;
    }
  }

  /// Looks after nothing any more.
  void retire() {
    isOff = true;
  }

  boolean isSwapping() {
    return isSwapping;
  }

  private void look() {
    if (isOff) {
      return;
    }
    view.simulation().after(LOOK_NANOS, this::look);
    foreignDrive.look(isHasty);
    for (NodeAdmin admin : admins) {
      if (admin.node().isRunning() && admin.isIdle()) {
        repairNode(admin);
      }
    }
    SimNode primary = primary();
    if (primary == null || !isCutOff(primary)) {
      repair.look();
    }
    if (!isSwapping) {
      serve();
    }
  }

  // ---- detached and disconnected nodes

  private void repairNode(NodeAdmin admin) {
    if (!isHasty && random.nextInt(8) != 0) {
      return;
    }
    SimNode node = admin.node();
    for (int volume = 0; volume < view.volumes(); volume++) {
      StateWord state = view.state(node.id(), volume);
      if (isHasty && state.userIsp()) {
        admin.command(new AdminCommand.ResumeSync(volume));
      }
      if (isHasty && state.susp()) {
        admin.command(new AdminCommand.ResumeIo(volume));
      }
      boolean works = node.drive(volume).health().failing() == SimDrive.Failing.NOTHING;
      if (DriveFaults.wasKept(state) && works) {
        admin.command(new AdminCommand.Detach(volume, false));
      }
      if (state.disk() == DiskState.DISKLESS
          && works
          && !node.hasDriveOpen(volume)
          && !isCutOff(node)
          && !view.board().bothPrimary(volume)
          && !isBeingReplaced(node)) {
        admin.attach(volume);
      }
    }
    if (isCutOff(node)) {
      return;
    }
    boolean standsAlone = view.state(node.id(), 0).conn() == ConnectionState.STAND_ALONE;
    if (standsAlone && !repair.isSplit() && (isHasty || admin.wantsConnection())) {
      admin.connect(false);
    }
  }

  private boolean isBeingReplaced(SimNode node) {
    SimNode other = takingOver;
    return other != null && other != node && other.isRunning() && !admin(other).isIdle();
  }

  // ---- who is Primary

  private void serve() {
    if (takingOver != null && takingOver.isRunning() && !admin(takingOver).isIdle()) {
      return;
    }
    takingOver = null;
    SimNode cutOff = view.nodes().stream().filter(this::isCutOff).findFirst().orElse(null);
    if (cutOff != null) {
      giveUp(cutOff);
      return;
    }
    SimNode primary = primary();
    if (primary != null && isHelpless(primary)) {
      replaceHelpless(primary);
      return;
    }
    if (primary != null) {
      wanted = primary;
      isSwapped = false;
      promoteRest(primary);
      openAt(primary);
      // It was perhaps given up, and had its disk or its peer back before that was done.
      workloads.stream().filter(VolumeWorkload::isPaused).forEach(VolumeWorkload::resume);
      return;
    }
    if (view.simulation().nowNanos() < notBeforeNanos) {
      return;
    }
    SimNode candidate = candidate();
    SimNode split = candidate == null ? splitCandidate() : null;
    if (candidate != null) {
      promoteRest(candidate);
    } else if (split != null) {
      takeOver(split);
    }
    if (candidate != null || split != null) {
      notBeforeNanos = view.simulation().nowNanos() + random.nextLong(5 * Simulation.SECOND);
    }
  }

  /// A Primary without a usable disk and without peer: of no use to anybody.
  private boolean isCutOff(SimNode node) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      StateWord state = view.state(node.id(), volume);
      if (state.role() == Role.PRIMARY
          && state.disk().isBelow(DiskState.OUTDATED)
          && state.conn() == ConnectionState.STAND_ALONE) {
        return true;
      }
    }
    return false;
  }

  /// Has it neither disk nor peer for any volume? It may have both again in a moment.
  private boolean isHelpless(SimNode node) {
    return IntStream.range(0, view.volumes())
        .anyMatch(volume -> view.board().isHelpless(node.id(), volume));
  }

  /// A cluster manager that does not reach such a Primary has the other node take its place: it can
  /// answer nothing meanwhile. When they meet they refuse each other.
  private void replaceHelpless(SimNode primary) {
    SimNode other = view.node(1 - primary.id());
    boolean isAlone =
        IntStream.range(0, view.volumes())
            .noneMatch(volume -> view.board().isConnected(other.id(), volume));
    boolean isOfNoUse =
        IntStream.range(0, view.volumes())
            .allMatch(volume -> view.board().isHelpless(primary.id(), volume));
    if (!isHasty && isAlone && isOfNoUse && mayServe(other) && random.nextInt(4) == 0) {
      takingOver = other;
      promoteRest(other);
    }
  }

  private void giveUp(SimNode node) {
    workloads.forEach(VolumeWorkload::pause);
    if (!workloads.stream().allMatch(VolumeWorkload::isIdle)) {
      failFrozen(node);
      return;
    }
    workloads.forEach(VolumeWorkload::close);
    for (int volume = 0; volume < view.volumes(); volume++) {
      admin(node).command(new AdminCommand.Secondary(volume));
    }
  }

  /// What waits for data that will not come is to fail.
  private void failFrozen(SimNode node) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      if (view.state(node.id(), volume).isSuspended()) {
        admin(node).command(new AdminCommand.ResumeIo(volume));
      }
    }
  }

  /// The Primary; of two the one that can serve.
  private @Nullable SimNode primary() {
    SimNode found = null;
    for (SimNode node : view.nodes()) {
      boolean isPrimary =
          IntStream.range(0, view.volumes())
              .anyMatch(volume -> view.board().isPrimary(node.id(), volume));
      if (isPrimary && (found == null || isHelpless(found))) {
        found = node;
      }
    }
    return found;
  }

  private @Nullable SimNode candidate() {
    SimNode last = wanted;
    if (last != null && mayServe(last) && (isSwapped || random.nextBoolean())) {
      return last;
    }
    isSwapped = false;
    int first = random.nextInt(2);
    for (int id : new int[] {first, 1 - first}) {
      if (mayServe(view.node(id))) {
        return view.node(id);
      }
    }
    return null;
  }

  private boolean mayServe(SimNode node) {
    if (!node.isRunning() || !admins.stream().allMatch(NodeAdmin::isIdle)) {
      return false;
    }
    for (int volume = 0; volume < view.volumes(); volume++) {
      StateWord state = view.state(node.id(), volume);
      boolean hasTheData =
          view.lineage().isComplete(node.id(), volume)
              && !view.lineage().wasAlone(1 - node.id(), volume)
              && state.disk().isAtLeast(DiskState.CONSISTENT);
      if (!hasTheData && !servesWithoutDisk(node, volume)) {
        return false;
      }
    }
    return true;
  }

  /// A node without a disk may serve what its peer has.
  private boolean servesWithoutDisk(SimNode node, int volume) {
    StateWord state = view.state(node.id(), volume);
    int other = 1 - node.id();
    return state.disk() == DiskState.DISKLESS
        && state.conn() == ConnectionState.CONNECTED
        && state.pdsk() == DiskState.UP_TO_DATE
        && view.lineage().isComplete(other, volume)
        && !view.lineage().wasAlone(node.id(), volume);
  }

  /// Now and then, in a run with `splits`: a node that runs alone, knows it, and lacks writes.
  /// Promoting it makes a split brain.
  private @Nullable SimNode splitCandidate() {
    if (!splits || isHasty || random.nextInt(4) != 0) {
      return null;
    }
    for (SimNode node : view.nodes()) {
      boolean isAlone = node.isRunning() && !view.node(1 - node.id()).isRunning();
      StateWord state = view.state(node.id(), 0);
      boolean isReady =
          state.disk().isAtLeast(DiskState.CONSISTENT)
              && state.conn().isBelow(ConnectionState.WF_REPORT_PARAMS)
              && !node.isPaused()
              && admin(node).isIdle();
      if (isAlone && isReady && view.volumes() == 1 && node.isDriveIdle(0)) {
        return node;
      }
    }
    return null;
  }

  /// What the other node had is given up once the promotion is answered; a node that ends before
  /// has promised nothing.
  private void takeOver(SimNode node) {
    takingOver = node;
    admin(node)
        .command(
            new AdminCommand.Primary(0, false),
            result -> {
              if (result.isSuccess()) {
                adopt(node);
              }
            });
  }

  /// Whatever this node has is the truth now; what the other one had is given up.
  private void adopt(SimNode node) {
    view.simulation().trace().line("the admin goes on with what " + node.name() + " has");
    for (int volume = 0; volume < view.volumes(); volume++) {
      view.goOnWith(node.id(), volume);
    }
  }

  private NodeAdmin admin(SimNode node) {
    return admins.get(node.id());
  }

  private void promoteRest(SimNode node) {
    if (!admin(node).isIdle()) {
      return;
    }
    for (int volume = 0; volume < view.volumes(); volume++) {
      boolean hasTheData =
          view.lineage().isComplete(node.id(), volume) || servesWithoutDisk(node, volume);
      if (!view.board().isPrimary(node.id(), volume) && hasTheData) {
        admin(node).command(new AdminCommand.Primary(volume, false));
      }
    }
  }

  private void openAt(SimNode node) {
    for (int volume = 0; volume < view.volumes(); volume++) {
      VolumeWorkload workload = workloads.get(volume);
      if (workload.where() == null && view.board().isPrimary(node.id(), volume)) {
        workload.open(node);
      }
    }
  }

  // ---- role swap

  /// Moves the Primary to the other node if all is well. Whether it was begun.
  boolean swap() {
    return swap(_ -> {});
  }

  /// The same; `demoted` hears the answers to the demotions.
  boolean swap(Consumer<AdminResult> demoted) {
    SimNode from = primary();
    if (isSwapping || from == null || !view.node(1 - from.id()).isRunning()) {
      return false;
    }
    isSwapping = true;
    workloads.forEach(VolumeWorkload::pause);
    awaitIdle(from, view.simulation().nowNanos() + 20 * Simulation.SECOND, demoted);
    return true;
  }

  private void awaitIdle(SimNode from, long untilNanos, Consumer<AdminResult> demoted) {
    boolean isIdle = workloads.stream().allMatch(VolumeWorkload::isIdle);
    if (!from.isRunning() || (!isIdle && view.simulation().nowNanos() > untilNanos)) {
      endSwap();
    } else if (!isIdle) {
      view.simulation().after(LOOK_NANOS / 10, () -> awaitIdle(from, untilNanos, demoted));
    } else {
      workloads.forEach(VolumeWorkload::close);
      for (int volume = 0; volume < view.volumes(); volume++) {
        admin(from).command(new AdminCommand.Secondary(volume), demoted);
      }
      wanted = view.node(1 - from.id());
      isSwapped = true;
      notBeforeNanos = 0;
      view.simulation().after(LOOK_NANOS, this::endSwap);
    }
  }

  private void endSwap() {
    isSwapping = false;
    workloads.forEach(VolumeWorkload::resume);
  }

  /// Is some node Primary for all volumes, with all of them open?
  boolean isServing() {
    for (int volume = 0; volume < view.volumes(); volume++) {
      SimNode node = workloads.get(volume).where();
      if (node == null || view.state(node.id(), volume).role() != Role.PRIMARY) {
        return false;
      }
    }
    return !isSwapping;
  }
}
