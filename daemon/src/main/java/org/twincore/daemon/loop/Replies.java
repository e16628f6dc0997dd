package org.twincore.daemon.loop;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.twincore.host.nbd.ReplyHold;

/// Gives the answers of one turn, several to one client in one system call.
///
/// A hold belongs to one thread at a time; who finds it taken answers without.
public final class Replies {
  private final ReplyHold hold = new ReplyHold();
  private final AtomicBoolean isTaken = new AtomicBoolean();

  /// What the resource's targets give to their connections.
  public ReplyHold hold() {
    return hold;
  }

  void giveAll(List<Runnable> answers) {
    if (answers.size() < 2 || !isTaken.compareAndSet(false, true)) {
      answers.forEach(Runnable::run);
      return;
    }
    try {
      hold.begin();
      answers.forEach(Runnable::run);
    } finally {
      hold.end();
      isTaken.set(false);
    }
  }
}
