package org.twincore.sim.kernel;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// One node of ours and a scripted one with a network between them, settings drawn from a seed.
final class KernelWorld {
  private static final long BACKING_BYTES = 2 << 20;
  private static final long PATIENCE_NANOS = 600 * Simulation.SECOND;
  private static final int[] VERSIONS = {
    101, 101, 101, 101, 100, 100, 99, 98, 97, 96, 95, 94, 93, 92, 91
  };
  private static final int THEIR_VERSION = 101;

  final Prng random;
  final Simulation simulation;
  final SimNetwork network;
  final SimNode ours;
  final KernelPeer theirs;
  final KernelSettings settings;
  private final OptionValues net;
  private final OptionValues diskOptions;
  private final KernelDisk theirDisk;
  private final KernelSockets sockets;
  private boolean theyRun;

  /// How many nodes may be Primary.
  enum Primaries {
    ONE,
    TWO
  }

  KernelWorld(long seed, Trace trace, Tamper planted, Primaries primaries) {
    random = new Prng(seed);
    simulation = new Simulation(trace);
    network = new SimNetwork(simulation, random.split());
    boolean hasTwo = primaries == Primaries.TWO;
    KernelSettings.Protocol protocol =
        !hasTwo && random.nextInt(3) == 0
            ? KernelSettings.Protocol.values()[random.nextInt(2)]
            : KernelSettings.Protocol.C;
    KernelDigests digests = digests(new Prng(~seed));
    settings = new KernelSettings(protocol, THEIR_VERSION, random.nextInt(3) != 0, hasTwo, digests);
    net =
        OptionValues.DEFAULTS
            .with(Option.PROTOCOL, protocol.name())
            .with(Option.PING_TIMEOUT, 5)
            .with(Option.MAX_EPOCH_SIZE, random.nextBoolean() ? 20 : 2048)
            .with(Option.ALLOW_TWO_PRIMARIES, hasTwo)
            .with(Option.KO_COUNT, hasTwo ? 1 : 7)
            .with(Option.USE_RLE, random.nextBoolean())
            .with(Option.DATA_INTEGRITY_ALG, KernelDigests.name(digests.integrity()))
            .with(Option.VERIFY_ALG, KernelDigests.name(digests.verify()))
            .with(Option.CSUMS_ALG, KernelDigests.name(digests.checksums()));
    diskOptions =
        random.nextBoolean()
            ? OptionValues.DEFAULTS
            : OptionValues.DEFAULTS
                .with(Option.C_PLAN_AHEAD, 0)
                .with(Option.RESYNC_RATE, 500 + random.nextInt(4000));
    ours = new SimNode(simulation, network, 0, random.split());
    ours.tamper(planted);
    ours.speaksUpTo(VERSIONS[random.nextInt(VERSIONS.length)]);
    SimDrive drive = new SimDrive(BACKING_BYTES, 0);
    ours.addDrive(0, drive);
    new DriveMetadata(drive).create(random.nextLong());
    theirDisk = new KernelDisk(drive.layout().usableSectors());
    sockets = new KernelSockets(simulation, network, random.split(), settings);
    theirs = new KernelPeer(simulation, sockets, theirDisk, random.split(), settings);
  }

  private static KernelDigests digests(Prng random) {
    return new KernelDigests(
        random.nextInt(3) == 0 ? Optional.of(DigestAlgorithm.MD5) : Optional.empty(),
        random.nextInt(2) == 0 ? Optional.of(DigestAlgorithm.SHA1) : Optional.empty(),
        random.nextInt(3) == 0 ? Optional.of(DigestAlgorithm.CRC32C) : Optional.empty());
  }

  // ---- ours

  void startOurs() {
    if (ours.isRunning()) {
      return;
    }
    ours.start("r0", OptionValues.DEFAULTS, EpochEnd.FLUSH);
    command(new AdminCommand.NewVolume(0, 0, diskOptions));
    attachOurs();
    connectOurs();
  }

  /// A drive that works, unless it is attached.
  void attachOurs() {
    if (!ours.isRunning() || ours.hasDriveOpen(0)) {
      return;
    }
    ours.drive(0).health().failing(SimDrive.Failing.NOTHING);
    ours.connectDrive(0);
    try {
      AdminCommand attach =
          new AdminCommand.Attach(
              0,
              new DriveMetadata(ours.drive(0)).readForAttach(),
              Optional.of(ours.drive(0).undo().found()));
      ours.admin(
          attach,
          result -> {
            if (!result.isSuccess() && ours.isDriveIdle(0)) {
              ours.releaseDrive(0);
            }
          });
    } catch (MetadataException broken) {
      throw new Misbehaved("our metadata: " + broken.getMessage());
    }
  }

  void connectOurs() {
    command(new AdminCommand.Connect(net, false, false));
  }

  /// After a split brain: ours is to be overwritten.
  void connectOursDiscarding() {
    command(new AdminCommand.Connect(net, true, false));
  }

  void command(AdminCommand command) {
    ours.admin(command, _ -> {});
  }

