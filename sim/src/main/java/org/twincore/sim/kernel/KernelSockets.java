package org.twincore.sim.kernel;

import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimLink;
import org.twincore.sim.world.SimNetwork;
import org.twincore.sim.world.Simulation;

/// How a scripted node gets its two sockets and what they agree on first (drbd-wire 1.2 and 1.3).
///
/// In turns it dials or waits for a while; a socket that it dials becomes data, then meta. Where
/// both nodes dial at once the older socket of a kind is closed, as a kernel's node does it.
final class KernelSockets implements KernelWire {
  private static final long DIAL_NANOS = 10 * Simulation.SECOND;
  private static final long CHECK_NANOS = 500 * Simulation.MILLISECOND;
  private static final long ROUND_NANOS = 2 * Simulation.SECOND;
  private static final long HANDSHAKE_NANOS = 2 * Simulation.SECOND;
  private static final long PING_NANOS = 10 * Simulation.SECOND;
  private static final long PONG_NANOS = 500 * Simulation.MILLISECOND;

  /// Of a packet that carries data, before the data.
  private static final int BODY_BYTES = 24;

  private final Simulation simulation;
  private final SimNetwork network;
  private final RandomGenerator random;
  private final KernelSettings settings;
  private @Nullable SimLink link;
  private @Nullable KernelPeer node;

  private long data;
  private long meta;
  private boolean acceptedMeta;
  private boolean isEstablished;
  private boolean hasSentFeatures;
  private Packet.@Nullable ConnectionFeatures heard;
  private boolean wantsConnection;
  private Features.@Nullable Agreement agreed;
  private long attempt;
  private long dialling;

  /// Changes whenever the sockets are given up.
  private int era;

  private long heardNanos;

  KernelSockets(
      Simulation simulation, SimNetwork network, RandomGenerator random, KernelSettings settings) {
    this.simulation = simulation;
    this.network = network;
    this.random = random;
    this.settings = settings;
  }

  /// The machine runs and wants its peer.
  void start(KernelPeer with) {
    node = with;
    link = network.link(1, this::event);
    connect();
  }

  /// The machine has no power.
  void powerCut() {
    era++;
    network.powerLost(1);
    link = null;
    wantsConnection = false;
    forget();
  }

  void connect() {
    wantsConnection = true;
    carryOut(new Effect.Listen());
    round(era);
  }

  /// The admin wants no connection for now.
  void disconnect() {
    wantsConnection = false;
    carryOut(new Effect.StopListening());
    giveUp();
  }

  boolean wantsConnection() {
    return wantsConnection;
  }

  private void forget() {
    data = 0;
    meta = 0;
    isEstablished = false;
    agreed = null;
    acceptedMeta = false;
    hasSentFeatures = false;
    heard = null;
    dialling = 0;
  }

  private void carryOut(Effect.OfLink effect) {
    SimLink mine = link;
    if (mine != null) {
      mine.carryOut(effect);
    }
  }

  // ---- connecting

  private void round(int ofEra) {
    if (ofEra != era || !wantsConnection || isEstablished || link == null) {
      return;
    }
    boolean needsOne = data == 0 || meta == 0;
    if (needsOne && dialling == 0 && random.nextBoolean()) {
      dialling = ++attempt;
      carryOut(new Effect.Dial(dialling, DIAL_NANOS));
    }
    simulation.after(random.nextLong(ROUND_NANOS), () -> round(ofEra));
  }

  private void event(Event event) {
    switch (event) {
      case Event.Dialed(long number, long socket) -> dialed(number, socket);
      case Event.DialFailed(long number, String _) -> dialling = number == dialling ? 0 : dialling;
      case Event.PacketArrived arrived -> arrived(arrived);
      case Event.SocketClosed(long socket, String cause, var fault) -> {
        if (fault != null) {
          throw new Misbehaved("malformed bytes: " + cause);
        }
        closed(socket);
      }
      default -> {}
    }
  }

  private void dialed(long number, long socket) {
    dialling = number == dialling ? 0 : dialling;
    if (!wantsConnection || isEstablished || data != 0 && meta != 0) {
      carryOut(new Effect.CloseSocket(socket));
    } else if (data == 0) {
      data = socket;
      initial(socket, PacketType.INITIAL_DATA);
    } else {
      meta = socket;
      acceptedMeta = false;
      initial(socket, PacketType.INITIAL_META);
    }
    checkSoon();
  }

  private void initial(long socket, PacketType type) {
    carryOut(new Effect.Send(socket, Framing.H80, 0, new Packet.Empty(type), null, 0));
  }

