package org.twincore.daemon.loop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.daemon.loop.Aftermath.Patience;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.port.EffectRunner;
import org.twincore.drbd.engine.port.EventSink;
import org.twincore.drbd.wire.Packet;
import org.twincore.host.net.PacketSink;

/// The owner of one resource: whoever has an event enters here, one at a time.
///
/// A turn: under the lock the event is applied and its effects are started, in order; then, without
/// the lock, the same thread hands the queued packets to the kernel, does the small disk accesses
/// that its effects asked for, and answers applications. What these bring is applied in the same
/// thread, in further rounds; a flush comes when nothing else is left, so that no answer waits for
/// it. A port that posts from inside `carryOut` is no harm: its event is applied after the present
/// one. Nothing that can wait for a disk or a client happens under the lock, so a ping is answered
/// whatever they do.
///
/// An exception out of the machine is a broken invariant: the resource is frozen for good (no event
/// is applied any more), `whenBroken` hears of it once, the rest of the node goes on.
public final class ResourceLoop implements PacketSink {
  /// After so many rounds of disk accesses in one thread the rest goes to the disk's own threads.
  private static final int ROUNDS_HERE_MAX = 8;

  /// The ports and helpers around a machine. `sends` hands over what the link has queued.
  public record Surroundings(
      EffectRunner runner,
      Aftermath aftermath,
      Consumer<EventSink> sends,
      Replies replies,
      LongSupplier nanoTime,
      Timers timers,
      Consumer<Throwable> whenBroken) {}

  private final Machine machine;
  private final Surroundings around;
  private final ReentrantLock lock = new ReentrantLock();

  // All of these under the lock.
  private final Effects effects = new Effects();
  private final ArrayDeque<Event> inbox = new ArrayDeque<>();
  private final FlightRecorder recorder = new FlightRecorder();
  private final Alarm alarm;
  private @Nullable Throwable broken;
  private boolean isClosed;

  public ResourceLoop(Machine machine, Surroundings around) {
    this.machine = machine;
    this.around = around;
    this.alarm = new Alarm(around.timers, this::ring);
  }

  @Override
  public void post(Event event) {
    if (lock.isHeldByCurrentThread()) {
      inbox.add(event);
    } else {
      run(List.of(event), patienceOf(event));
    }
  }

  @Override
  public void postAll(List<Event> events) {
    if (lock.isHeldByCurrentThread()) {
      inbox.addAll(events);
    } else if (!events.isEmpty()) {
      run(events, patienceOf(events));
    }
  }

  /// Opens a volume: asks and tells the machine in one turn. Below SUCCESS nothing was opened.
  public StateResult open(int volume, Event.Access access) {
    lock.lock();
    Aftermath.Work work;
    StateResult result;
    try {
      if (broken != null || isClosed) {
        return StateResult.UNKNOWN_ERROR;
      }
      result = machine.mayOpen(volume, access);
      if (!result.isSuccess()) {
        return result;
      }
      work = turn(List.of(new Event.Opened(volume, access)), Patience.NONE);
    } finally {
      lock.unlock();
    }
    finish(work, Patience.NONE);
    return result;
  }

  /// Looks at the machine between two events; `question` must only read.
  public <T> T ask(Function<Machine, T> question) {
    lock.lock();
    try {
      return question.apply(machine);
    } finally {
      lock.unlock();
    }
  }

