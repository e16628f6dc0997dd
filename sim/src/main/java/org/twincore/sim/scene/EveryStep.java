package org.twincore.sim.scene;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.check.Ending;
import org.twincore.sim.world.NodeAdmin;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.Prng;

/// One [Course] with one [Deed] at one node, right behind one step of either node: played for every
/// step, nothing is left to chance. Afterwards all heals, the nodes come together, and every
/// promise has to have been kept.
public final class EveryStep {
  private static final long LOOK_NANOS = 250 * Simulation.MILLISECOND;

  /// So often connected, or attached, in vain makes a split brain.
  private static final int REFUSALS_MAX = 8;

  private final Case which;
  private final Trace trace;
  private final Stage stage;
  private int steps;
  private boolean counts;
  private boolean isMended;
  private int refusals;

  /// Which course, which deed, at which node, and behind which step of the course, counted from 1.
  public record Case(String course, String deed, int node, int step) {}

  /// How it ended: `checker` is empty if all was well; `steps` were counted in the course.
  public record Ended(Case which, String checker, String message, int steps) {
    public boolean isFine() {
      return checker.isEmpty();
    }

    /// One line.
    @Override
    public String toString() {
      return "%s: %s".formatted(which, isFine() ? "FINE" : checker + " (" + message + ")");
    }
  }

  /// One case; `trace` gets its lines.
  public EveryStep(Case which, Trace trace) {
    this.which = which;
    this.trace = trace;
    Prng random = new Prng(Course.valueOf(which.course).ordinal() * 31L + 13);
    Setting setting =
        Course.valueOf(which.course).setting(Setting.draw(random).net(Option.PROTOCOL, "C"));
    stage = new Stage(setting, random.split(), trace);
    for (SimNode node : stage.nodes) {
      node.watch(
          new NodeWatcher() {
            @Override
            public void stepped(SimNode stepping) {
              if (counts && ++steps == which.step) {
                stage.simulation.after(0, () -> Deed.valueOf(which.deed).happen(stage, which.node));
              }
            }
          });
    }
  }

  /// How many steps a course has when nothing goes wrong.
  public static int stepsOf(String course) {
    Ended ended = new EveryStep(new Case(course, Deed.KILL.name(), 0, 0), Trace.silent()).toEnd();
    if (!ended.isFine()) {
      throw new IllegalStateException(ended.toString());
    }
    return ended.steps();
  }

  /// Both nodes, to plant a fault into.
  public List<SimNode> nodes() {
    return stage.nodes;
  }

  /// Plays it.
  public Ended toEnd() {
    stage.watch(new NodeWatcher() {}, (_, _) -> {});
    Ending ending = Ending.of(this::play);
    return new Ended(which, ending.checker(), ending.message(), steps);
  }

  private void play() {
    Course course = Course.valueOf(which.course);
    stage.firstSync();
    course.prepare(stage);
    trace.line("now: " + which);
    counts = true;
    course.run(stage);
    counts = false;
    heal();
    look();
    stage.await("an end", this::isOver);
    stage.pass(Simulation.SECOND);
    stage.await("an end that lasts", this::isOver);
    isMended = true;
    stage.close();
    stage.pass(Simulation.SECOND);
    stage.awaitHealth();
    stage.checks.atRest();
    for (int node = 0; node < 2; node++) {
      stage.role(1 - node, false);
      stage.write(node, 1);
    }
    stage.pass(Simulation.SECOND);
    stage.checks.atRest();
  }

  private boolean isOver() {
    return stage.isHealthy()
        && stage.areAdminsIdle()
        && !stage.state(0).isSuspended()
        && !stage.state(1).isSuspended();
  }

  private void heal() {
    trace.line("everything heals");
    stage.linkIs(true);
    for (SimNode node : stage.nodes) {
      node.drive(0).health().failing(SimDrive.Failing.NOTHING);
    }
  }

  /// What an admin does about what he finds, four times a second.
  private void look() {
    if (isMended) {
      return;
    }
    stage.simulation.after(LOOK_NANOS, this::look);
    if (isApart(0) || isApart(1)) {
      refusals++;
      if (refusals % REFUSALS_MAX == 0) {
        settle();
        return;
      }
    }
    for (NodeAdmin admin : stage.admins) {
      if (!admin.node().isRunning()) {
        admin.up();
      } else if (admin.isIdle()) {
        mend(admin);
      }
    }
  }

  private boolean isApart(int node) {
    return stage.standsAlone(node) || lacksDisk(stage.nodes.get(node));
  }

  private boolean lacksDisk(SimNode node) {
    return stage.state(node.id()).disk() == DiskState.DISKLESS && !node.hasDriveOpen(0);
  }

  /// Each has begun a generation for the other's loss: the side that has to have everything stands.
  private void settle() {
    boolean isFirstWhole = stage.view.lineage().isComplete(0, 0);
    boolean isSecondWhole = stage.view.lineage().isComplete(1, 0);
    int victim = isFirstWhole && (!isSecondWhole || !stage.view.board().isPrimary(1, 0)) ? 1 : 0;
    trace.line("the admin gives up what node " + victim + " has");
    for (int node : new int[] {victim, 1 - victim}) {
      if (!stage.standsAlone(node)) {
        stage.begin(node, new AdminCommand.Disconnect(true));
      }
    }
    stage.stopAt(stage.nodes.get(victim));
    if (stage.view.board().isPrimary(victim, 0)) {
      stage.begin(victim, new AdminCommand.Secondary(0));
    }
    stage.goOnWith(1 - victim);
    if (lacksDisk(stage.nodes.get(victim))) {
      stage.admins.get(victim).attach(0);
    }
    stage.admins.get(victim).connect(true);
    stage.admins.get(1 - victim).connect(false);
  }

  private void mend(NodeAdmin admin) {
    SimNode node = admin.node();
    StateWord state = stage.state(node.id());
    if (state.susp()) {
      admin.command(new AdminCommand.ResumeIo(0));
    }
    if (state.userIsp()) {
      admin.command(new AdminCommand.ResumeSync(0));
    }
    boolean lacksDisk = lacksDisk(node);
    boolean standsAlone = state.conn() == ConnectionState.STAND_ALONE;
    if (lacksDisk && standsAlone && state.role() == Role.PRIMARY) {
      stage.stopAt(node);
      admin.command(new AdminCommand.Secondary(0));
    } else if (lacksDisk) {
      admin.attach(0);
    }
    if (standsAlone) {
      admin.connect(false);
    }
  }
}
