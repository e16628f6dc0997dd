package org.twincore.sim.recorded;

import java.util.List;
import java.util.function.BiConsumer;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.Ending;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// The second cluster of a seed, from its first sync to its last act.
public final class RecordedRun {
  private static final int ACTS_MAX = 4;

  private final long seed;
  private final Trace trace;
  private final Duo duo;
  private final Prng random;
  private long operations;

  /// How a run ended: `checker` is empty if all was well.
  public record Ended(long seed, String checker, String message, long traceHash, long operations) {
    public boolean isFine() {
      return checker.isEmpty();
    }

    /// One line.
    @Override
    public String toString() {
      return "second cluster of seed %d: %s hash %016x, %d operations"
          .formatted(
              seed, isFine() ? "FINE" : checker + " (" + message + ")", traceHash, operations);
    }
  }

  /// A run that a seed decides; `trace` gets its lines.
  public RecordedRun(long seed, Trace trace) {
    this.seed = seed;
    this.trace = trace;
    this.random = new Prng(seed * 31 + 9);
    Terms terms = Terms.draw(random);
    trace.line("the second cluster: " + terms);
    duo = new Duo(terms, random.split(), trace);
  }

  /// The nodes, for planted faults.
  public List<SimNode> nodes() {
    return duo.nodes;
  }

  /// Runs it all; `watcher` and `answered` hear of what is reached.
  public Ended toEnd(NodeWatcher watcher, BiConsumer<AdminCommand, AdminResult> answered) {
    duo.watch(watcher, answered);
    Ending ending = Ending.of(this::play);
    return new Ended(seed, ending.checker(), ending.message(), trace.hash(), operations);
  }

  private void play() {
    firstSync();
    long lastValue = 0;
    for (int acts = random.nextInt(1, ACTS_MAX); acts > 0; acts--) {
      Recording recording = new Recording(duo.view, duo.contents(0), lastValue);
      new Act(duo, random.split(), recording).play();
      lastValue = recording.lastValue();
      operations += recording.operations();
    }
  }

  private void firstSync() {
    duo.programs.forEach(each -> each.hurry(true));
    for (SimNode node : duo.nodes) {
      new DriveMetadata(node.drive(0)).create(random.nextLong());
    }
    duo.admins.forEach(NodeAdmin::up);
    duo.await("a connection", () -> duo.isConnected(0) && duo.isConnected(1));
    duo.command(0, new AdminCommand.Primary(0, true));
    duo.await("the first sync", () -> duo.isHealthy() && duo.areAdminsIdle());
  }
}
