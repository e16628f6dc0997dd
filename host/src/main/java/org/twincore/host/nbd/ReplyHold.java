package org.twincore.host.nbd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lets a loop that finishes many requests in a row send their replies together.
///
/// Between [#begin] and [#end] replies of requests finished by that one thread are gathered; `end`
/// sends them, one system call a connection. Finished by another thread, or outside of a hold, a
/// request is answered at once. One hold a loop; begin and end must alternate on one thread.
public final class ReplyHold {
  private volatile @Nullable Thread holder;
  private final List<ReplyQueue> waiting = new ArrayList<>();

  public void begin() {
    holder = Thread.currentThread();
  }

  public void end() {
    holder = null;
    for (ReplyQueue queue : waiting) {
      queue.drain();
    }
    waiting.clear();
  }

  /// True if the current thread holds; the queue is drained at the end of the hold.
  boolean keeps(ReplyQueue queue) {
    if (holder != Thread.currentThread()) {
      return false;
    }
    if (!waiting.contains(queue)) {
      waiting.add(queue);
    }
    return true;
  }
}
