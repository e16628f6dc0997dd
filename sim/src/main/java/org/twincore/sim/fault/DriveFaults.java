package org.twincore.sim.fault;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// Slow, stalled and failing drives.
public final class DriveFaults {
  /// All of them.
  public static final List<Fault> ALL =
      List.of(
          Fault.of("slow drive", DriveFaults::slow),
          Fault.of("stalled drive", DriveFaults::stall),
          Fault.of("reads fail", v -> fail(v, SimDrive.Failing.READS)),
          Fault.of("writes fail", v -> fail(v, SimDrive.Failing.WRITES)),
          Fault.of("metadata writes fail", v -> fail(v, SimDrive.Failing.METADATA)),
          Fault.of("dead drive", v -> fail(v, SimDrive.Failing.EVERYTHING)));

  private DriveFaults() {}

  private static boolean slow(Victims victims) {
    SimDrive drive = drive(victims, "slow");
    long most = victims.nanos(5, 200);
    slow(drive, most);
    victims.later(1_000, 20_000, () -> usual(drive));
    return true;
  }

  /// Each request takes up to that long, until [#usual].
  public static void slow(SimDrive drive, long mostNanos) {
    drive.health().latency(mostNanos / 8, mostNanos);
  }

  private static boolean stall(Victims victims) {
    SimDrive drive = drive(victims, "stalled");
    drive.health().stallUntil(victims.simulation().nowNanos() + victims.nanos(100, 15_000));
    return true;
  }

  private static SimDrive drive(Victims victims, String how) {
    SimNode node = victims.anyNode();
    int volume = victims.anyVolume();
    victims.tell("drive of " + node.name() + "/" + volume + " is " + how);
    return node.drive(volume);
  }

  private static boolean fail(Victims victims, SimDrive.Failing what) {
    SimNode node = victims.anyNode();
    int volume = victims.anyVolume();
    SimDrive drive = node.drive(volume);
    boolean may =
        node.isRunning()
            && node.hasDriveOpen(volume)
            && drive.health().failing() == SimDrive.Failing.NOTHING
            && (victims.hasGoodCopyElsewhere(node.id(), volume)
                || mayFailAsSource(victims.view(), node, volume));
    if (!may) {
      return false;
    }
    victims.tell("drive of %s/%d fails: %s".formatted(node.name(), volume, what));
    drive.health().failing(what, () -> mayFail(victims.view(), node, volume));
    victims.later(
        2_000,
        20_000,
        () -> {
          victims.tell("drive of %s/%d works again".formatted(node.name(), volume));
          drive.health().failing(SimDrive.Failing.NOTHING);
        });
    return true;
  }

  /// With `on-io-error pass_on` a disk that fails is kept as an Inconsistent one. If it were the
  /// last good one nobody would have what was written to it alone any more, and any other data is
  /// taken for better: that an admin who asks for it takes into account, and here it does not
  /// happen. But as the source of a resync it may fail: it stays the good one, and what it could
  /// not write was not answered.
  public static boolean mayFail(ClusterView view, SimNode node, int volume) {
    return !isKept(node, volume)
        || hasGoodPeer(view.state(node.id(), volume))
        || mayFailAsSource(view, node, volume);
  }

  private static boolean mayFailAsSource(ClusterView view, SimNode node, int volume) {
    StateWord state = view.state(node.id(), volume);
    return isKept(node, volume) && state.conn().isSource() && state.disk() == DiskState.UP_TO_DATE;
  }

  private static boolean isKept(SimNode node, int volume) {
    return node.resource()
        .flatMap(it -> it.disk(volume))
        .filter(disk -> disk.word(Option.ON_IO_ERROR).equals("pass_on"))
        .isPresent();
  }

  /// What a node says of itself: it is connected to good data.
  public static boolean hasGoodPeer(StateWord state) {
    return state.conn().isAtLeast(ConnectionState.CONNECTED)
        && state.pdsk() == DiskState.UP_TO_DATE;
  }

  /// A disk that failed and was kept: the next attach has its data compared, and what it lacks
  /// fetched.
  public static boolean wasKept(StateWord state) {
    return state.disk() == DiskState.INCONSISTENT
        && state.conn() == ConnectionState.CONNECTED
        && hasGoodPeer(state);
  }

  /// As quick as ever.
  public static void usual(SimDrive drive) {
    drive.health().latency(50 * Simulation.MICROSECOND, Simulation.MILLISECOND);
  }

  /// Everything as it was; a stall ends by itself.
  public static void heal(Victims victims) {
    for (SimNode node : victims.view().nodes()) {
      for (int volume = 0; volume < victims.view().volumes(); volume++) {
        usual(node.drive(volume));
        node.drive(volume).health().failing(SimDrive.Failing.NOTHING);
      }
    }
  }
}
