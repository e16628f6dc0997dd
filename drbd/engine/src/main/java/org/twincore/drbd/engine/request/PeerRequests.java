package org.twincore.drbd.engine.request;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.WriteTerms;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// What the peer asks of one volume's disk: its writes, discards and reads (drbd-wire sections 8.3
/// and 10). Resync traffic is elsewhere.
public final class PeerRequests {
  private static final long REQUEST_BYTES = 512;
  private static final int READS_MAX = 1 << 16;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final WriteGate gate;
  private final ReadRoom room;
  private final Listener listener;
  private final ActivityWaiters activityWaiters;
  private final BooleanSupplier maySayInSync;
  private int writesInFlight;
  private int readsInFlight;
  private long bytesInFlight;

  /// What the volume must hear.
  public interface Listener {
    /// The own disk failed a write of the peer.
    void localWriteFailed(String cause);

    /// The peer, which has no disk, begins to write to this one ([Device#awaitsPeerWrite]).
    void peerWritesAlone();

    /// The own disk failed a read.
    void localReadFailed(String cause);

    /// The own disk failed a flush.
    void localFlushFailed(String cause);
  }

  /// Where writes of a diskless peer wait for the activity log.
  @FunctionalInterface
  public interface ActivityWaiters {
    /// Runs `go` when the token comes back from the activity log.
    void await(long token, Runnable go);
  }

  /// What a request has to pass: `gate` keeps the peer's writes and resync writes apart on this
  /// disk, `room` bounds the memory of reads.
  public record Way(WriteGate gate, ReadRoom room, ActivityWaiters activity) {}

  /// `maySayInSync` is asked when a write of a running resync is done.
  public PeerRequests(
      Device device,
      Turn turn,
      Peering peering,
      Way way,
      BooleanSupplier maySayInSync,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.gate = way.gate;
    this.room = way.room;
    this.activityWaiters = way.activity;
    this.maySayInSync = maySayInSync;
    this.listener = listener;
  }

  /// Nothing of the peer is under way.
  public boolean isIdle() {
    return writesInFlight == 0 && readsInFlight == 0;
  }

  /// Bytes of writes that were taken off the socket and are not done; one without data counts too.
  public long bytesInFlight() {
    return bytesInFlight;
  }

  private final class PeerWrite {
    final Packet packet;
    final Extent extent;
    final long blockId;
    final int flags;
    final @Nullable Payload payload;
    final int link = peering.link();

    /// The peer has no disk for it. That counts when it arrives: it may wait behind a barrier while
    /// the peer attaches one.
    final boolean peerLacks = !device.peerHasDisk();

    PeerEpochs.@Nullable Epoch epoch;
    @Nullable LocalDisk disk;
    ExtentGate.@Nullable Ticket ticket;
    @Nullable ActivityLog activity;
    ActivityLog.@Nullable Span span;

    PeerWrite(Packet packet, Extent extent, long blockId, int flags, @Nullable Payload payload) {
      this.packet = packet;
      this.extent = extent;
      this.blockId = blockId;
      this.flags = flags;
      this.payload = payload;
    }

    long heldBytes() {
      return REQUEST_BYTES + (payload == null ? 0 : payload.lengthBytes());
    }

    boolean has(int flag) {
      return (flags & flag) != 0;
    }
  }

  /// P_DATA; false if it is not for this device.
  public boolean write(Packet.Data packet, Payload payload, PeerEpochs epochs) {
    return take(
        new PeerWrite(
            packet,
            new Extent(packet.sector(), payload.lengthBytes()),
            packet.blockId(),
            WriteTerms.received(peering, packet.flags()),
            payload),
        epochs);
  }

  /// P_TRIM or P_ZEROES; false if it is not for this device.
  public boolean discard(Packet.Range packet, PeerEpochs epochs) {
    return take(
        new PeerWrite(
            packet,
            new Extent(packet.sector(), packet.sizeBytes()),
            packet.blockId(),
            WriteTerms.received(peering, packet.flags()),
            null),
        epochs);
  }

