package org.twincore.daemon.admin;

import java.util.ArrayList;
import java.util.List;

/// The client at the other end of a request: still there, or gone.
///
/// Threads that work for a client are never interrupted (that would close the channels they use);
/// who waits for long asks here.
public final class Caller {
  private final List<Runnable> actions = new ArrayList<>();
  private boolean isGone;

  public synchronized boolean isGone() {
    return isGone;
  }

  /// Runs `action` when the client goes, or now if it is gone; it must not wait.
  public void whenGone(Runnable action) {
    synchronized (this) {
      if (!isGone) {
        actions.add(action);
        return;
      }
    }
    action.run();
  }

  void leave() {
    List<Runnable> due;
    synchronized (this) {
      if (isGone) {
        return;
      }
      isGone = true;
      due = List.copyOf(actions);
      actions.clear();
    }
    due.forEach(Runnable::run);
  }

  /// Forgets the actions of the request that is answered.
  synchronized void requestDone() {
    actions.clear();
  }
}
