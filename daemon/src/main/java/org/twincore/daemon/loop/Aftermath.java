package org.twincore.daemon.loop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.twincore.drbd.engine.exchange.Event;

/// What the steps of one turn leave to do for the same thread, once it has given the lock back.
///
/// Ports put work here from inside `carryOut`, that is under the resource's lock, and never run it
/// there: nothing that takes a system call's time keeps others out of the resource.
public final class Aftermath {
  private List<Supplier<Event>> diskWork = new ArrayList<>();
  private List<Runnable> answers = new ArrayList<>();
  private boolean mayWorkHere;

  /// Whether the thread of this turn may spend a small disk access's time.
  boolean mayWorkHere() {
    return mayWorkHere;
  }

  void mayWorkHere(boolean may) {
    mayWorkHere = may;
  }

  /// A disk access whose result is an event for this resource.
  void addDiskWork(Supplier<Event> work) {
    diskWork.add(work);
  }

  /// Something to tell others (an application, an admin); it must not wait.
  public void addAnswer(Runnable answer) {
    answers.add(answer);
  }

  /// What has gathered, for one turn.
  record Work(List<Supplier<Event>> diskWork, List<Runnable> answers) {
    static final Work NONE = new Work(List.of(), List.of());
  }

  Work take() {
    if (diskWork.isEmpty() && answers.isEmpty()) {
      return Work.NONE;
    }
    Work taken = new Work(diskWork, answers);
    diskWork = new ArrayList<>();
    answers = new ArrayList<>();
    return taken;
  }
}