  /// Ends our process; where the other disk does not count, or this one will be taken for a crashed
  /// Primary's, in a way that keeps what the machine has in its cache.
  void crashOurs(boolean isOnlyCopy) {
    if (isOurPrimary() || isOnlyCopy) {
      ours.end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING);
    } else {
      ours.end(SimNode.Ending.POWER_CUT, SimStore.Keep.ANYTHING);
    }
  }

  Optional<StateWord> ourState() {
    return ours.status()
        .map(ResourceStatus::volumes)
        .filter(volumes -> !volumes.isEmpty())
        .map(volumes -> volumes.get(0).state());
  }

  ConnectionState ourConn() {
    return ourState().map(StateWord::conn).orElse(ConnectionState.STAND_ALONE);
  }

  DiskState ourDisk() {
    return ourState().map(StateWord::disk).orElse(DiskState.DISKLESS);
  }

  boolean isOurPrimary() {
    return ourState().filter(state -> state.role() == Role.PRIMARY).isPresent();
  }

  // ---- theirs

  boolean theyRun() {
    return theyRun;
  }

  void startTheirs() {
    if (!theyRun) {
      theyRun = true;
      theirs.attach();
      sockets.start(theirs);
    }
  }

  /// Ends their machine; a disk whose data no other one has keeps its cache, as if only the kernel
  /// had stopped.
  void crashTheirs(boolean isOnlyCopy) {
    simulation.trace().line("kernel crashes");
    theyRun = false;
    if (isTheirPrimary() || isOnlyCopy) {
      theirDisk.flush();
    }
    theirs.crash();
    sockets.powerCut();
  }

  void disconnectTheirs(Runnable then) {
    theirs
        .commands()
        .disconnect(() -> {
          sockets.disconnect();
          then.run();
        });
  }

  void connectTheirs() {
    if (theyRun && !sockets.wantsConnection()) {
      sockets.connect();
    }
  }

  boolean isTheirPrimary() {
    return theirs.state().role() == Role.PRIMARY;
  }

  KernelDisk theirDisk() {
    return theirDisk;
  }

  // ---- both

  boolean isConnected() {
    return ourConn() == ConnectionState.CONNECTED
        && theirs.state().conn() == ConnectionState.CONNECTED;
  }

  boolean isAnyUpToDate() {
    return theirs.state().disk() == DiskState.UP_TO_DATE
        || ourState().filter(state -> state.disk() == DiskState.UP_TO_DATE).isPresent();
  }

  boolean isUpToDate() {
    return isGood(theirs.state()) && ourState().filter(KernelWorld::isGood).isPresent();
  }

  private static boolean isGood(StateWord state) {
    return state.conn() == ConnectionState.CONNECTED
        && state.disk() == DiskState.UP_TO_DATE
        && state.pdsk() == DiskState.UP_TO_DATE;
  }

  /// Are both Connected, with good data at least at one of them?
  boolean isWorking() {
    return isConnected() && isAnyUpToDate();
  }

  /// Does each have good data that the other one will not take?
  boolean isApart() {
    return ourConn() == ConnectionState.STAND_ALONE
        && ourDisk() == DiskState.UP_TO_DATE
        && theirs.state().disk() == DiskState.UP_TO_DATE;
  }

  boolean isVerifying() {
    ConnectionState conn = ourConn();
    return theirs.isVerifying()
        || conn == ConnectionState.VERIFY_S
        || conn == ConnectionState.VERIFY_T;
  }

  /// Does an admin wait for an answer?
  boolean hasOpenCommands() {
    return ours.unansweredCommands() > 0 || !theirs.commands().isIdle();
  }

  /// Is nothing under way between the two?
  boolean isQuiet() {
    return theirs.isQuiet()
        && ours.isDriveIdle(0)
        && ours.status()
            .filter(status -> status.epochs() <= 1)
            .map(status -> status.volumes().get(0).counters())
            .filter(counters -> counters.unacked() == 0 && counters.peerPending() == 0)
            .isPresent();
  }

  /// Fails unless nothing is out of sync and both disks hold the same.
  void compareDisks() {
    if (theirDisk.bitsSet() > 0) {
      throw new Misbehaved(theirDisk.bitsSet() + " blocks are left out of sync");
    }
    for (int block = 0; block < theirDisk.blocks(); block++) {
      byte[] expected = theirDisk.block(block);
      byte[] found = ours.drive(0).data().block(block);
      if (!Arrays.equals(Arrays.copyOf(found, expected.length), expected)) {
        throw new Misbehaved("block " + block + " differs");
      }
    }
  }

  /// Everything gets through again.
  void openPaths() {
    network.open(0, true);
    network.open(1, true);
  }

  void run(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  void await(BooleanSupplier condition, String what) {
    if (!simulation.runUntil(simulation.nowNanos() + PATIENCE_NANOS, condition)) {
      throw new Misbehaved(
          "waited in vain: %s; ours %s, theirs %s".formatted(what, ourState(), theirs.state()));
    }
  }
}
