package org.twincore.drbd.engine.replay;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.Resource;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// A [Resource] with a disk in memory and a network that only collects: every effect is carried out
/// at once, except that reads wait until they are asked for and dials until the capture has one.
final class ReplayedNode {
  private static final int TRACE_LINES_MAX = 60;

  private final Resource resource;
  private final byte[] disk;
  private final Effects effects = new Effects();
  private final Deque<Event> answers = new ArrayDeque<>();
  private final Map<Long, Deque<Effect.Send>> sent = new HashMap<>();
  private final Deque<Effect.Dial> dials = new ArrayDeque<>();
  private final List<Effect.ReadLocal> reads = new ArrayList<>();
  private final TreeSet<Long> closed = new TreeSet<>();
  private final Deque<String> trace = new ArrayDeque<>();
  private final TreeSet<Long> answeredTickets = new TreeSet<>();
  private final List<Event> heldWrites = new ArrayList<>();
  private boolean holdsWrites;
  private boolean mayRefuse;
  private long now;
  private long lastTicket;

  ReplayedNode(RandomGenerator random, byte[] disk) {
    this.resource = new Resource("r0", OptionValues.DEFAULTS, random, EpochEnd.COMPLETION);
    this.disk = disk;
  }

  /// The ticket of the command, to ask [#isAnswered] for.
  long admin(AdminCommand command) {
    long ticket = ++lastTicket;
    step(new Event.Admin(ticket, command));
    return ticket;
  }

  boolean isAnswered(long ticket) {
    return answeredTickets.contains(ticket);
  }

  ResourceStatus status() {
    return resource.status();
  }

  /// Applies the event, and then the answers of the disk and whatever follows from them.
  void step(Event event) {
    answers.add(event);
    for (Event next = answers.poll(); next != null; next = answers.poll()) {
      trace("> " + next);
      resource.step(now, next, effects);
      for (Effect effect : effects.drain()) {
        trace("  < " + effect);
        carryOut(effect);
      }
    }
  }

  /// The same with a write of an application, whose disk is slow: its answers wait for
  /// [#answerWrites].
  void stepWithSlowDisk(Event.AppWrite write) {
    holdsWrites = true;
    step(write);
    holdsWrites = false;
  }

  /// The disk is done with all that it was to write.
  void answerWrites() {
    List<Event> due = List.copyOf(heldWrites);
    heldWrites.clear();
    due.forEach(this::step);
  }

