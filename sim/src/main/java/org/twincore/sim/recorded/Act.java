package org.twincore.sim.recorded;

import java.util.List;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.check.Violation;
import org.twincore.sim.fault.DriveFaults;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimPath;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// One act: both disks are equal, one node or both are Primary and loaded, a calamity strikes, with
/// fencing perhaps the other node takes over. Then all heals and the nodes meet ([Meeting]).
final class Act {
  private static final long END_NANOS = 40 * Simulation.SECOND;
  private static final long STRIKE_NANOS_MAX = 60 * Simulation.MILLISECOND;

  private final Duo duo;
  private final Prng random;
  private final Recording recording;
  private final boolean isDual;
  private final int primary;
  private final int weak;
  private final Calamity calamity;
  private final boolean isDurable;
  private boolean isOver;

  Act(Duo duo, Prng random, Recording recording) {
    this.duo = duo;
    this.random = random;
    this.recording = recording;
    this.isDual = duo.terms.allowsTwo() && random.nextInt(4) != 0;
    this.primary = random.nextInt(2);
    this.weak = random.nextInt(2);
    Calamity[] all = Calamity.values();
    this.calamity = all[random.nextInt(all.length)];
    this.isDurable = random.nextBoolean() || mayLosePowerTwice();
  }

  /// Could what was answered and not flushed be lost with the only node that goes on? A survivor
  /// that was Primary all the time has it.
  private boolean mayLosePowerTwice() {
    boolean cuts =
        calamity.cutsPower()
            || duo.terms.manner().rebootsLosers()
            || (duo.terms.manner().cutsPower() && !duo.terms.fencing().equals("dont-care"));
    return cuts && !(isDual && calamity == Calamity.WEAK_LOSES_POWER);
  }

  void play() {
    duo.simulation
        .trace()
        .line(
            "an act with %s Primary, node %d is weak: %s"
                .formatted(isDual ? "both" : "node " + primary, weak, calamity));
    // The other node may also become it late, when its program for the promotion has ended.
    duo.roles.allowTwo(duo.terms.allowsTwo());
    duo.programs.forEach(each -> each.hurry(true));
    if (isDual) {
      duo.role(0, true);
      duo.role(1, true);
    } else {
      duo.role(1 - primary, false);
      duo.role(primary, true);
    }
    duo.programs.forEach(each -> each.hurry(false));
    duo.nodes.forEach(node -> node.watch(recording));
    duo.onWrite(this::answersAWrite);
    List<SimNode> busy = duo.nodes.stream().filter(it -> duo.isPrimary(it.id())).toList();
    busy.forEach(node -> open(node.id()));
    busy.forEach(node -> load(node.id()));
    if (calamity != Calamity.WEAK_LOSES_POWER) {
      annoy();
    }
    duo.pass(random.nextLong(STRIKE_NANOS_MAX));
    strike();
    if (!isDual) {
      later(100, 8_000, this::takeOver);
    }
    long end = duo.simulation.nowNanos() + END_NANOS;
    duo.simulation.runUntil(end, () -> duo.clients.stream().allMatch(Clients::isDone));
    isOver = true;
    new Meeting(duo, random, recording).play();
  }

  private void open(int node) {
    Clients its = duo.clients.get(node);
    duo.await("an open device at node " + node, its::open);
    if (isDurable) {
      // What an earlier act left in a disk's cache.
      its.flush();
      duo.await("a flush at node " + node, its::isDone);
    }
  }

  private void load(int node) {
    duo.clients
        .get(node)
        .begin(recording, random.nextInt(20, 160), random.nextInt(1, 6), isDurable);
  }

  /// With resource-and-stonith nobody goes on alone beside a Primary whose disk could stand for the
  /// data too.
  private void answersAWrite(SimNode node, long sector) {
    int other = 1 - node.id();
    boolean isAlone = !recording.hadPeersAck() && !duo.isConnected(node.id());
    if (isAlone
        && duo.terms.fencing().equals("resource-and-stonith")
        && duo.nodes.get(other).isRunning()
        && duo.isPrimary(other)
        && duo.state(other).disk().isAtLeast(DiskState.CONSISTENT)) {
      throw new Violation(
          "FenceHolds",
          "%s answers a write alone (%s) beside a Primary (%s)"
              .formatted(node.name(), duo.state(node.id()), duo.state(other)));
    }
  }

  // ---- what goes wrong

