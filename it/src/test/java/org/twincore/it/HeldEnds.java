package org.twincore.it;

import java.io.InterruptedIOException;

/// When the second of two nodes hears that the first has closed a connection: at once, or, while
/// ends are held, not before it has closed it too. Until then it reads all that the first has said.
final class HeldEnds {
  private boolean areHeld;

  synchronized void hold() {
    areHeld = true;
  }

  synchronized void letGo() {
    areHeld = false;
    notifyAll();
  }

  synchronized boolean areHeld() {
    return areHeld;
  }

  /// The two directions of a connection.
  Pair pair() {
    return new Pair();
  }

  final class Pair {
    private int ended;

    /// One of them has ended; returns when the connection may be closed.
    void ended() throws InterruptedIOException {
      synchronized (HeldEnds.this) {
        ended++;
        HeldEnds.this.notifyAll();
        try {
          while (areHeld && ended < 2) {
            HeldEnds.this.wait();
          }
        } catch (InterruptedException e) {
          throw new InterruptedIOException("while an end was held");
        }
      }
    }
  }
}
