package org.twincore.drbd.engine.request;

/// The numbers that the peer gives its writes and acks of one volume, over both sockets (drbd-wire
/// section 9).
///
/// The two sockets overtake each other. A write that was sent behind an ack must be dealt with
/// behind it, for what the ack says decides whether an own write is in the way. u32 with
/// wrap-around.
public final class PeerSequence {
  private int highest;

  /// A connection begins.
  public void restart() {
    highest = 0;
  }

  /// An ack came, or a write whose turn it is.
  public void seen(int number) {
    if (number - highest > 0) {
      highest = number;
    }
  }

  /// Whether all that was sent before the packet with that number was seen.
  public boolean isDue(int number) {
    return number - 1 - highest <= 0;
  }
}