  /// Lines and drives that are slow, in some acts.
  private void annoy() {
    if (random.nextInt(4) == 0) {
      SimDrive drive = duo.nodes.get(random.nextInt(2)).drive(0);
      DriveFaults.slow(drive, nanos(2, 60));
    }
    if (random.nextInt(4) == 0) {
      long most = nanos(1, 30);
      for (int node = 0; node < 2; node++) {
        SimPath path = duo.network.path(node);
        path.latency(most / 4, most);
      }
    }
  }

  private void strike() {
    switch (calamity) {
      case NOTHING -> {}
      case LINK_CUT -> cut();
      case LINK_CUT_ONE_WAY -> duo.network.open(random.nextInt(2), false);
      case CONNECTION_BREAKS -> duo.network.breakConnection();
      case WEAK_IS_KILLED -> end(weak, SimNode.Ending.KILL);
      case WEAK_LOSES_POWER -> end(weak, SimNode.Ending.POWER_CUT);
      case CUT_AND_WEAK_LOSES_POWER -> {
        cut();
        later(0, 15_000, () -> end(weak, SimNode.Ending.POWER_CUT));
      }
      case BOTH_ARE_KILLED -> endBoth(SimNode.Ending.KILL);
      case BOTH_LOSE_POWER -> endBoth(SimNode.Ending.POWER_CUT);
      case WEAK_DISK_STALLS ->
          weakDrive().health().stallUntil(duo.simulation.nowNanos() + nanos(100, 15_000));
      case WEAK_DISK_FAILS -> {
        SimDrive.Failing[] kinds = SimDrive.Failing.values();
        SimNode node = duo.nodes.get(weak);
        weakDrive()
            .health()
            .failing(
                kinds[random.nextInt(1, kinds.length)],
                () -> DriveFaults.mayFail(duo.view, node, 0));
        later(2_000, 20_000, () -> weakDrive().health().failing(SimDrive.Failing.NOTHING));
      }
      case WEAK_IS_STOPPED ->
          duo.nodes.get(weak).pauseUntil(duo.simulation.nowNanos() + nanos(20, 12_000));
    }
  }

  private SimDrive weakDrive() {
    return duo.nodes.get(weak).drive(0);
  }

  private void cut() {
    duo.network.open(0, false);
    duo.network.open(1, false);
    if (random.nextBoolean()) {
      later(
          200,
          15_000,
          () -> {
            duo.network.open(0, true);
            duo.network.open(1, true);
          });
    }
  }

  private void endBoth(SimNode.Ending ending) {
    end(0, ending);
    later(0, random.nextBoolean() ? 20 : 10_000, () -> end(1, ending));
  }

  private void end(int node, SimNode.Ending ending) {
    SimStore.Keep[] keeps = SimStore.Keep.values();
    duo.nodes.get(node).end(ending, keeps[random.nextInt(keeps.length)]);
    later(
        200,
        10_000,
        () -> {
          if (!duo.nodes.get(node).isRunning()) {
            duo.admins.get(node).up();
          }
        });
  }

  private void later(long millisMin, long millisMax, Runnable then) {
    duo.simulation.after(
        nanos(millisMin, millisMax),
        () -> {
          if (!isOver) {
            then.run();
          }
        });
  }

  private long nanos(long millisMin, long millisMax) {
    return random.nextLong(
        millisMin * Simulation.MILLISECOND, millisMax * Simulation.MILLISECOND + 1);
  }

  // ---- who takes over

  /// The other node is made Primary if the first one has ended, or if there are programs that make
  /// sure of it. A node that ended itself waits until it has met its peer.
  private void takeOver() {
    int other = 1 - primary;
    boolean mayFence = !duo.terms.fencing().equals("dont-care");
    SimNode node = duo.nodes.get(other);
    if (!node.isRunning()
        || recording.hasEnded(other)
        || duo.isConnected(other)
        || (!mayFence && duo.nodes.get(primary).isRunning())) {
      return;
    }
    duo.admins
        .get(other)
        .command(
            new AdminCommand.Primary(0, false),
            result -> {
              if (result.isSuccess() && !isOver) {
                if (!duo.isConnected(other)) {
                  recording.promotedAlone(other);
                }
                if (duo.clients.get(other).open()) {
                  duo.clients.get(other).begin(recording, random.nextInt(10, 60), 2, isDurable);
                }
              }
            });
  }
}
