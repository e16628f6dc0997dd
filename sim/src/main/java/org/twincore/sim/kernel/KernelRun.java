package org.twincore.sim.kernel;

import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// One node of ours beside a scripted one, from one seed: writes on either side, role changes,
/// resyncs, broken and stalled connections, disks that go and come back, crashes of either.
///
/// It ends well if the scripted node never saw anything that a kernel's would hang up on, if
/// afterwards both are Connected and UpToDate within bounded virtual time, and if both disks are
/// equal and hold every answered write. Split brains are not made here: only the last Primary is
/// promoted while alone.
public final class KernelRun {
  private static final int ACTS = 60;
  private static final long ACT_NANOS_MIN = 20 * Simulation.MILLISECOND;
  private static final long ACT_NANOS_MAX = 1500 * Simulation.MILLISECOND;
  private static final long QUIET_NANOS = 20 * Simulation.SECOND;
  private static final long OUTAGE_NANOS = 8 * Simulation.SECOND;
  private static final long STALL_NANOS = 15 * Simulation.SECOND;
  private static final long PAUSE_NANOS = 4 * Simulation.SECOND;
  private static final long TAKE_OVER_NANOS = 2 * Simulation.SECOND;
  private static final long VERIFY_NANOS = Simulation.SECOND;
  private static final long SETTLE_NANOS = 20 * Simulation.SECOND;

  /// How a run ended.
  ///
  /// @param problem empty if all is well
  /// @param answered writes that were answered
  public record Ended(long seed, Optional<String> problem, int answered, long traceHash) {
    public boolean isFine() {
      return problem.isEmpty();
    }
  }

  private final long seed;
  private final KernelWorld world;
  private final KernelLoad load;
  private final KernelDiskLoss disks;
  private boolean oursOwns = true;
  private long troubleNanos;

  /// A run whose node of ours is tampered with by `planted`.
  public KernelRun(long seed, Trace trace, Tamper planted) {
    this.seed = seed;
    world = new KernelWorld(seed, trace, planted, KernelWorld.Primaries.ONE);
    load = new KernelLoad(world);
    disks = new KernelDiskLoss(world);
  }

  /// Runs it all; `watcher` sees what our node does.
  public Ended toEnd(NodeWatcher watcher) {
    world.ours.watch(watcher);
    return toEnd();
  }

  /// Runs it all.
  public Ended toEnd() {
    Optional<String> problem = Optional.empty();
    try {
      begin();
      for (int i = 0; i < ACTS; i++) {
        world.run(world.random.nextLong(ACT_NANOS_MIN, ACT_NANOS_MAX));
        act();
      }
      settle();
    } catch (Misbehaved | Simulation.Stuck found) {
      world.simulation.trace().line("PROBLEM " + found.getMessage());
      problem = Optional.of(String.valueOf(found.getMessage()));
    }
    return new Ended(seed, problem, load.history().answered(), world.simulation.trace().hash());
  }

  private void begin() {
    world.startOurs();
    world.startTheirs();
    world.await(world::isConnected, "the first connection");
    if (world.random.nextInt(3) == 0) {
      world.command(new AdminCommand.NewCurrentUuid(0, true));
      world.await(world::isUpToDate, "both to be UpToDate");
      world.command(new AdminCommand.Primary(0, false));
    } else if (world.random.nextBoolean()) {
      world.command(new AdminCommand.Primary(0, true));
    } else {
      world.theirs.commands().becomePrimary();
      oursOwns = false;
    }
    world.await(world::isAnyUpToDate, "one disk to be UpToDate");
  }

  private void after(long nanosMax, Runnable action) {
    world.simulation.after(world.random.nextLong(nanosMax), action);
  }

  private void act() {
    disks.look();
    promoteOwner();
    switch (world.random.nextInt(24)) {
      case 0 -> {
        trouble();
        world.network.breakConnection();
      }
      case 1 -> stall();
      case 2 -> crashTheirs();
      case 3 -> crashOurs();
      case 4 -> swapRoles();
      case 5 -> disconnect();
      case 6 -> invalidate();
      case 7 -> {
        world.command(new AdminCommand.PauseSync(0));
        after(PAUSE_NANOS, () -> world.command(new AdminCommand.ResumeSync(0)));
      }
      case 8, 9 -> verify();
      case 10, 11, 12 -> {
        if (!load.isResting()) {
          disks.lose();
        }
      }
      default -> load.burst();
    }
  }

  /// Whoever was Primary last is it again soon.
  private void promoteOwner() {
    boolean isFree = world.isUpToDate() && !world.isOurPrimary() && !world.isTheirPrimary();
    if (!isFree || load.isResting() || world.random.nextInt(3) == 0) {
      return;
    }
    if (oursOwns) {
      world.command(new AdminCommand.Primary(0, false));
    } else {
      world.theirs.commands().becomePrimary();
    }
  }

  private void trouble() {
    troubleNanos = world.simulation.nowNanos();
  }

  private void stall() {
    trouble();
    int way = world.random.nextInt(2);
    world.network.open(way, false);
    if (world.random.nextBoolean()) {
      world.network.open(1 - way, false);
    }
    after(STALL_NANOS, world::openPaths);
  }