  private boolean take(PeerWrite write, PeerEpochs epochs) {
    if (!device.contains(write.extent) && device.hasUsableDisk()) {
      return false;
    }
    if (write.peerLacks) {
      if (device.awaitsPeerWrite()) {
        listener.peerWritesAlone();
      }
      device.markOutOfSync(write.extent);
    }
    writesInFlight++;
    device.counters().unacked(1);
    bytesInFlight += write.heldBytes();
    device.counters().received(write.extent.sizeSectors());
    epochs.arrive(
        new PeerEpochs.Admitted() {
          @Override
          public void admitted(PeerEpochs.Epoch epoch) {
            write.epoch = epoch;
            start(write, epochs);
          }

          @Override
          public void dropped() {
            finish(write, epochs);
          }
        });
    return true;
  }

  private void start(PeerWrite write, PeerEpochs epochs) {
    if (write.has(DpFlags.SEND_RECEIVE_ACK)) {
      answer(write, PacketType.RECV_ACK);
    }
    gate.enter(
        write.extent,
        ticket -> {
          write.ticket = ticket;
          prepare(write, epochs);
        });
  }

  private void prepare(PeerWrite write, PeerEpochs epochs) {
    if (!device.hasUsableDisk() || !write.peerLacks) {
      submit(write, epochs);
      return;
    }
    ActivityLog activity = device.disk().activity();
    ActivityLog.Span span = ActivityLog.Span.of(write.extent);
    long token = turn.newToken();
    ActivityLog.Begin begin = activity.begin(token, span);
    if (begin != ActivityLog.Begin.NOT_LOGGED) {
      write.activity = activity;
      write.span = span;
    }
    if (begin == ActivityLog.Begin.WAITS) {
      activityWaiters.await(token, () -> goOn(write, epochs));
    } else {
      submit(write, epochs);
    }
  }

  /// The activity log has the extents of a write, or the disk with its log was given up.
  private void goOn(PeerWrite write, PeerEpochs epochs) {
    if (!device.hasUsableDisk()) {
      write.activity = null;
      write.span = null;
    }
    submit(write, epochs);
  }

  private void submit(PeerWrite write, PeerEpochs epochs) {
    if (device.hasUsableDisk() && device.disk().isSuperblockPending()) {
      device.disk().settle(_ -> submit(write, epochs));
      return;
    }
    if (!device.hasUsableDisk()) {
      answer(write, PacketType.NEG_ACK);
      finish(write, epochs);
      return;
    }
    device.counters().written(write.extent.sizeSectors());
    boolean fua = write.has(DpFlags.FUA);
    LocalDisk disk = device.disk().disk();
    write.disk = disk;
    if (write.payload != null) {
      disk.write(
          write.extent.sector(), write.payload, fua, (error, _) -> done(write, epochs, error));
    } else {
      disk.discard(write.extent, kind(write), (e, _) -> discarded(write, epochs, fua, e));
    }
  }

  private Event.Discard kind(PeerWrite write) {
    if (write.packet.type() == PacketType.TRIM && peering.has(Features.WZEROES)) {
      return Event.Discard.TRIM;
    }
    boolean mayUnmap = write.packet.type() == PacketType.TRIM || write.has(DpFlags.DISCARD);
    return mayUnmap ? Event.Discard.ZERO_OUT_MAY_UNMAP : Event.Discard.ZERO_OUT;
  }

  private void discarded(PeerWrite write, PeerEpochs epochs, boolean fua, @Nullable String error) {
    if (error == null && fua && device.hasUsableDisk()) {
      device.disk().disk().flush((cause, _) -> flushed(write, epochs, cause));
    } else {
      done(write, epochs, error);
    }
  }

  private void flushed(PeerWrite write, PeerEpochs epochs, @Nullable String error) {
    if (error == null) {
      done(write, epochs, null);
    } else {
      failed(write, epochs);
      listener.localFlushFailed(error);
    }
  }

  private void failed(PeerWrite write, PeerEpochs epochs) {
    device.markOutOfSync(write.extent);
    answer(write, PacketType.NEG_ACK);
    finish(write, epochs);
  }