  private void arrived(Event.PacketArrived arrived) {
    heardNanos = simulation.nowNanos();
    Packet packet = arrived.packet();
    if (packet instanceof Packet.Empty(PacketType type)
        && (type == PacketType.INITIAL_DATA || type == PacketType.INITIAL_META)) {
      accepted(arrived.socket(), type);
    } else if (packet instanceof Packet.ConnectionFeatures theirs) {
      features(arrived.socket(), theirs);
    } else if (isEstablished && arrived.socket() == data) {
      peer().packets().arrivedOnData(packet, arrived.payload());
    } else if (isEstablished && arrived.socket() == meta) {
      peer().packets().arrivedOnMeta(packet);
    } else if (arrived.socket() == data || arrived.socket() == meta) {
      throw new Misbehaved("before the features: " + packet);
    }
  }

  private KernelPeer peer() {
    KernelPeer peer = node;
    if (peer == null) {
      throw new IllegalStateException("not started");
    }
    return peer;
  }

  private void accepted(long socket, PacketType type) {
    if (isEstablished || !wantsConnection) {
      carryOut(new Effect.CloseSocket(socket));
      return;
    }
    if (type == PacketType.INITIAL_DATA) {
      replace(data);
      data = socket;
      heard = null;
    } else {
      replace(meta);
      meta = socket;
      acceptedMeta = true;
    }
    checkSoon();
  }

  private void replace(long crossed) {
    if (crossed != 0) {
      carryOut(new Effect.CloseSocket(crossed));
    }
  }

  /// Both are there: if they still are in a while, the handshake begins.
  private void checkSoon() {
    long dataNow = data;
    long metaNow = meta;
    int now = era;
    simulation.after(
        CHECK_NANOS,
        () -> {
          boolean isSame = era == now && data == dataNow && meta == metaNow;
          if (isSame && data != 0 && meta != 0 && !isEstablished && agreed == null) {
            carryOut(new Effect.StopListening());
            carryOut(new Effect.Send(data, Framing.H80, 0, settings.features(), null, 0));
            begun(now);
          }
        });
  }

  private void begun(int now) {
    hasSentFeatures = true;
    agreeIfBothKnow();
    simulation.after(
        HANDSHAKE_NANOS,
        () -> {
          if (era == now && !isEstablished && hasSentFeatures) {
            giveUp();
          }
        });
  }

  private void features(long socket, Packet.ConnectionFeatures theirs) {
    if (socket != data || heard != null) {
      throw new Misbehaved("features on a wrong socket or twice");
    }
    heard = theirs;
    agreeIfBothKnow();
  }

  private void agreeIfBothKnow() {
    Packet.ConnectionFeatures theirs = heard;
    if (theirs == null || !hasSentFeatures) {
      return;
    }
    Optional<Features.Agreement> agreement = Features.agree(settings.features(), theirs);
    agreed = agreement.orElseThrow(() -> new Misbehaved("no common version: " + theirs));
    isEstablished = true;
    carryOut(new Effect.LimitBody(data, FrameDecoder.LIMIT_BYTES_MAX));
    peer().established(agreed, acceptedMeta);
    watch(era);
  }

  // ---- while connected

  /// Is the peer alive? Asked when nothing came for long.
  private void watch(int ofEra) {
    simulation.after(
        PING_NANOS,
        () -> {
          if (ofEra != era) {
            return;
          }
          if (simulation.nowNanos() - heardNanos < PING_NANOS) {
            watch(ofEra);
            return;
          }
          meta(new Packet.Empty(PacketType.PING));
          simulation.after(
              PONG_NANOS,
              () -> {
                if (ofEra == era && simulation.nowNanos() - heardNanos > PONG_NANOS) {
                  closed(meta);
                } else {
                  watch(ofEra);
                }
              });
        });
  }

  private void closed(long socket) {
    if (socket == 0 || socket != data && socket != meta) {
      return;
    }
    if (!isEstablished && !hasSentFeatures) {
      heard = socket == data ? null : heard;
      data = socket == data ? 0 : data;
      meta = socket == meta ? 0 : meta;
      return;
    }
    boolean wasEstablished = isEstablished;
    giveUp();
    if (wasEstablished) {
      peer().lost();
    }
  }

  private void giveUp() {
    era++;
    for (long socket : new long[] {data, meta}) {
      replace(socket);
    }
    forget();
    int now = era;
    if (wantsConnection) {
      carryOut(new Effect.Listen());
      simulation.after(random.nextLong(ROUND_NANOS), () -> round(now));
    }
  }

  @Override
  public void data(Packet packet, @Nullable Payload payload) {
    send(data, packet, payload);
  }

  @Override
  public void meta(Packet packet) {
    send(meta, packet, null);
  }

  private void send(long socket, Packet packet, @Nullable Payload payload) {
    Features.Agreement with = agreed;
    if (with != null) {
      int bytes = payload == null ? 0 : BODY_BYTES + payload.lengthBytes();
      carryOut(new Effect.Send(socket, with.framing(bytes), 0, packet, payload, 0));
    }
  }

  @Override
  public void hangUp() {
    giveUp();
  }
}