  /// Lets time pass up to the next deadline; false if there is none.
  boolean tick() {
    long deadline = resource.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE) {
      return false;
    }
    now = Math.max(now, deadline);
    step(new Event.Tick());
    return true;
  }

  long now() {
    return now;
  }

  private void carryOut(Effect effect) {
    switch (effect) {
      case Effect.ReadLocal read -> reads.add(read);
      case Effect.WriteLocal write -> {
        write.payload().copyTo(at(new Extent(write.sector(), write.payload().lengthBytes())));
        Event done = new Event.LocalDone(write.volume(), write.token());
        (holdsWrites ? heldWrites : answers).add(done);
      }
      case Effect.DiscardLocal discard -> {
        at(discard.extent()).put(new byte[(int) discard.extent().sizeBytes()]);
        answers.add(new Event.LocalDone(discard.volume(), discard.token()));
      }
      case Effect.FlushLocal flush ->
          answers.add(new Event.LocalDone(flush.volume(), flush.token()));
      case Effect.WriteMetadata write ->
          answers.add(new Event.LocalDone(write.volume(), write.token()));
      case Effect.MeasureDisk(int volume, long token) ->
          answers.add(
              new Event.LocalMeasured(
                  volume, token, ReplayStart.DISK_BYTES, ReplayStart.DISK_BYTES));
      case Effect.OfUndo undo -> throw new IllegalStateException("undo was not offered: " + undo);
      case Effect.Dial dial -> dials.add(dial);
      case Effect.Send send -> {
        sent.computeIfAbsent(send.socket(), _ -> new ArrayDeque<>()).add(send);
        if (send.token() != 0) {
          answers.add(new Event.Sent(send.socket(), send.token()));
        }
      }
      case Effect.CloseSocket(long socket) -> closed.add(socket);
      case Effect.AppFailed failed -> refused(failed);
      case Effect.AdminDone done -> {
        answeredTickets.add(done.ticket());
        if (!done.result().isSuccess()) {
          refused(done);
        }
      }
      case Effect.CallHandler(int _, String _, long token) -> {
        if (token != 0) {
          answers.add(new Event.HandlerDone(token, 0));
        }
      }
      case Effect.CloseDisk _,
          Effect.Listen _,
          Effect.StopListening _,
          Effect.LimitBody _,
          Effect.LimitBlocked _,
          Effect.PauseReading _,
          Effect.ResumeReading _,
          Effect.AppDone _,
          Effect.AppReadDone _,
          Effect.StateChanged _,
          Effect.SizeChanged _,
          Effect.MetadataMoved _,
          Effect.VerifyEnded _,
          Effect.Decided _,
          Effect.Log _ -> {}
    }
  }

  private void refused(Effect effect) {
    if (!mayRefuse) {
      throw new AssertionError(effect + "\n" + trace());
    }
  }

  /// From now on commands and application requests may fail.
  void mayRefuse() {
    mayRefuse = true;
  }

  private ByteBuffer at(Extent extent) {
    return ByteBuffer.wrap(disk, (int) extent.offsetBytes(), (int) extent.sizeBytes());
  }

  /// Answers the oldest read at that sector, or else the oldest of all; false if there is none.
  boolean answerRead(long preferredSector) {
    if (reads.isEmpty()) {
      return false;
    }
    Effect.ReadLocal chosen = reads.getFirst();
    for (Effect.ReadLocal read : reads) {
      if (read.extent().sector() == preferredSector) {
        chosen = read;
        break;
      }
    }
    reads.remove(chosen);
    int from = (int) chosen.extent().offsetBytes();
    byte[] bytes = Arrays.copyOfRange(disk, from, from + (int) chosen.extent().sizeBytes());
    step(new Event.LocalReadDone(chosen.volume(), chosen.token(), Payload.of(bytes)));
    return true;
  }

  /// The oldest packet sent on that socket and not taken yet; pings and their answers, which in the
  /// kernel are sent by a thread of their own, are a row beside the others. A P_BARRIER_ACK, which
  /// waits for the disk in the kernel, may be before a P_RECV_ACK, which does not.
  Effect.@Nullable Send peekSent(int socket, PacketType wanted) {
    for (Effect.Send send : sent.getOrDefault((long) socket, new ArrayDeque<>())) {
      PacketType type = send.packet().type();
      boolean isEarly = wanted == PacketType.RECV_ACK && type == PacketType.BARRIER_ACK;
      if (isPing(wanted) ? type == wanted : !isPing(type) && !isEarly) {
        return send;
      }
    }
    return null;
  }

  private static boolean isPing(PacketType type) {
    return type == PacketType.PING || type == PacketType.PING_ACK;
  }

  void takeSent(Effect.Send send) {
    sent.getOrDefault(send.socket(), new ArrayDeque<>()).removeFirstOccurrence(send);
  }

  /// Forgets what is like that among all that was sent and not taken.
  void takeSentIf(Predicate<Packet> which) {
    sent.values().forEach(row -> row.removeIf(send -> which.test(send.packet())));
  }

  /// Everything sent that nobody took.
  List<Effect.Send> leftOver() {
    return sent.values().stream().flatMap(Deque::stream).toList();
  }

  Effect.@Nullable Dial takeDial() {
    return dials.poll();
  }

  boolean hasClosed(int socket) {
    return closed.contains((long) socket);
  }

  /// The last things that happened.
  String trace() {
    return String.join("\n", trace);
  }

  private void trace(String line) {
    trace.add("%8.3f %s".formatted(now / 1e9, line));
    if (trace.size() > TRACE_LINES_MAX) {
      trace.remove();
    }
  }
}
