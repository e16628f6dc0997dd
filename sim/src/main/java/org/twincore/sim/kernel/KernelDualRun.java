package org.twincore.sim.kernel;

import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// One node of ours and a scripted one, both Primary, whose applications write to the same blocks
/// at once, from one seed.
///
/// In each round both are promoted and have their load; in some the connection breaks in the midst
/// of it. A kernel's node that decides a conflict never answers the barrier behind it, so that the
/// connection ends when `ko-count` says so; the two are a split brain then, and ours is discarded.
/// After each round both disks are equal, and over all of them each block was a regular register.
public final class KernelDualRun {
  private static final int ROUNDS = 5;
  private static final int REQUESTS_MAX = 90;
  private static final long BREAK_NANOS = 150 * Simulation.MILLISECOND;
  private static final long APART_NANOS = 2 * Simulation.SECOND;
  private static final int DEMOTIONS = 10;

  /// How a run ended.
  ///
  /// @param problem empty if all is well
  /// @param answered writes that were answered
  /// @param conflicts rounds that ended with a lost connection though nothing broke it
  public record Ended(
      long seed, Optional<String> problem, int answered, int conflicts, long traceHash) {
    public boolean isFine() {
      return problem.isEmpty();
    }
  }

  private final long seed;
  private final KernelWorld world;
  private final KernelDualLoad load;
  private int conflicts;
  private boolean isBroken;

  /// A run whose node of ours is tampered with by `planted`.
  public KernelDualRun(long seed, Trace trace, Tamper planted) {
    this.seed = seed;
    world = new KernelWorld(seed, trace, planted, KernelWorld.Primaries.TWO);
    load = new KernelDualLoad(world);
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
      for (int i = 0; i < ROUNDS; i++) {
        round();
      }
      load.check();
    } catch (Misbehaved | Simulation.Stuck found) {
      world.simulation.trace().line("PROBLEM " + found.getMessage());
      problem = Optional.of(String.valueOf(found.getMessage()));
    }
    return new Ended(seed, problem, load.answered(), conflicts, world.simulation.trace().hash());
  }

  private void begin() {
    world.startOurs();
    world.startTheirs();
    world.await(world::isConnected, "the first connection");
    world.command(new AdminCommand.NewCurrentUuid(0, true));
    world.await(world::isUpToDate, "both to be UpToDate");
  }

  private void round() {
    world.simulation.trace().line("both are promoted");
    world.command(new AdminCommand.Primary(0, false));
    world.await(world::isOurPrimary, "ours to be Primary");
    world.theirs.commands().becomePrimary();
    world.await(world::isTheirPrimary, "theirs to be Primary");
    isBroken = false;
    if (world.random.nextInt(5) == 0) {
      world.simulation.after(world.random.nextLong(BREAK_NANOS), this::breakIfBusy);
    }
    load.begin(world.random.nextInt(REQUESTS_MAX));
    world.await(load::isIdle, "every request to be answered");
    world.await(
        () -> !world.isUpToDate() || !isBroken && world.isQuiet(), "every barrier, or an end");
    if (world.isUpToDate()) {
      demote();
      reconnectPerhaps();
    } else {
      conflicts += isBroken ? 0 : 1;
      meetAgain();
    }
    world.await(() -> world.isUpToDate() && world.isQuiet(), "both to be UpToDate");
    world.compareDisks();
    load.met();
  }

  private void breakIfBusy() {
    if (!load.isIdle()) {
      isBroken = true;
      world.network.breakConnection();
    }
  }

  /// Another node may be the one that decides conflicts then.
  private void reconnectPerhaps() {
    if (world.random.nextBoolean()) {
      world.command(new AdminCommand.Disconnect(false));
      world.run(APART_NANOS);
      world.connectOurs();
    }
  }

  /// Our node refuses while it is in the middle of a handshake.
  private void demote() {
    for (int i = 0; i < DEMOTIONS && world.isOurPrimary(); i++) {
      world.command(new AdminCommand.Secondary(0));
      world.run(APART_NANOS);
    }
    world.await(() -> !world.isOurPrimary(), "ours to be Secondary");
    world.theirs.commands().becomeSecondary();
    world.await(() -> !world.isTheirPrimary(), "theirs to be Secondary");
  }

  private void meetAgain() {
    world.simulation.trace().line("the connection was lost");
    world.run(APART_NANOS);
    demote();
    world.run(APART_NANOS);
    if (world.isUpToDate()) {
      return;
    }
    if (world.ourConn() != ConnectionState.STAND_ALONE) {
      world.command(new AdminCommand.Disconnect(true));
      world.await(() -> world.ourConn() == ConnectionState.STAND_ALONE, "ours to stand alone");
    }
    world.connectOursDiscarding();
  }
}
