package org.twincore.daemon.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Event;

/// What the steps of one turn leave to do for the same thread, once it has given the lock back.
///
/// Ports put work here from inside `carryOut`, that is under the resource's lock, and never run it
/// there: nothing that takes a system call's time keeps others out of the resource.
public final class Aftermath {
  private List<Supplier<Event>> diskWork = new ArrayList<>();
  private List<Runnable> answers = new ArrayList<>();
  private @Nullable Supplier<Event> flush;
  private Patience patience = Patience.NONE;

  /// How long the thread of a turn may wait for a disk.
  enum Patience {
    /// Not at all: it serves others too.
    NONE,
    /// The time of a small access to the page cache.
    SHORT,
    /// Until a flush is done: what comes next in this thread would have to wait for it anyway.
    FLUSH
  }

  void patience(Patience ofThisThread) {
    patience = ofThisThread;
  }

  /// Whether the thread of this turn may spend a small disk access's time.
  boolean mayWorkHere() {
    return patience != Patience.NONE;
  }

  /// Whether the thread of this turn may do a flush: one, the others go on beside it.
  boolean mayFlushHere() {
    return patience == Patience.FLUSH && flush == null;
  }

  /// A disk access whose result is an event for this resource.
  void addDiskWork(Supplier<Event> work) {
    diskWork.add(work);
  }

  /// As [#addDiskWork], but only when nothing else is left to do.
  void addFlush(Supplier<Event> work) {
    flush = work;
  }

  /// Something to tell others (an application, an admin); it must not wait.
  public void addAnswer(Runnable answer) {
    answers.add(answer);
  }

  /// What has gathered, for one turn.
  record Work(
      List<Supplier<Event>> diskWork, List<Runnable> answers, @Nullable Supplier<Event> flush) {
    static final Work NONE = new Work(List.of(), List.of(), null);
  }

  Work take() {
    if (diskWork.isEmpty() && answers.isEmpty() && flush == null) {
      return Work.NONE;
    }
    Work taken = new Work(diskWork, answers, flush);
    diskWork = new ArrayList<>();
    answers = new ArrayList<>();
    flush = null;
    return taken;
  }
}