  private void done(PeerWrite write, PeerEpochs epochs, @Nullable String error) {
    LocalDisk disk = write.disk;
    if (error != null) {
      failed(write, epochs);
      listener.localWriteFailed(error);
      return;
    }
    if (disk == null || disk.isLost()) {
      // The disk was given up meanwhile: it will never be flushed.
      failed(write, epochs);
      return;
    }
    if (write.epoch != null && device.options().flag(Option.DISK_FLUSHES)) {
      epochs.written(write.epoch, disk, listener::localFlushFailed);
    }
    ConnectionState conn = device.state().conn();
    boolean resyncs =
        conn.isAtLeast(ConnectionState.SYNC_SOURCE)
            && conn.compareTo(ConnectionState.PAUSED_SYNC_T) <= 0;
    boolean bothHave = !write.peerLacks && write.link == peering.link();
    boolean owesAck = write.has(DpFlags.SEND_WRITE_ACK);
    boolean maySetInSync = bothHave && owesAck && write.has(DpFlags.MAY_SET_IN_SYNC) && resyncs;
    if (maySetInSync && maySayInSync.getAsBoolean()) {
      if (device.backing() != null) {
        device.disk().markInSync(write.extent);
      }
      answer(write, PacketType.RS_WRITE_ACK);
    } else if (owesAck) {
      answer(write, PacketType.WRITE_ACK);
    }
    finish(write, epochs);
  }

  private void answer(PeerWrite write, PacketType type) {
    if (write.link == peering.link()) {
      turn.send(
          device.volume(),
          new Packet.BlockAck(
              type,
              write.extent.sector(),
              write.blockId,
              (int) write.extent.sizeBytes(),
              device.nextSequence()));
    }
  }

  private void finish(PeerWrite write, PeerEpochs epochs) {
    writesInFlight--;
    if (write.link == peering.link()) {
      device.counters().unacked(-1);
    }
    bytesInFlight -= write.heldBytes();
    if (write.ticket != null) {
      gate.leave(write.ticket);
    }
    if (write.activity != null && write.span != null) {
      write.activity.release(write.span);
    }
    if (write.epoch != null) {
      epochs.finished(write.epoch);
    }
  }

  // ---- reads

  private record PeerRead(
      Packet.BlockRequest request,
      Extent extent,
      int link,
      ExtentGate.Ticket ticket,
      ReadRoom.Place place) {}

  /// P_DATA_REQUEST: reads what the peer's earlier writes leave, also those it has answered. False
  /// if there are more than any honest peer asks for at once.
  public boolean read(Packet.BlockRequest request, PeerEpochs epochs) {
    if (readsInFlight >= READS_MAX) {
      return false;
    }
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    if (!device.contains(extent)) {
      refuse(request);
      return true;
    }
    epochs.order(() -> {
      readsInFlight++;
      device.counters().unacked(1);
      int link = peering.link();
      gate.enter(
          extent,
          ticket ->
              room.enter(
                  extent.sizeBytes(),
                  place -> readNow(new PeerRead(request, extent, link, ticket, place))));
    });
    return true;
  }

  private void readNow(PeerRead read) {
    boolean sameLink = read.link == peering.link();
    if (!sameLink || !device.hasUsableDisk() || device.state().disk() != DiskState.UP_TO_DATE) {
      finishRead(read);
      room.leave(read.place);
      if (sameLink) {
        refuse(read.request);
      }
      return;
    }
    Extent extent = read.extent;
    device.counters().read(extent.sizeSectors());
    device
        .disk()
        .disk()
        .read(
            extent,
            (error, data) -> {
              finishRead(read);
              readDone(read, error, data);
            });
  }

  private void finishRead(PeerRead read) {
    readsInFlight--;
    gate.leave(read.ticket);
    if (read.link == peering.link()) {
      device.counters().unacked(-1);
    }
  }

  private void readDone(PeerRead read, @Nullable String error, @Nullable Payload data) {
    Packet.BlockRequest request = read.request;
    boolean sameLink = read.link == peering.link();
    if (error == null && data != null) {
      if (sameLink) {
        long token = turn.newToken();
        device.counters().sent(data.lengthBytes() / Extent.SECTOR_BYTES);
        turn.send(
            device.volume(),
            new Packet.Data(
                PacketType.DATA_REPLY,
                request.sector(),
                request.blockId(),
                0,
                0,
                data.lengthBytes()),
            data,
            token);
        room.sent(read.place, token);
      } else {
        room.leave(read.place);
      }
      return;
    }
    room.leave(read.place);
    if (sameLink) {
      refuse(request);
    }
    listener.localReadFailed(error == null ? "no data" : error);
  }

  private void refuse(Packet.BlockRequest request) {
    turn.send(
        device.volume(),
        new Packet.BlockAck(
            PacketType.NEG_DREPLY,
            request.sector(),
            request.blockId(),
            request.sizeBytes(),
            device.nextSequence()));
  }
}
