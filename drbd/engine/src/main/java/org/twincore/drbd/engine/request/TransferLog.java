package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Packet;

/// The writes sent to the peer and not yet known to be safe there, by epoch, over all volumes of
/// the resource (drbd-wire section 8.2).
///
/// An epoch is what lies between two barriers. It is closed, and its P_BARRIER sent, when one of
/// its writes is answered, when it is full, before a read request and by a flush; the writes leave
/// when its P_BARRIER_ACK comes.
public final class TransferLog {
  private final Turn turn;
  private final Peering peering;
  private final ArrayDeque<Epoch> closed = new ArrayDeque<>();
  private final Map<Long, WriteRequest> byId = new HashMap<>();
  private final ArrayDeque<Handover> handovers = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private Epoch current = new Epoch(0);

  private static final class Epoch {
    final int number;
    final List<WriteRequest> writes = new ArrayList<>();
    long oldestNanos = Long.MAX_VALUE;

    Epoch(int number) {
      this.number = number;
    }
  }

  private record Handover(long token, WriteRequest request) {}

  private record Waiter(int epoch, Waiting then) {}

  /// Hears how waiting for barrier acks ended.
  @FunctionalInterface
  public interface Waiting {
    /// `safe` = every epoch up to then was acknowledged; else the connection was lost first.
    void over(boolean safe);
  }

  public TransferLog(Turn turn, Peering peering) {
    this.turn = turn;
    this.peering = peering;
  }

  /// A new connection starts counting anew.
  public void restart() {
    current = new Epoch(0);
  }

  /// A write was sent; it counts in the current epoch.
  void sent(WriteRequest request) {
    current.writes.add(request);
    current.oldestNanos = Math.min(current.oldestNanos, turn.now());
    request.inTransferLog = true;
    request.epoch = current.number;
    byId.put(request.id, request);
    if (current.writes.size() >= peering.net().num(Option.MAX_EPOCH_SIZE)) {
      close();
    }
  }

  /// `token` is the one its packet was sent with.
  void handOver(long token, WriteRequest request) {
    handovers.add(new Handover(token, request));
  }

  /// Everything with a token up to this one was handed to the network.
  public void handedOver(long token) {
    while (!handovers.isEmpty() && handovers.getFirst().token <= token) {
      WriteRequest request = handovers.removeFirst().request;
      request.owner.handedOver(request);
    }
  }

  /// A write was answered: if its epoch is still open, later writes must not be put before it.
  void answered(WriteRequest request) {
    if (request.inTransferLog && request.epoch == current.number) {
      close();
    }
  }

  /// Ends the current epoch, if it holds anything.
  public void close() {
    if (current.writes.isEmpty()) {
      return;
    }
    closed.add(current);
    turn.send(0, new Packet.Barrier(Integer.reverseBytes(current.number), 0));
    current = new Epoch(current.number + 1);
  }

  /// Calls back when every write sent so far is safe at the peer; at once if there is none.
  public void awaitSafety(Waiting then) {
    close();
    Epoch last = closed.peekLast();
    if (last == null) {
      then.over(true);
    } else {
      waiters.add(new Waiter(last.number, then));
    }
  }

  /// The request with that block_id whose packet was for these sectors.
  @Nullable WriteRequest find(int volume, long id, long sector) {
    WriteRequest request = byId.get(id);
    boolean same =
        request != null && request.owner.volume() == volume && request.extent.sector() == sector;
    return same ? request : null;
  }

  /// True if it fits; false is a protocol error of the peer.
  public boolean barrierAcknowledged(Packet.BarrierAck ack) {
    Epoch epoch = closed.peekFirst();
    if (epoch == null
        || Integer.reverseBytes(ack.barrier()) != epoch.number
        || ack.setSize() != epoch.writes.size()) {
      return false;
    }
    closed.removeFirst();
    for (WriteRequest request : epoch.writes) {
      forget(request);
      request.owner.barrierAcknowledged(request);
    }
    while (!waiters.isEmpty() && waiters.getFirst().epoch - epoch.number <= 0) {
      waiters.removeFirst().then.over(true);
    }
    return true;
  }

  /// The connection is gone: every logged write may be missing at the peer.
  public void connectionLost() {
    List<WriteRequest> lost = new ArrayList<>();
    for (Epoch epoch : closed) {
      lost.addAll(epoch.writes);
    }
    lost.addAll(current.writes);
    closed.clear();
    handovers.clear();
    current = new Epoch(0);
    List<Waiter> disappointed = List.copyOf(waiters);
    waiters.clear();
    for (WriteRequest request : lost) {
      forget(request);
      request.owner.replicationLost(request);
    }
    for (Waiter waiter : disappointed) {
      waiter.then.over(false);
    }
  }

  private void forget(WriteRequest request) {
    request.inTransferLog = false;
    byId.remove(request.id);
  }

  /// When the oldest unacknowledged write was sent; Long.MAX_VALUE if there is none.
  public long oldestNanos() {
    Epoch oldest = closed.peekFirst();
    return oldest == null ? current.oldestNanos : oldest.oldestNanos;
  }

  /// Epochs with writes, for the status.
  public int epochs() {
    return closed.size() + (current.writes.isEmpty() ? 0 : 1);
  }
}