  /// Runs `action` under the lock, between two events: for whoever changes the ports.
  public void between(Runnable action) {
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  /// Why the resource is frozen, or null.
  public @Nullable Throwable broken() {
    lock.lock();
    try {
      return broken;
    } finally {
      lock.unlock();
    }
  }

  /// The last events, oldest first, without the bytes of requests.
  public List<String> lastEvents() {
    lock.lock();
    try {
      return recorder.lines();
    } finally {
      lock.unlock();
    }
  }

  /// The resource is gone: no event is applied any more.
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      alarm.cancel();
    } finally {
      lock.unlock();
    }
  }

  /// The most patient of a batch, which is of one socket.
  private static Patience patienceOf(List<Event> events) {
    Patience most = Patience.NONE;
    for (Event event : events) {
      Patience patience = patienceOf(event);
      most = patience.compareTo(most) > 0 ? patience : most;
    }
    return most;
  }

  /// A client's thread may wait for the page cache. That of the peer's data may wait for a flush
  /// too, since a flush follows a barrier and nothing behind the barrier may be written before; and
  /// so may a disk's own. Whoever serves others (the timer, acknowledgements and pings) never
  /// waits.
  private static Patience patienceOf(Event event) {
    if (event instanceof Event.AppRead || event instanceof Event.AppWrite) {
      return Patience.SHORT;
    }
    boolean isOfDisk = event instanceof Event.LocalDone || event instanceof Event.LocalReadDone;
    boolean isOfPeersData =
        event instanceof Event.PacketArrived packet
            && (packet.payload() != null || packet.packet() instanceof Packet.Barrier);
    return isOfDisk || isOfPeersData ? Patience.FLUSH : Patience.NONE;
  }

  private void ring() {
    List<Event> due;
    lock.lock();
    try {
      alarm.rang();
      long now = around.nanoTime.getAsLong();
      long deadline = machine.nextDeadlineNanos();
      if (isClosed || broken != null) {
        return;
      }
      if (deadline > now) {
        alarm.set(deadline, now);
        return;
      }
      due = List.of(new Event.Tick());
    } finally {
      lock.unlock();
    }
    run(due, Patience.NONE);
  }

  private void run(List<Event> events, Patience patience) {
    Aftermath.Work work;
    lock.lock();
    try {
      work = turn(events, patience);
    } finally {
      lock.unlock();
    }
    finish(work, patience);
  }

  /// Carries out what a turn left, and everything that follows from it.
  private void finish(Aftermath.Work first, Patience patience) {
    Aftermath.Work work = first;
    @Nullable Supplier<Event> flush = null;
    List<Event> events = new ArrayList<>();
    for (int round = 1; ; round++) {
      around.sends.accept(events::add);
      for (Supplier<Event> access : work.diskWork()) {
        events.add(access.get());
      }
      around.replies.giveAll(work.answers());
      flush = work.flush() == null ? flush : work.flush();
      if (events.isEmpty()) {
        if (flush == null) {
          return;
        }
        events.add(flush.get());
        flush = null;
      }
      lock.lock();
      try {
        work = turn(events, left(patience, round, flush != null));
      } finally {
        lock.unlock();
      }
      events.clear();
    }
  }

  /// What is left of a thread's patience; one that has a flush before it takes no second one.
  private static Patience left(Patience patience, int round, boolean hasFlush) {
    if (round >= ROUNDS_HERE_MAX) {
      return Patience.NONE;
    }
    return hasFlush ? Patience.SHORT : patience;
  }

  /// Applies the events and all that is posted meanwhile from inside. Under the lock.
  private Aftermath.Work turn(List<Event> events, Patience patience) {
    around.aftermath.patience(patience);
    try {
      for (Event event : events) {
        apply(event);
        for (Event own = inbox.poll(); own != null; own = inbox.poll()) {
          apply(own);
        }
      }
      if (broken == null && !isClosed) {
        alarm.set(machine.nextDeadlineNanos(), around.nanoTime.getAsLong());
      }
    } catch (RuntimeException | Error bug) {
      breakDown(bug);
    }
    return around.aftermath.take();
  }

  private void apply(Event event) {
    if (broken != null || isClosed) {
      return;
    }
    long now = around.nanoTime.getAsLong();
    recorder.note(now, event);
    machine.step(now, event, effects);
    around.runner.run(effects);
  }

  private void breakDown(Throwable bug) {
    if (broken == null) {
      broken = bug;
      inbox.clear();
      alarm.cancel();
      around.aftermath.addAnswer(() -> around.whenBroken.accept(bug));
    }
  }
}
