package org.twincore.sim.check;

import java.util.Arrays;
import org.twincore.sim.world.Simulation;

/// How a run ended: which checker saw its rule broken, and its words; both empty if all was well.
public record Ending(String checker, String message) {
  private static final int STACK_LINES = 8;

  /// Plays it to its end, whatever that is.
  public static Ending of(Runnable play) {
    try {
      play.run();
      return new Ending("", "");
    } catch (Violation violation) {
      return new Ending(violation.checker(), String.valueOf(violation.getMessage()));
    } catch (Simulation.Stuck stuck) {
      return new Ending("Progress", String.valueOf(stuck.getMessage()));
    } catch (RuntimeException crash) {
      StackTraceElement[] stack = crash.getStackTrace();
      return new Ending(
          "Crash",
          crash + " at " + Arrays.asList(stack).subList(0, Math.min(STACK_LINES, stack.length)));
    }
  }
}
