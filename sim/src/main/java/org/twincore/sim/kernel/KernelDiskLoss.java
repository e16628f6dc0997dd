package org.twincore.sim.kernel;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.Simulation;

/// Disks that go and come back during a run: detached by an admin, or given up after I/O errors.
///
/// Data stays in reach: a disk goes only while the other one is UpToDate and connected, and only in
/// protocol C a Primary's, which else would have answered what the peer may not have got: in A and
/// B it is a Secondary's, and goes at once. Whoever ran without its own is not promoted alone
/// before both are UpToDate again.
final class KernelDiskLoss {
  private static final long GONE_NANOS = 12 * Simulation.SECOND;
  private static final long AGAIN_NANOS = Simulation.SECOND;

  private final KernelWorld world;
  private boolean oursMissed;
  private boolean theirsMissed;

  KernelDiskLoss(KernelWorld world) {
    this.world = world;
  }

  /// One of the disks goes, and comes back in a while.
  void lose() {
    boolean isOurs = world.random.nextBoolean();
    boolean isPrimary = isOurs ? world.isOurPrimary() : world.isTheirPrimary();
    boolean mayBe =
        world.ours.isRunning()
            && (waitsForPeer() || !isPrimary)
            && !world.hasOpenCommands()
            && world.theyRun()
            && world.ourConn().isAtLeast(ConnectionState.CONNECTED)
            && world.theirs.state().conn().isAtLeast(ConnectionState.CONNECTED)
            && otherDisk(isOurs) == DiskState.UP_TO_DATE
            && !(isOurs ? theirsMissed : oursMissed);
    if (!mayBe) {
      return;
    }
    String who = (isOurs ? "our " : "their ") + (isPrimary ? "Primary's" : "Secondary's");
    world.simulation.trace().line("takes " + who + " disk");
    if (isOurs) {
      oursMissed = true;
      loseOurs();
    } else {
      theirsMissed = true;
      loseTheirs();
    }
    world.simulation.after(world.random.nextLong(GONE_NANOS), () -> attachAgain(isOurs));
  }

  private boolean waitsForPeer() {
    return world.settings.protocol() == KernelSettings.Protocol.C;
  }

  /// May a node be promoted in the place of the other one?
  boolean maySwap() {
    return waitsForPeer() ? world.isWorking() : world.isUpToDate();
  }

  private DiskState otherDisk(boolean isOurs) {
    return isOurs ? world.theirs.state().disk() : world.ourDisk();
  }

  private void loseOurs() {
    switch (waitsForPeer() ? world.random.nextInt(4) : 0) {
      case 0 -> world.command(new AdminCommand.Detach(0, true));
      case 1 -> world.ours.drive(0).health().failing(SimDrive.Failing.WRITES);
      case 2 -> world.ours.drive(0).health().failing(SimDrive.Failing.EVERYTHING);
      default -> world.command(new AdminCommand.Detach(0, false));
    }
  }

  private void loseTheirs() {
    if (!waitsForPeer() || world.random.nextBoolean()) {
      world.theirs.attachment().fail();
    } else {
      world.theirs.attachment().detach();
    }
  }

  /// Until it succeeds; while the drive is open it has not been given up yet.
  private void attachAgain(boolean isOurs) {
    attach(isOurs);
    DiskState disk = isOurs ? world.ourDisk() : world.theirs.state().disk();
    if (disk.isBelow(DiskState.NEGOTIATING)) {
      world.simulation.after(AGAIN_NANOS, () -> attachAgain(isOurs));
    }
  }

  private void attach(boolean isOurs) {
    if (isOurs) {
      world.attachOurs();
    } else if (world.theyRun() && !isAlonePrimary()) {
      world.theirs.attachment().attach();
    }
  }

  /// A kernel's Primary that has its disk back while alone writes on in the generation that both
  /// disks have, though the peer may have begun another one: what it writes is overwritten then. An
  /// admin who knows that attaches the disk once both are connected.
  private boolean isAlonePrimary() {
    return world.isTheirPrimary() && world.theirs.state().conn().isBelow(ConnectionState.CONNECTED);
  }

  /// Faults are over: both have disks that work, and get them as soon as that may be.
  void end() {
    world.ours.drive(0).health().failing(SimDrive.Failing.NOTHING);
    keepAttaching();
  }

  private void keepAttaching() {
    attach(true);
    attach(false);
    world.simulation.after(AGAIN_NANOS, this::keepAttaching);
  }

  /// May a node be promoted alone, as far as its disk goes?
  boolean isCurrent(boolean isOurs) {
    return isOurs ? !oursMissed : !theirsMissed;
  }

  /// May a disk hold what the other one lacks?
  boolean isOnlyCopy(boolean isOurs) {
    return oursMissed || theirsMissed || otherDisk(isOurs) != DiskState.UP_TO_DATE;
  }

  /// Does no disk fail?
  boolean areWell() {
    return world.ours.drive(0).health().failing() == SimDrive.Failing.NOTHING;
  }

  /// Looks at what has become of both.
  void look() {
    if (world.isUpToDate()) {
      oursMissed &= !areWell() || world.ours.unansweredCommands() > 0;
      theirsMissed &= !world.theirs.commands().isIdle();
    }
    demoteStuck();
    joinAgain();
  }

  /// A Primary that lost its disk and then the connection, before the peer's word of the generation
  /// that began with it, goes on alone once it has its disk again: both generations are of the same
  /// data, and what the Primary wrote since is to stay.
  private void joinAgain() {
    if (!world.isApart()) {
      return;
    }
    if (theirsMissed) {
      world.connectOursDiscarding();
    } else if (oursMissed && world.theyRun()) {
      world.theirs.discardMyData();
      world.connectOurs();
    }
  }

  /// A Primary without a disk that did not hear of the generation that began with that finds no
  /// peer whose data it may go on with, and one whose crashed disk an old peer refuses waits for
  /// ever: it steps down, as an admin would have it do.
  private void demoteStuck() {
    boolean oursIsStuck =
        world.isOurPrimary()
            && world.ourDisk() == DiskState.DISKLESS
            && world.ourConn() == ConnectionState.STAND_ALONE;
    if (oursIsStuck) {
      world.ours.admin(new AdminCommand.Secondary(0), _ -> world.connectOurs());
    }
    if (world.theirs.meeting().refusesPeersDisk() && world.isOurPrimary()) {
      world.command(new AdminCommand.Secondary(0));
    }
    boolean theirsMayBeStuck =
        world.isTheirPrimary()
            && world.theirs.state().disk() == DiskState.DISKLESS
            && world.theirs.state().conn().isBelow(ConnectionState.CONNECTED);
    if (theirsMayBeStuck && world.random.nextInt(4) == 0) {
      world.theirs.commands().becomeSecondary();
    }
  }
}
