package org.twincore.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.Prng;

class SimNetworkTest {
  private static final Packet PING = new Packet.Empty(PacketType.PING);

  private final Simulation simulation = new Simulation(Trace.silent());
  private final SimNetwork network = new SimNetwork(simulation, new Prng(5));
  private final List<Event> atA = new ArrayList<>();
  private final List<Event> atB = new ArrayList<>();
  private final SimLink a = network.link(0, atA::add);
  private final SimLink b = network.link(1, atB::add);

  @BeforeEach
  void connect() {
    b.carryOut(new Effect.Listen());
    a.carryOut(new Effect.Dial(1, Simulation.SECOND));
    run(Simulation.SECOND);
    assertEquals(List.of(new Event.Dialed(1, 1)), atA);
    assertEquals(List.of(new Event.Accepted(1)), atB);
    atA.clear();
    atB.clear();
  }

  private void run(long nanos) {
    simulation.runUntil(simulation.nowNanos() + nanos);
  }

  private static Effect.Send send(Packet packet, @Nullable Payload payload, long token) {
    return new Effect.Send(1, Framing.H100, 0, packet, payload, token);
  }

  @Test
  void packetsGoThroughTheCodecInOrder() {
    Payload data = Payload.of(new byte[8192]);
    Packet write = new Packet.Data(PacketType.DATA, 8, 77, 1, DpFlags.SEND_WRITE_ACK, 8192);
    b.carryOut(new Effect.LimitBody(1, 1 << 20));
    a.carryOut(send(write, data, 9));
    a.carryOut(send(PING, null, 0));
    run(Simulation.SECOND);
    assertEquals(
        List.of(
            new Event.PacketArrived(1, Framing.H100, 0, write, data),
            new Event.PacketArrived(1, Framing.H100, 0, PING, null)),
        atB);
    assertEquals(List.of(new Event.Sent(1, 9)), atA);
  }

  @Test
  void aBodyAboveTheLimitClosesTheSocketAsMalformed() {
    Packet write = new Packet.Data(PacketType.DATA, 8, 77, 1, 0, 8192);
    a.carryOut(send(write, Payload.of(new byte[8192]), 0));
    run(Simulation.SECOND);
    Event.SocketClosed closed = assertInstanceOf(Event.SocketClosed.class, atB.getFirst());
    assertEquals(WireFormatException.Fault.BODY, closed.fault());
    assertInstanceOf(Event.SocketClosed.class, atA.getFirst());
  }

  @Test
  void aClosedPathDelaysAndOneWayIsEnough() {
    network.open(0, false);
    a.carryOut(send(PING, null, 0));
    b.carryOut(send(PING, null, 0));
    run(10 * Simulation.SECOND);
    assertEquals(List.of(), atB);
    assertEquals(1, atA.size());
    network.open(0, true);
    run(Simulation.SECOND);
    assertEquals(1, atB.size());
  }

  @Test
  void aFullWindowHoldsBackSentUntilThePeerReads() {
    network.path(0).window(10_000);
    b.carryOut(new Effect.LimitBody(1, 1 << 20));
    b.carryOut(new Effect.PauseReading(1));
    run(Simulation.MILLISECOND);
    Packet write = new Packet.Data(PacketType.DATA, 8, 77, 1, 0, 8192);
    a.carryOut(send(write, Payload.of(new byte[8192]), 1));
    a.carryOut(send(write, Payload.of(new byte[8192]), 2));
    run(Simulation.SECOND);
    assertEquals(List.of(new Event.Sent(1, 1)), atA);
    b.carryOut(new Effect.ResumeReading(1));
    run(Simulation.SECOND);
    assertEquals(List.of(new Event.Sent(1, 1), new Event.Sent(1, 2)), atA);
  }

  @Test
  void closingDeliversWhatWasSentBefore() {
    a.carryOut(send(PING, null, 0));
    a.carryOut(new Effect.CloseSocket(1));
    run(2 * Simulation.SECOND);
    assertEquals(2, atB.size());
    assertInstanceOf(Event.SocketClosed.class, atB.getLast());
    assertEquals(List.of(), atA);
  }

  @Test
  void aBrokenConnectionIsTheEndForBoth() {
    a.carryOut(send(PING, null, 0));
    assertTrue(network.breakConnection());
    run(Simulation.SECOND);
    assertInstanceOf(Event.SocketClosed.class, atA.getLast());
    assertInstanceOf(Event.SocketClosed.class, atB.getLast());
    assertEquals(1, atB.size());
  }

  @Test
  void aKilledProcessIsNoticedAPowerCutIsNot() {
    network.powerLost(1);
    a.carryOut(send(PING, null, 0));
    run(60 * Simulation.SECOND);
    assertEquals(List.of(), atA);
    network.powerBack(1);
    a.carryOut(send(PING, null, 0));
    run(Simulation.SECOND);
    assertInstanceOf(Event.SocketClosed.class, atA.getFirst());
  }

  @Test
  void dialsAreRefusedOrTimeOut() {
    b.carryOut(new Effect.StopListening());
    a.carryOut(new Effect.Dial(2, 3 * Simulation.SECOND));
    run(Simulation.SECOND);
    assertEquals(List.of(new Event.DialFailed(2, "connection refused")), atA);
    network.open(1, false);
    a.carryOut(new Effect.Dial(3, 3 * Simulation.SECOND));
    run(2 * Simulation.SECOND);
    assertEquals(1, atA.size());
    run(2 * Simulation.SECOND);
    assertEquals(new Event.DialFailed(3, "timed out"), atA.getLast());
  }

  @Test
  void theKernelClosesTheSocketsOfAKilledProcess() {
    network.processEnded(1);
    run(Simulation.SECOND);
    assertInstanceOf(Event.SocketClosed.class, atA.getFirst());
  }
}
