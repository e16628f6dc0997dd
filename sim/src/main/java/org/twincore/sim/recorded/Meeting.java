package org.twincore.sim.recorded;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimPath;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// The end of an act: everything heals, the nodes come back and meet, policies or the admin settle
/// a split brain. Afterwards both disks are equal, and the blocks have to have been registers.
final class Meeting {
  private static final long LOOK_NANOS = 500 * Simulation.MILLISECOND;
  private static final int ATTACHES_MAX = 40;
  private static final long PATIENCE_NANOS = 4 * Simulation.SECOND;
  private static final long QUIET_NANOS = 5 * Simulation.SECOND;

  private static final int HOPELESS = 4;

  private final Duo duo;
  private final Prng random;
  private final Recording recording;
  private long patientUntilNanos;
  private int attempts;
  private boolean isThawed;
  private boolean isRenewed;

  /// Whose side the admin has given up; null if nobody's.
  private @Nullable Integer victim;

  /// The same, but that it outlives a node that has forgotten what it was told: nobody gives up now
  /// the one side and then the other.
  private @Nullable Integer sentenced;

  private boolean isOver;

  /// Attaches since the admin last did something.
  private int attached;

  Meeting(Duo duo, Prng random, Recording recording) {
    this.duo = duo;
    this.random = random;
    this.recording = recording;
  }

  void play() {
    duo.simulation.trace().line("everything heals");
    heal();
    patientUntilNanos = duo.simulation.nowNanos() + PATIENCE_NANOS;
    look();
    duo.await(
        "two equal nodes",
        () ->
            duo.isHealthy()
                && duo.areAdminsIdle()
                && duo.clients.stream().allMatch(Clients::isDone));
    duo.pass(QUIET_NANOS);
    duo.await(
        "rest",
        () ->
            duo.isHealthy()
                && duo.areAdminsIdle()
                && duo.nodes.stream().allMatch(node -> node.isDriveIdle(0)));
    isOver = true;
    duo.checkAtRest();
    RegisterHolds.check(duo, recording, isThawed, victim);
  }

  private void heal() {
    duo.clients.forEach(Clients::stop);
    duo.programs.forEach(each -> each.hurry(true));
    for (SimNode node : duo.nodes) {
      SimDrive drive = node.drive(0);
      drive.health().failing(SimDrive.Failing.NOTHING);
      DriveFaults.usual(drive);
      SimPath path = duo.network.path(node.id());
      path.latency(20 * Simulation.MICROSECOND, 300 * Simulation.MICROSECOND);
      duo.network.open(node.id(), true);
    }
  }

  /// Twice a second, until both are one again.
  private void look() {
    if (isOver) {
      return;
    }
    duo.simulation.after(LOOK_NANOS, this::look);
    for (SimNode node : duo.nodes) {
      NodeAdmin admin = duo.admins.get(node.id());
      if (!node.isRunning()) {
        victim = null; // what the admin said may be forgotten with it
        admin.up();
      } else if (admin.isIdle() && DriveFaults.wasKept(duo.state(node.id()))) {
        admin.command(new AdminCommand.Detach(0, false));
      } else if (admin.isIdle()
          && duo.isDiskless(node.id())
          && attached < ATTACHES_MAX
          && (duo.isConnected(node.id()) || !duo.isPrimary(node.id()))) {
        admin.attach(0);
        attached++;
      }
    }
    // Beside a connected peer a split brain only shows as a disk that is refused again and again.
    boolean isRefused = attached >= ATTACHES_MAX;
    boolean isStuck = isRefused || duo.standsAlone(0) || duo.standsAlone(1) || duo.isNegotiating();
    if (isStuck && duo.areAdminsIdle() && duo.simulation.nowNanos() > patientUntilNanos) {
      settle();
      attached = 0;
      patientUntilNanos = duo.simulation.nowNanos() + PATIENCE_NANOS;
    }
  }

  // ---- by hand

  /// First the nodes are connected once more; if that does not help, what only one of them has is
  /// given up.
  private void settle() {
    attempts++;
    boolean isSplit = recording.wentOnAlone(0) && recording.wentOnAlone(1);
    for (int node = 0; node < 2; node++) {
      if (!mayGiveUpDevice(node)) {
        return;
      }
    }
    boolean discards = isSplit || attempts > 1;
    int loser = discards ? loser() : 0;
    if (attempts >= HOPELESS) {
      // Old nodes refuse each other after an event that got lost, whatever is discarded.
      if (!isRenewed) {
        isRenewed = true;
        duo.createMetadataAnew(loser);
        return;
      }
      for (int node = 0; node < 2; node++) {
        if (duo.standsAlone(node)) {
          duo.command(node, new AdminCommand.Connect(duo.terms.config(node).net(), false, false));
        }
      }
      return;
    }
    for (int node : new int[] {loser, 1 - loser}) {
      if (!duo.standsAlone(node)) {
        duo.command(node, new AdminCommand.Disconnect(true));
      }
      if (duo.isPrimary(node)) {
        duo.clients.get(node).close();
        duo.command(node, new AdminCommand.Secondary(0));
      }
      if (duo.isDiskless(node)) {
        duo.admins.get(node).attach(0);
      }
      // Where a policy has an answer nobody asks for `discard-my-data`.
      OptionValues net = duo.terms.config(node).net();
      duo.command(
          node,
          new AdminCommand.Connect(
              discards ? Terms.withoutPolicies(net) : net, discards && node == loser, false));
    }
  }

  private int loser() {
    Integer chosen = victim;
    if (chosen != null) {
      return chosen;
    }
    int lost = random.nextInt(2);
    if (recording.wentOnAlone(0) != recording.wentOnAlone(1)) {
      lost = recording.wentOnAlone(0) ? 1 : 0;
    } else if (recording.lostPower(0) != recording.lostPower(1)) {
      lost = recording.lostPower(0) ? 0 : 1; // and what its disk had not on stable storage
    }
    Integer before = sentenced;
    lost = before == null ? lost : before;
    sentenced = lost;
    victim = lost;
    duo.simulation.trace().line("the admin gives up what node " + lost + " has");
    return lost;
  }

  /// Requests that are frozen have to end before the device can be closed.
  private boolean mayGiveUpDevice(int node) {
    if (duo.clients.get(node).isDone()) {
      return true;
    }
    StateWord state = duo.state(node);
    if (state.isSuspended() && !duo.standsAlone(node)) {
      duo.command(node, new AdminCommand.Disconnect(true));
    } else if (state.isSuspended()) {
      isThawed = true;
      duo.onWrite((_, _) -> {});
      duo.command(node, new AdminCommand.ResumeIo(0));
    }
    return false;
  }
}
