package org.twincore.drbd.engine.connection;

import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.Framing;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// Finds the peer: gets two TCP connections with it, whoever dials (drbd-wire section 1.2).
///
/// ```
/// dial -> first one: data (P_INITIAL_DATA), second: meta (P_INITIAL_META)
/// accept -> the first packet says which
/// both there -> wait a little, still both there -> established
/// ```
///
/// Where both dial the same role at once both keep the accepted one and lose it again; chance
/// decides the next round.
public final class Connector {
  private static final int GREETINGS_MAX = 16;
  private static final int GREETING_PING_TIMEOUTS = 4;
  private static final long RETRY_NANOS_MAX = 1_000_000_000L;

  /// `connectNanos` between dials, `pingTimeoutNanos` for greetings, `checkNanos` to see that both
  /// stay.
  public record Timing(long connectNanos, long pingTimeoutNanos, long checkNanos) {}

  /// Two good sockets. `resolveConflicts` on the node that accepted the meta socket; `early` is
  /// what the peer, being faster, said already.
  public record Sockets(long data, long meta, boolean resolveConflicts, Optional<Packet> early) {}

  private final Turn turn;
  private final RandomGenerator random;
  private final TreeMap<Long, Long> greetings = new TreeMap<>();
  private Timing timing = new Timing(0, 0, 0);
  private boolean active;
  private long data = Turn.NO_SOCKET;
  private long meta = Turn.NO_SOCKET;
  private boolean resolveConflicts;
  private @Nullable Packet early;
  private long attempt;
  private boolean dialing;
  private long dialNanos = Long.MAX_VALUE;
  private long checkNanos = Long.MAX_VALUE;

  public Connector(Turn turn, RandomGenerator random) {
    this.turn = turn;
    this.random = random;
  }

  public boolean isActive() {
    return active;
  }

  public void start(Timing with) {
    timing = with;
    active = true;
    turn.add(new Effect.Listen());
    dial();
  }

  /// Gives up: everything is closed.
  public void stop() {
    if (!active) {
      return;
    }
    close(data);
    close(meta);
    end();
  }

  private void end() {
    greetings.keySet().forEach(this::close);
    greetings.clear();
    active = false;
    data = Turn.NO_SOCKET;
    meta = Turn.NO_SOCKET;
    early = null;
    dialing = false;
    attempt++;
    dialNanos = Long.MAX_VALUE;
    checkNanos = Long.MAX_VALUE;
    turn.add(new Effect.StopListening());
  }

  private void close(long socket) {
    if (socket != Turn.NO_SOCKET) {
      turn.add(new Effect.CloseSocket(socket));
    }
  }

  private void dial() {
    dialNanos = Long.MAX_VALUE;
    if (!dialing) {
      dialing = true;
      attempt++;
      turn.add(new Effect.Dial(attempt, timing.connectNanos));
    }
  }

  // ---- events

  public void accepted(long socket) {
    if (!active || greetings.size() >= GREETINGS_MAX) {
      close(socket);
      return;
    }
    greetings.put(socket, turn.now() + GREETING_PING_TIMEOUTS * timing.pingTimeoutNanos);
  }

  public void dialed(long ofAttempt, long socket) {
    if (!active || ofAttempt != attempt) {
      close(socket);
      return;
    }
    dialing = false;
    if (data == Turn.NO_SOCKET) {
      data = socket;
      greet(socket, PacketType.INITIAL_DATA);
    } else if (meta == Turn.NO_SOCKET) {
      meta = socket;
      resolveConflicts = false;
      greet(socket, PacketType.INITIAL_META);
    } else {
      close(socket);
    }
    awaitPeer();
  }

  private void greet(long socket, PacketType type) {
    turn.add(new Effect.Send(socket, Framing.H80, 0, new Packet.Empty(type), null, 0));
  }

  public void dialFailed(long ofAttempt) {
    if (active && ofAttempt == attempt) {
      dialing = false;
      awaitPeer();
    }
  }

  /// True if the packet was for the connector.
  public boolean packet(long socket, Packet packet) {
    if (greetings.remove(socket) != null) {
      greeting(socket, packet);
      return true;
    }
    if (!active || (socket != data && socket != meta)) {
      return false;
    }
    if (socket == data && early == null && packet instanceof Packet.ConnectionFeatures) {
      early = packet;
    } else {
      close(socket);
      closed(socket);
    }
    return true;
  }

  private void greeting(long socket, Packet packet) {
    boolean crossed;
    if (packet.type() == PacketType.INITIAL_DATA) {
      crossed = data != Turn.NO_SOCKET;
      close(data);
      data = socket;
      early = null;
    } else if (packet.type() == PacketType.INITIAL_META) {
      crossed = meta != Turn.NO_SOCKET;
      close(meta);
      meta = socket;
      resolveConflicts = true;
    } else {
      close(socket);
      return;
    }
    if (hasBoth()) {
      check();
    } else if (!crossed || random.nextBoolean()) {
      dial();
    } else {
      awaitPeer();
    }
  }

  /// A socket is gone; true if it was one of ours.
  public boolean closed(long socket) {
    if (greetings.remove(socket) != null) {
      return true;
    }
    if (!active || (socket != data && socket != meta)) {
      return false;
    }
    if (socket == data) {
      data = Turn.NO_SOCKET;
      early = null;
    } else {
      meta = Turn.NO_SOCKET;
    }
    checkNanos = Long.MAX_VALUE;
    dialNanos = Math.min(dialNanos, turn.now() + random.nextLong(RETRY_NANOS_MAX));
    return true;
  }

  /// Two sockets that stayed, once.
  public Optional<Sockets> tick() {
    if (!active) {
      return Optional.empty();
    }
    dropSilent();
    if (turn.now() >= checkNanos && hasBoth()) {
      Sockets sockets = new Sockets(data, meta, resolveConflicts, Optional.ofNullable(early));
      data = Turn.NO_SOCKET;
      meta = Turn.NO_SOCKET;
      end();
      return Optional.of(sockets);
    }
    if (turn.now() >= dialNanos) {
      dial();
    }
    return Optional.empty();
  }

  private void dropSilent() {
    for (Iterator<Map.Entry<Long, Long>> all = greetings.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<Long, Long> greeting = all.next();
      if (turn.now() >= greeting.getValue()) {
        close(greeting.getKey());
        all.remove();
      }
    }
  }

  private boolean hasBoth() {
    return data != Turn.NO_SOCKET && meta != Turn.NO_SOCKET;
  }

  private void check() {
    dialNanos = Long.MAX_VALUE;
    checkNanos = turn.now() + timing.checkNanos;
  }

  /// Waits for the peer to dial, a seventh of the interval more or less, then dials again.
  private void awaitPeer() {
    if (hasBoth()) {
      check();
      return;
    }
    long jitter = timing.connectNanos / 7;
    long wait = timing.connectNanos + (random.nextBoolean() ? jitter : -jitter);
    dialNanos = turn.now() + wait;
  }

  /// When [#tick] is due.
  public long deadlineNanos() {
    long deadline = Math.min(dialNanos, checkNanos);
    for (long greeting : greetings.values()) {
      deadline = Math.min(deadline, greeting);
    }
    return active ? deadline : Long.MAX_VALUE;
  }
}
