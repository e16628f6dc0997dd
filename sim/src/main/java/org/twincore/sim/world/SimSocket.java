package org.twincore.sim.world;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.WireFormatException;

/// One end of one connection.
///
/// ```
/// OPEN --own close, end of the process--> closed (what was sent is still delivered, then an end)
/// OPEN --the peer's end, a reset, malformed bytes--> closed, the owner is told
/// OPEN --power cut--> gone (nobody is told; the peer's next packet is answered with a reset)
/// ```
final class SimSocket implements SimPipe.Receiver {
  private final SimNetwork network;
  private final SimLink owner;
  private @Nullable SimSocket peer;
  private @Nullable SimPipe out;
  private long number;
  private boolean isOpen = true;
  private boolean isGone;

  SimSocket(SimNetwork network, SimLink owner) {
    this.network = network;
    this.owner = owner;
  }

  /// Makes this socket and `other` the two ends of a connection; nobody reads yet.
  void join(SimSocket other) {
    peer = other;
    other.peer = this;
    out = network.pipe(owner, other);
    other.out = network.pipe(other.owner, this);
    out.reading(false);
    other.out.reading(false);
  }

  SimLink owner() {
    return owner;
  }

  long number() {
    return number;
  }

  void number(long given) {
    number = given;
  }

  boolean isOpen() {
    return isOpen;
  }

  SimPipe out() {
    SimPipe pipe = out;
    if (pipe == null) {
      throw new IllegalStateException("the socket is not connected");
    }
    return pipe;
  }

  private SimSocket peer() {
    SimSocket other = peer;
    if (other == null) {
      throw new IllegalStateException("the socket is not connected");
    }
    return other;
  }

  void send(byte[] head, byte[] payload, int from, int length, Runnable accepted) {
    if (!isOpen) {
      return;
    }
    if (peer().isGone && network.hasPower(peer().owner.node())) {
      long back = network.latencyNanos(0) + network.latencyNanos(1);
      network.simulation().after(back, () -> lost("connection reset by peer"));
      return;
    }
    out().send(head, payload, from, length, accepted);
  }

  void reading(boolean on) {
    peer().out().reading(on);
  }

  void limitBody(int bytes) {
    peer().out().limitBody(bytes);
  }

  void limitBlocked(long nanos) {
    out().limitBlocked(nanos, () -> owner.blocked(this));
  }

  /// The owner closes: what is queued goes out first, what comes in is dropped.
  void close() {
    if (isOpen) {
      isOpen = false;
      peer().out().die();
      out().sendEnd();
    }
  }

  /// Closed, but still not everything handed over: the rest is dropped.
  void hurry() {
    if (out().hasQueued()) {
      out().dropQueued();
      out().sendEnd();
    }
  }

  void endOfProcess(boolean inOrder) {
    if (!isOpen) {
      return;
    }
    isOpen = false;
    peer().out().die();
    out().dropQueued();
    if (inOrder) {
      out().sendEnd();
    } else {
      out().die();
      resetPeer();
    }
  }

  void vanish() {
    isOpen = false;
    isGone = true;
    out().dropQueued();
    peer().out().die();
  }

  /// Both ends learn of it a little later, each on its own; nothing more is delivered.
  void breakConnection() {
    out().die();
    peer().out().die();
    network
        .simulation()
        .after(network.randomNanos(100 * Simulation.MILLISECOND), () -> lost("connection reset"));
    resetPeer();
  }

  private void resetPeer() {
    SimSocket other = peer();
    network
        .simulation()
        .after(
            network.randomNanos(100 * Simulation.MILLISECOND),
            () -> other.lost("connection reset by peer"));
  }

  private void lost(String cause) {
    if (isOpen) {
      isOpen = false;
      out().die();
      owner.closed(this, cause, null);
    }
    network.forget(this);
    network.forget(peer());
  }

  // ---- what the peer sent

  @Override
  public void packet(FrameDecoder.Decoded decoded) {
    if (isOpen) {
      owner.arrived(
          new Event.PacketArrived(
              number, decoded.framing(), decoded.volume(), decoded.packet(), decoded.payload()));
    }
  }

  @Override
  public void end() {
    lost("closed by the peer");
  }

  @Override
  public void malformed(WireFormatException cause) {
    if (isOpen) {
      isOpen = false;
      out().die();
      peer().out().die();
      network.forget(this);
      owner.closed(this, String.valueOf(cause.getMessage()), cause.fault());
      resetPeer();
    }
  }
}
