package org.twincore.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SimulationTest {
  private final Simulation simulation = new Simulation(Trace.silent());
  private final List<String> done = new ArrayList<>();

  @Test
  void runsByTimeAndThenByOrderOfAsking() {
    simulation.after(20, () -> done.add("late"));
    simulation.after(10, () -> done.add("first"));
    simulation.after(10, () -> done.add("second"));
    simulation.runUntil(15);
    assertEquals(List.of("first", "second"), done);
    assertEquals(15, simulation.nowNanos());
    simulation.runUntil(20);
    assertEquals(List.of("first", "second", "late"), done);
  }

  @Test
  void stopsRightAfterTheActionThatWasAwaited() {
    simulation.after(10, () -> done.add("awaited"));
    simulation.after(10, () -> done.add("other"));
    assertTrue(simulation.runUntil(100, () -> !done.isEmpty()));
    assertEquals(List.of("awaited"), done);
    assertFalse(simulation.runUntil(100, () -> false));
  }

  @Test
  void noticesThatTimeStandsStill() {
    simulation.after(1, this::again);
    assertThrows(Simulation.Stuck.class, () -> simulation.runUntil(10));
  }

  private void again() {
    simulation.after(0, this::again);
  }

  @Test
  void hashTellsCoursesApart() {
    Trace other = Trace.silent();
    Simulation second = new Simulation(other);
    simulation.after(1, () -> simulation.trace().line("same"));
    second.after(1, () -> other.line("same"));
    simulation.runUntil(5);
    second.runUntil(5);
    assertEquals(simulation.trace().hash(), other.hash());
    other.detail(7, () -> "a packet");
    assertNotEquals(simulation.trace().hash(), other.hash());
  }
}
