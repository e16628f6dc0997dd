package org.twincore.sim.world;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.engine.port.Link;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;

/// The network as one process sees it, from its start to its end.
public final class SimLink implements Link {
  private static final long CLOSE_PATIENCE_NANOS = Simulation.SECOND;
  private static final byte[] NOTHING = new byte[0];

  private final SimNetwork network;
  private final int node;
  private final EventSink sink;
  private final TreeMap<Long, SimSocket> sockets = new TreeMap<>();
  private final ByteBuffer head = ByteBuffer.allocate(PacketEncoder.BYTES_MAX);
  private long lastSocket;
  private boolean isListening;
  private boolean isEnded;

  SimLink(SimNetwork network, int node, EventSink sink) {
    this.network = network;
    this.node = node;
    this.sink = sink;
  }

  int node() {
    return node;
  }

  boolean isEnded() {
    return isEnded;
  }

  boolean isListening() {
    return isListening && !isEnded;
  }

  @Override
  public void carryOut(Effect.OfLink effect) {
    switch (effect) {
      case Effect.Listen _ -> isListening = true;
      case Effect.StopListening _ -> isListening = false;
      case Effect.Dial(long attempt, long timeoutNanos) ->
          network.dial(this, attempt, network.simulation().nowNanos() + timeoutNanos);
      case Effect.Send send -> send(send);
      case Effect.LimitBody(long number, int limitBodyBytes) -> {
        SimSocket socket = sockets.get(number);
        if (socket != null) {
          socket.limitBody(limitBodyBytes);
        }
      }
      case Effect.LimitBlocked(long number, long nanos) -> {
        SimSocket socket = sockets.get(number);
        if (socket != null) {
          socket.limitBlocked(nanos);
        }
      }
      case Effect.PauseReading(long number) -> reading(number, false);
      case Effect.ResumeReading(long number) -> reading(number, true);
      case Effect.CloseSocket(long number) -> close(number);
    }
  }

  private void send(Effect.Send send) {
    SimSocket socket = sockets.get(send.socket());
    if (socket == null) {
      return;
    }
    Payload payload = send.payload();
    int claimed = send.packet().payloadBytes();
    int there = payload == null ? 0 : payload.lengthBytes();
    if (claimed != there) {
      throw new IllegalArgumentException(
          send.packet() + " announces " + claimed + " bytes and brings " + there);
    }
    head.clear();
    PacketEncoder.encode(send.framing(), send.volume(), send.packet(), head);
    byte[] bytes = Arrays.copyOf(head.array(), head.position());
    Runnable accepted = send.token() == 0 ? () -> {} : () -> sent(socket, send.token());
    if (payload == null) {
      socket.send(bytes, NOTHING, 0, 0, accepted);
    } else {
      socket.send(bytes, payload.array(), payload.arrayOffset(), there, accepted);
    }
  }

  /// Puts bytes on a socket that need not be packets.
  void noise(long number, byte[] bytes) {
    SimSocket socket = sockets.get(number);
    if (socket != null) {
      socket.send(bytes, NOTHING, 0, 0, () -> {});
    }
  }

  private void sent(SimSocket socket, long token) {
    network
        .simulation()
        .after(
            Simulation.MICROSECOND,
            () -> {
              if (socket.isOpen()) {
                post(new Event.Sent(socket.number(), token));
              }
            });
  }

  private void reading(long number, boolean on) {
    SimSocket socket = sockets.get(number);
    if (socket != null) {
      network.simulation().after(0, () -> socket.reading(on));
    }
  }

  private void close(long number) {
    SimSocket socket = sockets.remove(number);
    if (socket != null) {
      socket.close();
      network.simulation().after(CLOSE_PATIENCE_NANOS, socket::hurry);
    }
  }

  // ---- from the network

  void dialFailed(long attempt, String cause) {
    post(new Event.DialFailed(attempt, cause));
  }

  void dialed(long attempt, SimSocket socket) {
    register(socket);
    socket.reading(true);
    post(new Event.Dialed(attempt, socket.number()));
  }

  void accepted(SimSocket socket) {
    if (!isListening()) {
      socket.breakConnection();
      return;
    }
    register(socket);
    post(new Event.Accepted(socket.number()));
    network.simulation().after(Simulation.MICROSECOND, () -> socket.reading(true));
  }

  private void register(SimSocket socket) {
    socket.number(++lastSocket);
    sockets.put(lastSocket, socket);
  }

  void arrived(Event.PacketArrived event) {
    post(event);
  }

  void blocked(SimSocket socket) {
    if (sockets.containsKey(socket.number())) {
      post(new Event.SendBlocked(socket.number()));
    }
  }

  void closed(SimSocket socket, String cause, WireFormatException.@Nullable Fault fault) {
    if (sockets.remove(socket.number()) != null) {
      post(new Event.SocketClosed(socket.number(), cause, fault));
    }
  }

  private void post(Event event) {
    if (!isEnded) {
      sink.post(event);
    }
  }

  void end() {
    isEnded = true;
    isListening = false;
    sockets.clear();
  }
}
