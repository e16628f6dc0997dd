package org.twincore.drbd.engine.request;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.request.WriteRequest.Side;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;

/// What the peer says, or no longer can say, of the writes that were sent to it (drbd-wire section
/// 8.6).
final class PeerAnswers implements WriteRequest.Owner {
  private final Device device;
  private final TransferLog log;
  private final ConflictGate conflicts;
  private final KeptWrites kept;
  private final AppWrites.Listener listener;
  private final Consumer<WriteRequest> settle;

  /// `settle` takes each write that may be one step further.
  PeerAnswers(
      Device device,
      TransferLog log,
      ConflictGate conflicts,
      KeptWrites kept,
      AppWrites.Listener listener,
      Consumer<WriteRequest> settle) {
    this.device = device;
    this.log = log;
    this.conflicts = conflicts;
    this.kept = kept;
    this.listener = listener;
    this.settle = settle;
  }

  @Override
  public int volume() {
    return device.volume();
  }

  /// P_RECV_ACK, P_WRITE_ACK, P_RS_WRITE_ACK or P_NEG_ACK for a write; false if it answers nothing
  /// that was sent.
  boolean acknowledged(Packet.BlockAck ack) {
    WriteRequest request = log.find(volume(), ack.blockId(), ack.sector());
    boolean negative = ack.type() == PacketType.NEG_ACK;
    if (negative) {
      listener.peerWriteFailed();
    }
    if (request == null) {
      if (negative) {
        device.markOutOfSync(new Extent(ack.sector(), ack.sizeBytes()));
      }
      return negative;
    }
    if (ack.sizeBytes() != request.extent.sizeBytes()) {
      return false;
    }
    uncount(request);
    if (negative) {
      device.markOutOfSync(request.extent);
      request.remote = Side.FAILED;
    } else if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
    }
    if (ack.type() == PacketType.RS_WRITE_ACK) {
      request.maySetInSync = true;
      clearIfBothHave(request);
    } else {
      request.maySetInSync = false;
    }
    answered(request);
    settle.accept(request);
    return true;
  }

  private void answered(WriteRequest request) {
    if (request.place != null) {
      conflicts.peerAnswered(request.place);
    }
  }

  /// P_SUPERSEDED. The peer's write that comes later must be on its way here, or the two disks
  /// would differ: a kernel also says so of a write that was acked here before, if its own disk is
  /// slow, and before version 100 of one that it covers in part. Then it is P_RETRY_WRITE.
  boolean superseded(Packet.BlockAck ack) {
    WriteRequest request = unanswered(ack);
    if (request == null) {
      return false;
    }
    if (request.place == null || !conflicts.isCovered(request.place)) {
      postpone(request);
      return true;
    }
    uncount(request);
    request.maySetInSync = false;
    request.remote = Side.OK;
    log.superseded(request);
    answered(request);
    settle.accept(request);
    return true;
  }

  /// P_RETRY_WRITE. The peer's write must not overtake it here before the own disk is done with it.
  boolean retry(Packet.BlockAck ack) {
    WriteRequest request = unanswered(ack);
    if (request == null) {
      return false;
    }
    postpone(request);
    return true;
  }

  private void postpone(WriteRequest request) {
    uncount(request);
    request.maySetInSync = false;
    request.remote = Side.NONE;
    request.postponedNanos = request.sentNanos;
    log.takeOut(request);
    settle.accept(request);
  }

  /// Why an ack answers no write, in words.
  String mismatch(Packet.BlockAck ack) {
    WriteRequest request = log.find(volume(), ack.blockId());
    if (request == null) {
      return "no such write";
    }
    Extent extent = request.extent;
    if (ack.sector() != extent.sector() || ack.sizeBytes() != extent.sizeBytes()) {
      return "expected sector %d, %d bytes".formatted(extent.sector(), extent.sizeBytes());
    }
    return request.remote == Side.PENDING ? "the peer may not judge it" : "it has its answer";
  }

  private @Nullable WriteRequest unanswered(Packet.BlockAck ack) {
    WriteRequest request = log.find(volume(), ack.blockId(), ack.sector());
    boolean fits =
        request != null
            && ack.sizeBytes() == request.extent.sizeBytes()
            && request.remote == Side.PENDING;
    return fits ? request : null;
  }

  void clearIfBothHave(WriteRequest request) {
    if (request.maySetInSync
        && request.local == Side.OK
        && request.remote == Side.OK
        && device.backing() != null) {
      device.disk().markInSync(request.extent);
    }
  }

  private void uncount(WriteRequest request) {
    if (request.counted) {
      request.counted = false;
      device.counters().peerPending(-1);
    }
  }

  @Override
  public void handedOver(WriteRequest request) {
    if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
      settle.accept(request);
    }
  }

  @Override
  public void barrierAcknowledged(WriteRequest request) {
    uncount(request);
    if (request.remote == Side.PENDING) {
      request.remote = Side.OK;
    }
    settle.accept(request);
  }

  @Override
  public void replicationLost(WriteRequest request) {
    request.counted = false;
    request.maySetInSync = false;
    boolean isFlush = request.extent.sizeBytes() == 0;
    if (device.mayResumeWithPeer() && request.remote != Side.FAILED && !isFlush) {
      kept.keep(request);
    } else {
      lost(request);
    }
  }

  /// The peer lacks it, or may.
  void lost(WriteRequest request) {
    device.markOutOfSync(request.extent);
    if (request.remote == Side.PENDING) {
      request.remote = Side.FAILED;
    }
    answered(request);
    settle.accept(request);
  }

  @Override
  public void staysOutOfSync(WriteRequest request) {
    request.maySetInSync = false;
    device.markOutOfSync(request.extent);
  }
}
