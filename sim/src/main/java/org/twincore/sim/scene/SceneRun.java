package org.twincore.sim.scene;

import java.util.List;
import java.util.function.BiConsumer;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.Ending;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// The scene of a seed: which one it is and its timing are drawn. First both disks become equal;
/// after the scene they have to be so again, with every write that was answered and whose side
/// stands.
public final class SceneRun {
  private static final long QUIET_NANOS = 5 * Simulation.SECOND;

  private final long seed;
  private final Trace trace;
  private final Scene scene;
  private final Stage stage;

  /// How a run ended: `checker` is empty if all was well.
  public record Ended(long seed, String scene, String checker, String message, long traceHash) {
    public boolean isFine() {
      return checker.isEmpty();
    }

    /// One line.
    @Override
    public String toString() {
      return "scene of seed %d: %s: %s hash %016x"
          .formatted(seed, scene, isFine() ? "FINE" : checker + " (" + message + ")", traceHash);
    }
  }

  /// A run that a seed decides; `trace` gets its lines.
  public SceneRun(long seed, Trace trace) {
    this.seed = seed;
    this.trace = trace;
    Prng random = new Prng(seed * 31 + 11);
    Scene[] all = Scene.values();
    scene = all[random.nextInt(all.length)];
    Setting setting = scene.setting(random);
    trace.line("the scene: " + scene + " " + setting);
    stage = new Stage(setting, random.split(), trace);
  }

  /// Both nodes, to plant a fault into.
  public List<SimNode> nodes() {
    return stage.nodes;
  }

  /// Runs it all; `watcher` and `answered` hear of what is reached.
  public Ended toEnd(NodeWatcher watcher, BiConsumer<AdminCommand, AdminResult> answered) {
    stage.watch(watcher, answered);
    Ending ending = Ending.of(this::play);
    return new Ended(seed, scene.name(), ending.checker(), ending.message(), trace.hash());
  }

  private void play() {
    stage.firstSync();
    trace.line("now: " + scene);
    scene.play(stage);
    trace.line("the scene is over");
    stage.pass(QUIET_NANOS);
    stage.awaitHealth();
    stage.checks.atRest();
    for (int node = 0; node < 2; node++) {
      stage.role(1 - node, false);
      stage.write(node, 1);
    }
    stage.pass(QUIET_NANOS);
    stage.checks.atRest();
  }
}
