package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Packet;

/// The writes sent to the peer and not yet known to be safe there, by epoch, over all volumes of
/// the resource (drbd-wire section 8.2).
///
/// An epoch is what lies between two barriers. It is closed, and its P_BARRIER sent, when it is
/// full, before a read request, by a flush, and where replication changes; with
/// [EpochEnd#COMPLETION] also when one of its writes is answered, with [EpochEnd#FLUSH] when
/// somebody waits for its end or it is [#AGE_MAX_NANOS] old. The writes leave when its
/// P_BARRIER_ACK comes.
public final class TransferLog {
  /// An epoch that nothing else ends holds its writes, and their extents of the activity log, no
  /// longer than this: at ten thousand writes a second it is full by then anyway.
  static final long AGE_MAX_NANOS = 200_000_000;

  /// What one flush of the peer has to write at most: its writes behind the barrier wait for that.
  static final long BYTES_MAX = 64L << 20;

  private final Turn turn;
  private final Peering peering;
  private final EpochEnd end;
  private final ArrayDeque<Epoch> closed = new ArrayDeque<>();
  private final Map<Long, WriteRequest> byId = new HashMap<>();

  /// By volume.
  private final Map<Integer, Long> sectorsInFlight = new HashMap<>();

  private final ArrayDeque<Handover> handovers = new ArrayDeque<>();
  private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
  private Epoch current = new Epoch(0);

  private static final class Epoch {
    final int number;
    final List<WriteRequest> writes = new ArrayList<>();

    /// Not counted: the peer has superseded them.
    final List<WriteRequest> superseded = new ArrayList<>();

    long bytes;
    long openedNanos = Long.MAX_VALUE;
    long closedNanos = Long.MAX_VALUE;
    private int pendingFrom;

    Epoch(int number) {
      this.number = number;
    }

