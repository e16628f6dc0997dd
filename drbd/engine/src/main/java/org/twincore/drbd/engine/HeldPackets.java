package org.twincore.drbd.engine;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.Payload;

/// What the peer sends on the data socket while a handler program decides whether a resync may
/// begin: it is taken when the program has ended, in order.
///
/// The kernel's receiver waits for the program and takes nothing meanwhile: a target is still
/// unmodified when `before-resync-target` makes its snapshot. The meta socket goes on.
final class HeldPackets {
  /// What a packet counts beside its payload.
  private static final long PACKET_BYTES = 4096;

  private final Turn turn;
  private final ArrayDeque<Event.PacketArrived> held = new ArrayDeque<>();
  private long bytes;
  private int holders;

  HeldPackets(Turn turn) {
    this.turn = turn;
  }

  /// One program more is waited for.
  void hold() {
    holders++;
  }

  /// One has ended.
  void release() {
    holders--;
  }

  /// Keeps a packet if it has to wait; whether it was kept.
  boolean keeps(Event.PacketArrived arrived) {
    boolean waits = arrived.socket() == turn.dataSocket() && (holders > 0 || !held.isEmpty());
    if (waits) {
      held.add(arrived);
      bytes += bytesOf(arrived);
    }
    return waits;
  }

  /// Gives what is held to `taker`, as far as nobody holds it.
  void drain(Consumer<Event.PacketArrived> taker) {
    while (isDue()) {
      Event.PacketArrived next = held.removeFirst();
      bytes -= bytesOf(next);
      if (next.socket() == turn.dataSocket()) {
        taker.accept(next);
      }
    }
  }

  boolean isDue() {
    return holders == 0 && !held.isEmpty();
  }

  /// What is held takes that much memory, bytes.
  long bytes() {
    return bytes;
  }

  /// The connection is gone.
  void connectionLost() {
    held.clear();
    bytes = 0;
  }

  private static long bytesOf(Event.PacketArrived arrived) {
    Payload payload = arrived.payload();
    return PACKET_BYTES + (payload == null ? 0 : payload.lengthBytes());
  }
}