  private void crashTheirs() {
    if (!world.theyRun()) {
      return;
    }
    boolean mayFailOver = world.isTheirPrimary() && canFailOver();
    trouble();
    world.crashTheirs(disks.isOnlyCopy(false));
    load.abandonTheirs();
    if (mayFailOver) {
      oursOwns = true;
      world.simulation.after(
          TAKE_OVER_NANOS, () -> world.command(new AdminCommand.Primary(0, false)));
    }
    after(OUTAGE_NANOS, this::restartTheirs);
  }

  private void restartTheirs() {
    if (!world.theyRun()) {
      world.startTheirs();
      if (!oursOwns && world.random.nextBoolean() && disks.isCurrent(false)) {
        world.theirs.commands().becomePrimary();
      }
    }
  }

  private void crashOurs() {
    if (!world.ours.isRunning()) {
      return;
    }
    boolean mayFailOver = world.isOurPrimary() && canFailOver();
    trouble();
    world.crashOurs(disks.isOnlyCopy(true));
    load.abandonOurs();
    if (mayFailOver) {
      oursOwns = false;
      world.simulation.after(
          TAKE_OVER_NANOS,
          () -> {
            if (world.theyRun()) {
              world.theirs.commands().becomePrimary();
            }
          });
    }
    after(OUTAGE_NANOS, this::restartOurs);
  }

  private void restartOurs() {
    if (!world.ours.isRunning()) {
      world.startOurs();
      if (oursOwns && world.random.nextBoolean() && disks.isCurrent(true)) {
        world.command(new AdminCommand.Primary(0, false));
      }
    }
  }

  /// May the survivor take over without a split brain? Only in protocol C are the last writes
  /// there.
  private boolean canFailOver() {
    return world.settings.protocol() == KernelSettings.Protocol.C
        && world.isUpToDate()
        && world.network.isWhole()
        && world.simulation.nowNanos() - troubleNanos > QUIET_NANOS;
  }

  private void swapRoles() {
    if (!disks.maySwap() || !load.isIdle() || !world.network.isWhole()) {
      return;
    }
    KernelCommands theirs = world.theirs.commands();
    if (world.isOurPrimary()) {
      world.ours.admin(
          new AdminCommand.Secondary(0),
          result -> {
            if (result.isSuccess() && disks.maySwap() && !world.isOurPrimary()) {
              theirs.becomePrimary();
              oursOwns = false;
            }
          });
    } else if (world.isTheirPrimary()) {
      theirs.becomeSecondary();
      if (!world.isTheirPrimary()) {
        oursOwns = true;
        world.simulation.after(
            TAKE_OVER_NANOS / 10, () -> world.command(new AdminCommand.Primary(0, false)));
      }
    }
  }

  private void disconnect() {
    trouble();
    if (world.random.nextBoolean()) {
      world.ours.admin(
          new AdminCommand.Disconnect(false), _ -> after(PAUSE_NANOS, world::connectOurs));
    } else if (world.theyRun()) {
      world.disconnectTheirs(() -> after(PAUSE_NANOS, world::connectTheirs));
    }
  }

  /// While nobody writes; what was begun is waited for, or cut off by what comes next.
  private void verify() {
    boolean mayBe =
        world.isUpToDate()
            && world.isQuiet()
            && load.isIdle()
            && disks.areWell()
            && world.settings.digests().verify().isPresent();
    if (!mayBe) {
      return;
    }
    load.rest(true);
    if (world.random.nextBoolean()) {
      world.theirs.commands().verify();
    } else {
      world.command(new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty()));
    }
    world.simulation.after(VERIFY_NANOS, this::goOnAfterVerify);
  }

  private void goOnAfterVerify() {
    if (world.isVerifying() || world.hasOpenCommands()) {
      world.simulation.after(VERIFY_NANOS, this::goOnAfterVerify);
    } else {
      load.rest(false);
    }
  }

  private void invalidate() {
    if (world.hasOpenCommands()) {
      return; // a Primary by then
    }
    if (world.random.nextBoolean()) {
      world.theirs.commands().invalidate();
    } else if (world.isUpToDate()) {
      world.command(
          world.isOurPrimary()
              ? new AdminCommand.InvalidateRemote(0)
              : new AdminCommand.Invalidate(0));
    }
  }

  /// A kernel's node that has just become a source takes what the target said of a pause before for
  /// the end of the resync, and nothing else of it: it has to hear of it again.
  private void sayPauseAgain() {
    world.command(new AdminCommand.PauseSync(0));
    world.command(new AdminCommand.ResumeSync(0));
  }

  private void settle() {
    world.simulation.trace().line("faults stop");
    world.openPaths();
    world.run(SETTLE_NANOS);
    restartTheirs();
    restartOurs();
    world.connectTheirs();
    sayPauseAgain();
    if (world.ourConn() == ConnectionState.STAND_ALONE) {
      world.connectOurs();
    }
    disks.end();
    world.await(
        () -> {
          disks.look();
          return world.isUpToDate();
        },
        "both to be UpToDate");
    world.await(() -> world.isQuiet() && load.isIdle(), "every request to be answered");
    world.compareDisks();
    KernelDisk theirs = world.theirDisk();
    for (int block = 0; block < theirs.blocks(); block++) {
      load.check(block, theirs.block(block));
    }
  }
}
