package org.twincore.drbd.engine.request;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The reads of applications on one volume: from the own disk where its data is good, else from the
/// peer; where both are, as `read-balancing` says (drbd-wire section 10).
public final class AppReads {
  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final TransferLog log;
  private final ConflictGate conflicts;
  private final Listener listener;
  private final ReadBalance balance;
  private final TreeMap<Long, Part> atPeer = new TreeMap<>();
  private final ArrayDeque<Read> frozen = new ArrayDeque<>();
  private int inFlight;

  private static final class Read {
    final long cookie;
    final Extent extent;

    /// The own disk could not read it; not asked again.
    boolean failedHere;

    /// The peer refused it; the own disk is to serve it if it can.
    boolean failedThere;

    /// When the peer was asked.
    long sentNanos;

    /// Where it stands towards writes while it looks at the own disk, with two Primaries.
    ConflictGate.@Nullable Place place;

    Read(long cookie, Extent extent) {
      this.cookie = cookie;
      this.extent = extent;
    }
  }

  /// One of the requests to the peer that together bring a read; most reads have one.
  private record Part(Fetch fetch, Extent extent) {}

  /// A read that the peer was asked for.
  private static final class Fetch {
    final Read read;
    final byte[] together;
    int partsLeft;
    boolean isRefused;

    Fetch(Read read, int parts) {
      this.read = read;
      this.partsLeft = parts;
      this.together = new byte[parts == 1 ? 0 : (int) read.extent.sizeBytes()];
    }
  }

  /// What the volume must hear.
  @FunctionalInterface
  public interface Listener {
    /// The own disk failed a read; the blocks are marked already.
    void localReadFailed(String cause);
  }

  /// With two Primaries a read waits in `conflicts` behind the writes of both that overlap.
  public AppReads(
      Device device,
      Turn turn,
      Peering peering,
      TransferLog log,
      ConflictGate conflicts,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.log = log;
    this.conflicts = conflicts;
    this.listener = listener;
    this.balance = new ReadBalance(device, log);
  }

  /// Reads that were taken and not answered.
  public int inFlight() {
    return inFlight;
  }

  /// When the oldest read that the peer has not answered was sent; Long.MAX_VALUE if there is none.
  public long oldestNanos() {
    return atPeer.isEmpty() ? Long.MAX_VALUE : atPeer.firstEntry().getValue().fetch.read.sentNanos;
  }

  void take(Event.AppRead event) {
    inFlight++;
    device.counters().applicationPending(1);
    Read read = new Read(event.cookie(), event.extent());
    if (device.holdsIo()) {
      frozen.add(read);
    } else {
      start(read);
    }
  }

  private boolean isReadableHere(Read read) {
    return !read.failedHere
        && device.hasUsableDisk()
        // What the peer has changed is told to this node, and not in step with the answers.
        && device.state().conn() != ConnectionState.BEHIND
        && device.disk().isReadable(device.state().disk(), read.extent);
  }

  private void start(Read read) {
    if (conflicts.isEngaged()) {
      conflicts.enterRead(
          read.extent,
          place -> {
            read.place = place;
            startAlone(read);
          });
    } else {
      readNow(read);
    }
  }

  /// No write overlaps it now.
  private void startAlone(Read read) {
    if (device.holdsIo()) {
      frozen.add(read);
      leave(read);
    } else {
      readNow(read);
    }
  }

  private void leave(Read read) {
    ConflictGate.Place place = read.place;
    read.place = null;
    if (place != null) {
      conflicts.leave(place);
    }
  }

  private void readNow(Read read) {
    if (!isReadableHere(read)) {
      readElsewhere(read);
    } else if (prefersPeer(read)) {
      ask(read);
    } else {
      device.counters().read(read.extent.sizeSectors());
      device.disk().disk().read(read.extent, (error, data) -> localDone(read, error, data));
    }
  }

  /// As `read-balancing` says; with two Primaries reads stay where their order is known.
  private boolean prefersPeer(Read read) {
    return !conflicts.isEngaged()
        && peerHasData()
        && !read.failedThere
        && balance.prefersPeer(read.extent);
  }

  private void localDone(Read read, @Nullable String error, @Nullable Payload data) {
    if (error == null && data != null) {
      finish(read, data);
      leave(read);
      return;
    }
    read.failedHere = true;
    device.markOutOfSync(read.extent);
    listener.localReadFailed(error == null ? "no data" : error);
    readElsewhere(read);
  }

