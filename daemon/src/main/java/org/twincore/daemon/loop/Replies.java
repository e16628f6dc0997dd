package org.twincore.daemon.loop;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.twincore.host.nbd.ReplyHold;

/// Gives the answers of one turn, several to one client in one system call.
///
/// A hold belongs to one thread at a time; who finds it taken answers without.
public final class Replies {
  private static final Logger LOG = System.getLogger("org.twincore.resource");

  private final ReplyHold hold = new ReplyHold();
  private final AtomicBoolean isTaken = new AtomicBoolean();

  /// What the resource's targets give to their connections.
  public ReplyHold hold() {
    return hold;
  }

  void giveAll(List<Runnable> answers) {
    if (answers.size() < 2 || !isTaken.compareAndSet(false, true)) {
      answers.forEach(Replies::give);
      return;
    }
    try {
      hold.begin();
      answers.forEach(Replies::give);
    } finally {
      hold.end();
      isTaken.set(false);
    }
  }

  /// A fault of one who is answered must not reach the thread of another.
  private static void give(Runnable answer) {
    try {
      answer.run();
    } catch (RuntimeException bug) {
      LOG.log(Level.ERROR, "an answer could not be given", bug);
    }
  }
}
