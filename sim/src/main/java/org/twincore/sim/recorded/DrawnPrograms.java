package org.twincore.sim.recorded;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.sim.check.ClusterView;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.testkit.Prng;

/// The handler programs of one node (docs/handlers.md): some take their time, fail, are missing, or
/// hang until the time limit. What `fence-peer` says is true: the peer was cut off from its power,
/// or has outdated its disk, or does not run, or is Primary; or nobody knows.
final class DrawnPrograms implements SimNode.Programs {
  /// `handler-timeout`, and what counts as the exit code of a program that reaches it.
  private static final long LIMIT_NANOS = 30 * Simulation.SECOND;

  private static final int ENDED_AT_LIMIT = 20;
  private static final int MISSING = 127;
  private static final int FAILED = 1;

  /// What both nodes' programs are like in a run.
  record Manner(boolean cutsPower, boolean rebootsLosers, int troubleOneIn) {
    /// Of two Primaries only one without power stops to be one.
    static Manner draw(Prng random, boolean allowsTwo) {
      int[] often = {2, 4, 1_000_000};
      return new Manner(
          random.nextBoolean() || allowsTwo,
          random.nextInt(3) == 0,
          often[random.nextInt(often.length)]);
    }
  }

  private enum Course {
    WELL,
    FAILS,
    MISSING,
    HANGS
  }

  private final ClusterView view;
  private final SimNode node;
  private final Prng random;
  private final Manner manner;
  private final List<AdminResult> outdated = new ArrayList<>();
  private final TreeMap<String, Course> courses = new TreeMap<>();
  private boolean isHasty;

  DrawnPrograms(ClusterView view, SimNode node, Prng random, Manner manner) {
    this.view = view;
    this.node = node;
    this.random = random;
    this.manner = manner;
  }

  /// From now on, or until `false`, all of them do what they should, at once.
  void hurry(boolean hasty) {
    isHasty = hasty;
  }

  /// Do they cut off the peer's power?
  boolean cutPower() {
    return manner.cutsPower;
  }

  private Course course() {
    if (isHasty || random.nextInt(manner.troubleOneIn) != 0) {
      return Course.WELL;
    }
    Course[] courses = Course.values();
    return courses[random.nextInt(1, courses.length)];
  }

  @Override
  public long takesNanos(String handler) {
    Course course = course();
    courses.put(handler, course);
    if (handler.equals("fence-peer") && course == Course.WELL && !manner.cutsPower) {
      askToOutdate();
    }
    return switch (course) {
      case WELL, FAILS -> isHasty ? 0 : random.nextLong(2 * Simulation.SECOND);
      case MISSING -> 0;
      case HANGS -> LIMIT_NANOS;
    };
  }

  private SimNode peer() {
    return view.node(1 - node.id());
  }

  /// Another way leads to the peer than the one that DRBD uses.
  private void askToOutdate() {
    outdated.clear();
    peer().admin(new AdminCommand.Outdate(0), outdated::add);
  }

  @Override
  public int exitCode(String handler) {
    return switch (courses.getOrDefault(handler, Course.WELL)) {
      case WELL -> doesWell(handler);
      case FAILS -> FAILED;
      case MISSING -> MISSING;
      case HANGS -> ENDED_AT_LIMIT;
    };
  }

  private int doesWell(String handler) {
    return switch (handler) {
      case "fence-peer" -> fenced();
      case "pri-lost", "pri-lost-after-sb" -> {
        if (manner.rebootsLosers) {
          end(node);
        }
        yield 0;
      }
      default -> 0;
    };
  }

  private int fenced() {
    if (manner.cutsPower) {
      end(peer());
      return 7;
    }
    if (!peer().isRunning()) {
      return 5;
    }
    if (view.board().isPrimary(peer().id(), 0)) {
      return 6;
    }
    if (view.state(peer().id(), 0).disk() == DiskState.INCONSISTENT) {
      return 3;
    }
    boolean isOutdated = !outdated.isEmpty() && outdated.getFirst().isSuccess();
    return isOutdated ? 4 : FAILED;
  }

  private void end(SimNode victim) {
    SimStore.Keep[] keeps = SimStore.Keep.values();
    victim.end(SimNode.Ending.POWER_CUT, keeps[random.nextInt(keeps.length)]);
  }
}