  private void readElsewhere(Read read) {
    // The peer orders it from now on; its own writes here must not wait for that.
    leave(read);
    if (peerHasData()) {
      log.close();
      ask(read);
    } else if (device.state().isSuspended()) {
      frozen.add(read);
    } else {
      fail(read);
    }
  }

  private boolean peerHasData() {
    return turn.isLinked()
        && device.state().conn().isAtLeast(ConnectionState.CONNECTED)
        && device.state().pdsk() == DiskState.UP_TO_DATE;
  }

  /// Asks in as many requests as the peer's limit makes of it.
  private void ask(Read read) {
    read.sentNanos = turn.now();
    long bytesMax = RequestLimits.of(device, peering).bytesMax();
    long bytes = read.extent.sizeBytes();
    Fetch fetch = new Fetch(read, (int) ((bytes + bytesMax - 1) / bytesMax));
    for (long from = 0; from < bytes; from += bytesMax) {
      long sector = read.extent.sector() + from / Extent.SECTOR_BYTES;
      Extent extent = new Extent(sector, Math.min(bytesMax, bytes - from));
      long id = turn.newToken();
      atPeer.put(id, new Part(fetch, extent));
      device.counters().peerPending(1);
      turn.send(
          device.volume(),
          new Packet.BlockRequest(
              PacketType.DATA_REQUEST, extent.sector(), id, (int) extent.sizeBytes()));
    }
  }

  /// P_DATA_REPLY; false if nobody asked for that.
  public boolean replied(Packet.Data packet, Payload data) {
    Part part = atPeer.get(packet.blockId());
    if (part == null
        || part.extent.sector() != packet.sector()
        || part.extent.sizeBytes() != data.lengthBytes()) {
      return false;
    }
    device.counters().received(part.extent.sizeSectors());
    Fetch fetch = part.fetch;
    if (fetch.together.length == 0) {
      answered(packet.blockId(), fetch, data);
      return true;
    }
    long sectors = part.extent.sector() - fetch.read.extent.sector();
    int from = (int) (sectors * Extent.SECTOR_BYTES);
    data.copyTo(ByteBuffer.wrap(fetch.together, from, data.lengthBytes()));
    answered(packet.blockId(), fetch, Payload.of(fetch.together));
    return true;
  }

  /// P_NEG_DREPLY; false if nobody asked for that.
  public boolean refused(Packet.BlockAck packet) {
    Part part = atPeer.get(packet.blockId());
    if (part == null || part.extent.sector() != packet.sector()) {
      return false;
    }
    part.fetch.isRefused = true;
    answered(packet.blockId(), part.fetch, Payload.of(part.fetch.together));
    return true;
  }

  /// One part is answered; with the last one `data` is all of the read, if none was refused.
  private void answered(long id, Fetch fetch, Payload data) {
    atPeer.remove(id);
    device.counters().peerPending(-1);
    fetch.partsLeft--;
    if (fetch.partsLeft > 0) {
      return;
    }
    fetch.read.failedThere = fetch.isRefused;
    if (!fetch.isRefused) {
      finish(fetch.read, data);
    } else if (isReadableHere(fetch.read)) {
      start(fetch.read);
    } else {
      fail(fetch.read);
    }
  }

  /// The connection is gone: what was asked of the peer is tried anew.
  public void connectionLost() {
    List<Read> lost = atPeer.values().stream().map(it -> it.fetch.read).distinct().toList();
    atPeer.clear();
    for (Read read : lost) {
      start(read);
    }
  }

  /// I/O goes on.
  public void thaw() {
    List<Read> thawed = List.copyOf(frozen);
    frozen.clear();
    for (Read read : thawed) {
      read.failedHere = false;
      read.failedThere = false;
      if (device.holdsIo()) {
        frozen.add(read);
      } else {
        start(read);
      }
    }
  }

  private void finish(Read read, Payload data) {
    end();
    turn.add(new Effect.AppReadDone(device.volume(), read.cookie, data));
  }

  private void fail(Read read) {
    end();
    turn.add(new Effect.AppFailed(device.volume(), read.cookie, Effect.AppError.IO));
  }

  private void end() {
    inFlight--;
    device.counters().applicationPending(-1);
  }
}
