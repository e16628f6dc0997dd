package org.twincore.drbd.engine.request;

import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The reads of the peer's applications from one volume's disk (drbd-wire section 10).
public final class PeerReads {
  private static final int READS_MAX = 1 << 16;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final WriteGate gate;
  private final ConflictGate conflicts;
  private final ReadRoom room;
  private final Listener listener;
  private int readsInFlight;

  /// What the volume must hear.
  @FunctionalInterface
  public interface Listener {
    /// The own disk failed a read.
    void localReadFailed(String cause);
  }

  /// What a read has to pass: `gate` keeps it from the peer's writes, `conflicts` with two
  /// Primaries from own ones; `room` bounds the memory.
  public record Way(WriteGate gate, ConflictGate conflicts, ReadRoom room) {}

  public PeerReads(Device device, Turn turn, Peering peering, Way way, Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.gate = way.gate;
    this.conflicts = way.conflicts;
    this.room = way.room;
    this.listener = listener;
  }

  /// No read of the peer is under way.
  public boolean isIdle() {
    return readsInFlight == 0;
  }

  private record PeerRead(
      Packet.BlockRequest request,
      Extent extent,
      int link,
      ExtentGate.Ticket ticket,
      Optional<ConflictGate.Place> alone,
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
    readsInFlight++;
    device.counters().unacked(1);
    int link = peering.link();
    // First of all: a write of the peer stands among the conflicts from its arrival, and a read
    // that
    // came before it must not wait for it with a ticket that it needs.
    behindOwnWrites(
        extent,
        alone ->
            epochs.order(
                () ->
                    gate.enter(
                        extent,
                        ticket ->
                            room.enter(
                                extent.sizeBytes(),
                                place ->
                                    readNow(
                                        new PeerRead(
                                            request, extent, link, ticket, alone, place)))),
                () -> left(link, alone)));
    return true;
  }

  private void behindOwnWrites(Extent extent, Consumer<Optional<ConflictGate.Place>> go) {
    if (conflicts.isEngaged()) {
      conflicts.enterRead(extent, place -> go.accept(Optional.of(place)));
    } else {
      go.accept(Optional.empty());
    }
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
    gate.leave(read.ticket);
    left(read.link, read.alone);
  }

  private void left(int link, Optional<ConflictGate.Place> alone) {
    readsInFlight--;
    alone.ifPresent(conflicts::leave);
    if (link == peering.link()) {
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
