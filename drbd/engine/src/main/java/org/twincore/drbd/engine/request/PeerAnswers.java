package org.twincore.drbd.engine.request;

import java.util.function.Consumer;
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
  private final AppWrites.Listener listener;
  private final Consumer<WriteRequest> settle;

  /// `settle` takes each write that may be one step further.
  PeerAnswers(
      Device device, TransferLog log, AppWrites.Listener listener, Consumer<WriteRequest> settle) {
    this.device = device;
    this.log = log;
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
    settle.accept(request);
    return true;
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
    device.markOutOfSync(request.extent);
    if (request.remote == Side.PENDING) {
      request.remote = Side.FAILED;
    }
    settle.accept(request);
  }

  @Override
  public void staysOutOfSync(WriteRequest request) {
    request.maySetInSync = false;
    device.markOutOfSync(request.extent);
  }
}
