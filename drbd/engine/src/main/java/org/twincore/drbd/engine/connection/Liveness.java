package org.twincore.drbd.engine.connection;

import java.util.ArrayDeque;
import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// Notices that the peer is gone: pings it when it is silent, and gives up on a request that stays
/// unanswered too long (drbd-wire section 15).
public final class Liveness {
  /// All in nanoseconds: how long the peer may be silent, take for P_PING_ACK, take for the answer
  /// to a request or for anything of the DATA socket (0 = for ever), and of the META socket, whose
  /// small answers have no second chance.
  public record Timing(
      long pingNanos, long pingTimeoutNanos, long requestNanos, long blockedMetaNanos) {
    public static Timing of(OptionValues net) {
      long timeout = net.num(Option.TIMEOUT) * TENTH_NANOS;
      return new Timing(
          net.num(Option.PING_INT) * 10 * TENTH_NANOS,
          net.num(Option.PING_TIMEOUT) * TENTH_NANOS,
          timeout * net.num(Option.KO_COUNT),
          timeout);
    }
  }

  private static final long TENTH_NANOS = 100_000_000;

  private final Turn turn;
  private final ArrayDeque<Runnable> pongs = new ArrayDeque<>();
  private Timing timing = new Timing(0, 0, 0, 0);
  private boolean running;
  private long heardNanos;
  private long pingSentNanos;
  private int pingsOut;

  public Liveness(Turn turn) {
    this.turn = turn;
  }

  /// A connection is up.
  public void start(Timing with) {
    timing = with;
    running = true;
    heardNanos = turn.now();
    pingsOut = 0;
    pongs.clear();
    limitBlocked();
  }

  /// The options changed.
  public void retime(Timing with) {
    timing = with;
    if (running) {
      limitBlocked();
    }
  }

  private void limitBlocked() {
    turn.add(new Effect.LimitBlocked(turn.dataSocket(), timing.requestNanos));
    turn.add(new Effect.LimitBlocked(turn.metaSocket(), timing.blockedMetaNanos));
  }

  public void stop() {
    running = false;
    pongs.clear();
  }

  /// Something arrived.
  public void heard() {
    heardNanos = turn.now();
  }

  /// P_PING_ACK.
  public void pong() {
    pingsOut = Math.max(0, pingsOut - 1);
    pingSentNanos = turn.now();
    if (!pongs.isEmpty()) {
      pongs.remove().run();
    }
  }

  /// Sends a P_PING; `answered` runs at its answer: by then the peer has seen all acks sent before.
  public void ping(Runnable answered) {
    while (pongs.size() < pingsOut) {
      pongs.add(() -> {});
    }
    pongs.add(answered);
    send();
  }

  private void send() {
    if (pingsOut == 0) {
      pingSentNanos = turn.now();
    }
    pingsOut++;
    turn.send(0, new Packet.Empty(PacketType.PING));
  }

  /// Why the peer counts as gone, if it does; pings when it is time. `oldestNanos` is when the
  /// oldest request without answer was sent.
  public Optional<String> tick(long oldestNanos) {
    if (!running) {
      return Optional.empty();
    }
    if (pingsOut > 0) {
      long silent = turn.now() - Math.max(pingSentNanos, heardNanos);
      if (silent >= timing.pingTimeoutNanos) {
        return Optional.of("PingAck did not arrive in time");
      }
    } else if (turn.now() - heardNanos >= timing.pingNanos) {
      send();
    }
    if (timing.requestNanos > 0
        && oldestNanos != Long.MAX_VALUE
        && turn.now() - oldestNanos >= timing.requestNanos) {
      return Optional.of("a request was not answered within ko-count x timeout");
    }
    return Optional.empty();
  }

  public long deadlineNanos(long oldestNanos) {
    if (!running) {
      return Long.MAX_VALUE;
    }
    long request =
        timing.requestNanos > 0 && oldestNanos != Long.MAX_VALUE
            ? oldestNanos + timing.requestNanos
            : Long.MAX_VALUE;
    long life =
        pingsOut > 0
            ? Math.max(pingSentNanos, heardNanos) + timing.pingTimeoutNanos
            : heardNanos + timing.pingNanos;
    return Math.min(request, life);
  }
}
