package org.twincore.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.testkit.Prng;

class SimNodeTest {
  private final Simulation simulation = new Simulation(Trace.silent());
  private final SimNetwork network = new SimNetwork(simulation, new Prng(1));
  private final SimNode node = new SimNode(simulation, network, 0, new Prng(2));
  private final List<Event> seen = new ArrayList<>();

  SimNodeTest() {
    node.watch(
        new NodeWatcher() {
          @Override
          public void event(SimNode where, Event event) {
            seen.add(event);
          }
        });
  }

  @Test
  void aStoppedProcessCatchesUp() {
    node.start("r0", OptionValues.DEFAULTS, EpochEnd.FLUSH);
    node.pauseUntil(Simulation.SECOND);
    node.deliver(new Event.AppFlush(0, 1));
    node.deliver(new Event.AppFlush(0, 2));
    assertEquals(List.of(), seen);
    simulation.runUntil(2 * Simulation.SECOND);
    assertEquals(List.of(new Event.AppFlush(0, 1), new Event.AppFlush(0, 2)), seen);
  }

  @Test
  void anEndedProcessHearsNothingMore() {
    node.start("r0", OptionValues.DEFAULTS, EpochEnd.FLUSH);
    node.pauseUntil(Simulation.SECOND);
    node.deliver(new Event.AppFlush(0, 1));
    node.end(SimNode.Ending.KILL, SimStore.Keep.EVERYTHING);
    assertFalse(node.isRunning());
    node.start("r0", OptionValues.DEFAULTS, EpochEnd.FLUSH);
    simulation.runUntil(2 * Simulation.SECOND);
    assertEquals(List.of(), seen);
    assertTrue(node.isRunning());
    assertEquals(2, node.processNumber());
  }

  @Test
  void tamperedEventsAreWhatTheResourceSees() {
    node.tamper(
        new Tamper() {
          @Override
          public List<Event> event(SimNode where, Event event) {
            return List.of(event, new Event.Tick());
          }
        });
    node.start("r0", OptionValues.DEFAULTS, EpochEnd.FLUSH);
    node.deliver(new Event.AppFlush(0, 1));
    assertEquals(List.of(new Event.AppFlush(0, 1), new Event.Tick()), seen);
  }
}