    /// When the oldest write without an ack was sent, or if all have one the barrier.
    long oldestNanos() {
      while (pendingFrom < writes.size() && writes.get(pendingFrom).remote != Side.PENDING) {
        pendingFrom++;
      }
      return pendingFrom == writes.size() ? closedNanos : writes.get(pendingFrom).sentNanos;
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

  public TransferLog(Turn turn, Peering peering, EpochEnd end) {
    this.turn = turn;
    this.peering = peering;
    this.end = end;
  }

  /// A new connection starts counting anew.
  public void restart() {
    current = new Epoch(0);
  }

  /// A write was sent; it counts in the current epoch.
  void sent(WriteRequest request) {
    current.writes.add(request);
    current.bytes += request.payload == null ? 0 : request.extent.sizeBytes();
    current.openedNanos = Math.min(current.openedNanos, turn.now());
    request.sentNanos = turn.now();
    request.inTransferLog = true;
    request.epoch = current.number;
    byId.put(request.id, request);
    count(request, request.extent.sizeSectors());
    if (current.writes.size() >= peering.net().num(Option.MAX_EPOCH_SIZE)
        || (end == EpochEnd.FLUSH && current.bytes >= BYTES_MAX)) {
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

  /// A write was answered: if its epoch is still open, later writes must not be put before it. With
  /// [EpochEnd#FLUSH] that holds only for what is durable by now, and may not be so at the peer.
  void answered(WriteRequest request) {
    boolean ends = end == EpochEnd.COMPLETION || (request.fua && !request.acksWrite);
    if (ends && isInCurrentEpoch(request)) {
      close();
    }
  }

  /// True until a barrier is sent behind this write.
  boolean isInCurrentEpoch(WriteRequest request) {
    return request.inTransferLog && request.epoch == current.number;
  }

  /// What was answered so far must not be put after what comes now, or somebody waits for it.
  public void divide() {
    if (end == EpochEnd.FLUSH) {
      close();
    }
  }

  /// Somebody waits until writes are safe, whichever: ends the epoch unless the end of an earlier
  /// one is awaited already.
  public void hasten() {
    if (closed.isEmpty()) {
      if (current.writes.isEmpty()) {
        release(current);
      }
      divide();
    }
  }

  /// Ends an epoch that is old enough.
  public void tick() {
    if (turn.now() >= deadlineNanos()) {
      close();
    }
  }

  /// When [#tick] has something to do; Long.MAX_VALUE if never.
  public long deadlineNanos() {
    return end == EpochEnd.COMPLETION || current.writes.isEmpty()
        ? Long.MAX_VALUE
        : current.openedNanos + AGE_MAX_NANOS;
  }

  /// Ends the current epoch, if it holds anything.
  public void close() {
    if (current.writes.isEmpty()) {
      return;
    }
    current.closedNanos = turn.now();
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

  /// The peer has put a later write of its own in its place, and will not count it in the ack of
  /// its epoch. It stays here, to be marked if the connection is lost, until an epoch is
  /// acknowledged.
  void superseded(WriteRequest request) {
    Epoch epoch = remove(request);
    (epoch.writes.isEmpty() ? current : epoch).superseded.add(request);
  }

  /// A write of a former connection that the peer has answered: safe with the next epoch, and not
  /// counted in its ack.
  void carry(WriteRequest request) {
    request.inTransferLog = true;
    request.epoch = current.number;
    current.superseded.add(request);
  }

  /// The peer does not want it now; it comes again as a new one.
  void takeOut(WriteRequest request) {
    remove(request);
    request.inTransferLog = false;
  }

  private Epoch remove(WriteRequest request) {
    Epoch epoch = epoch(request.epoch);
    int at = epoch.writes.indexOf(request);
    epoch.writes.remove(at);
    if (at < epoch.pendingFrom) {
      epoch.pendingFrom--;
    }
    byId.remove(request.id);
    if (epoch != current && epoch.writes.isEmpty()) {
      // The peer acknowledges no empty epoch.
      closed.remove(epoch);
      current.superseded.addAll(epoch.superseded);
      tellWaiters();
    }
    return epoch;
  }

  private Epoch epoch(int number) {
    for (Epoch epoch : closed) {
      if (epoch.number == number) {
        return epoch;
      }
    }
    return current;
  }

  private void tellWaiters() {
    Epoch oldest = closed.peekFirst();
    while (!waiters.isEmpty() && (oldest == null || waiters.getFirst().epoch - oldest.number < 0)) {
      waiters.removeFirst().then.over(true);
      oldest = closed.peekFirst();
    }
  }

  /// The request with that block_id whose packet was for these sectors.
  @Nullable WriteRequest find(int volume, long id, long sector) {
    WriteRequest request = find(volume, id);
    return request != null && request.extent.sector() == sector ? request : null;
  }

  /// The request with that block_id.
  @Nullable WriteRequest find(int volume, long id) {
    WriteRequest request = byId.get(id);
    return request != null && request.owner.volume() == volume ? request : null;
  }

  /// What would be the next P_BARRIER_ACK, in words.
  public String expected() {
    Epoch epoch = closed.peekFirst();
    return epoch == null
        ? "no barrier is awaited"
        : "expected barrier #%d with %d writes".formatted(epoch.number, epoch.writes.size());
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
    release(epoch);
    tellWaiters();
    return true;
  }

  private void release(Epoch epoch) {
    for (WriteRequest request : List.copyOf(epoch.superseded)) {
      request.inTransferLog = false;
      request.owner.barrierAcknowledged(request);
    }
    epoch.superseded.clear();
  }

  /// The connection is gone: every logged write may be missing at the peer.
  public void connectionLost() {
    List<WriteRequest> lost = new ArrayList<>();
    for (Epoch epoch : closed) {
      lost.addAll(epoch.writes);
      lost.addAll(epoch.superseded);
    }
    lost.addAll(current.writes);
    lost.addAll(current.superseded);
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

  /// Marks every write of this volume whose epoch is not acknowledged as out of sync, for good: one
  /// of the two disks goes out of use, and what the peer does with the write cannot be followed.
  public void markUnacknowledged(int volume) {
    for (Epoch epoch : closed) {
      markUnacknowledged(volume, epoch);
    }
    markUnacknowledged(volume, current);
  }

  /// Whether the peer may have some of these sectors older on its disk than this node has sent
  /// them: what it only received does not count as written. Looks at all that is in flight.
  boolean mayBeUnwritten(int volume, Extent extent) {
    return closed.stream().anyMatch(epoch -> mayBeUnwritten(epoch, volume, extent))
        || mayBeUnwritten(current, volume, extent);
  }

  private static boolean mayBeUnwritten(Epoch epoch, int volume, Extent extent) {
    for (WriteRequest request : epoch.writes) {
      boolean written = request.acksWrite && request.remote == Side.OK;
      if (!written && request.extent.overlaps(extent) && request.owner.volume() == volume) {
        return true;
      }
    }
    return false;
  }

  private static void markUnacknowledged(int volume, Epoch epoch) {
    for (List<WriteRequest> writes : List.of(epoch.writes, epoch.superseded)) {
      for (WriteRequest request : writes) {
        if (request.owner.volume() == volume) {
          request.owner.staysOutOfSync(request);
        }
      }
    }
  }

  private void forget(WriteRequest request) {
    request.inTransferLog = false;
    byId.remove(request.id);
    count(request, -request.extent.sizeSectors());
  }

  private void count(WriteRequest request, long sectors) {
    sectorsInFlight.merge(request.owner.volume(), sectors, Long::sum);
  }

  /// What was written on that volume and is not known to be safe at the peer (`ap_in_flight`).
  public long sectorsInFlight(int volume) {
    return sectorsInFlight.getOrDefault(volume, 0L);
  }

  /// When the oldest write or barrier without an ack was sent; Long.MAX_VALUE if there is none.
  public long oldestNanos() {
    Epoch oldest = closed.peekFirst();
    return oldest == null ? current.oldestNanos() : oldest.oldestNanos();
  }

  /// Epochs with writes, for the status.
  public int epochs() {
    return closed.size() + (current.writes.isEmpty() ? 0 : 1);
  }
}
