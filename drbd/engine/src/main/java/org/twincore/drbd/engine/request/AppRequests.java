package org.twincore.drbd.engine.request;

import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.Since;

/// What applications ask of one volume: checked, cut to what may travel, and handed on; and
/// flushes.
public final class AppRequests {
  private static final int ZERO_BYTES_MAX = 1 << 20;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final TransferLog log;
  private final AppWrites writes;
  private final AppReads reads;
  private final ArrayDeque<Runnable> frozen = new ArrayDeque<>();
  private final ArrayDeque<Runnable> awaitingPeersGeneration = new ArrayDeque<>();
  private int flushes;

  public AppRequests(
      Device device,
      Turn turn,
      Peering peering,
      TransferLog log,
      AppWrites writes,
      AppReads reads) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.log = log;
    this.writes = writes;
    this.reads = reads;
  }

  /// Requests taken and not answered.
  public int inFlight() {
    return writes.inFlight() + reads.inFlight() + flushes;
  }

  public void read(Event.AppRead event) {
    if (device.contains(event.extent())) {
      reads.take(event);
    } else {
      fail(event.cookie(), Effect.AppError.INVALID);
    }
  }

  public void write(Event.AppWrite event) {
    int bytes = event.payload().lengthBytes();
    if (bytes == 0 || bytes % Extent.SECTOR_BYTES != 0 || event.sector() < 0) {
      fail(event.cookie(), Effect.AppError.INVALID);
      return;
    }
    Extent extent = new Extent(event.sector(), bytes);
    Effect.AppError refusal = refusal(extent);
    if (refusal != null) {
      fail(event.cookie(), refusal);
      return;
    }
    WriteRequest.Answer answer = event.fua() ? durably(event.cookie()) : answer(event.cookie());
    if (bytes <= RequestLimits.of(device, peering).bytesMax()) {
      writes.take(answer, extent, event.payload(), null, event.fua());
    } else {
      writeInPieces(answer, event);
    }
  }

  /// A peer that does not take such large ones gets several.
  private void writeInPieces(WriteRequest.Answer whole, Event.AppWrite event) {
    Payload payload = event.payload();
    int bytesMax = RequestLimits.of(device, peering).bytesMax();
    int pieces = (payload.lengthBytes() + bytesMax - 1) / bytesMax;
    Pieces together = new Pieces(whole, pieces);
    for (int piece = 0; piece < pieces; piece++) {
      int from = piece * bytesMax;
      int bytes = Math.min(bytesMax, payload.lengthBytes() - from);
      Extent extent = new Extent(event.sector() + from / Extent.SECTOR_BYTES, bytes);
      writes.take(together, extent, payload.slice(from, bytes), null, event.fua());
    }
  }

  /// To a peer that cannot be told FUA the write goes without, and a flush of both disks follows
  /// before the answer (docs/durability.md).
  private WriteRequest.Answer durably(long cookie) {
    return error -> {
      if (error == null && turn.isLinked() && !peering.has(Since.WRITE_FLAGS)) {
        flush(new Event.AppFlush(device.volume(), cookie));
      } else {
        answer(cookie).answered(error);
      }
    };
  }

  public void discard(Event.AppDiscard event) {
    Effect.AppError refusal = refusal(event.extent());
    if (refusal != null) {
      fail(event.cookie(), refusal);
      return;
    }
    WriteRequest.Answer answer = event.fua() ? durably(event.cookie()) : answer(event.cookie());
    long bytesMax = turn.isLinked() ? DiscardLimits.of(peering).bytesMax() : Long.MAX_VALUE;
    if (event.extent().sizeBytes() <= bytesMax) {
      writes.take(answer, event.extent(), null, event.kind(), event.fua());
    } else {
      discardInPieces(answer, event, bytesMax);
    }
  }

  /// A peer that does not know discards, or not such large ones, gets several, or zeroes.
  private void discardInPieces(WriteRequest.Answer whole, Event.AppDiscard event, long bytesMax) {
    long zeroBytes = Math.min(ZERO_BYTES_MAX, RequestLimits.of(device, peering).bytesMax());
    long pieceBytes = bytesMax == 0 ? zeroBytes : bytesMax;
    long pieces = (event.extent().sizeBytes() + pieceBytes - 1) / pieceBytes;
    Pieces together = new Pieces(whole, pieces);
    for (long piece = 0; piece < pieces; piece++) {
      long from = piece * pieceBytes;
      long bytes = Math.min(pieceBytes, event.extent().sizeBytes() - from);
      Extent extent = new Extent(event.extent().sector() + from / Extent.SECTOR_BYTES, bytes);
      if (bytesMax == 0) {
        Payload zeroes = Payload.of(new byte[(int) bytes]);
        writes.take(together, extent, zeroes, null, event.fua());
      } else {
        writes.take(together, extent, null, event.kind(), event.fua());
      }
    }
  }

  /// One answer for several pieces: the first error, when the last piece is done.
  private static final class Pieces implements WriteRequest.Answer {
    private final WriteRequest.Answer whole;
    private long left;
    private Effect.@Nullable AppError error;

    Pieces(WriteRequest.Answer whole, long pieces) {
      this.whole = whole;
      this.left = pieces;
    }

    @Override
    public void answered(Effect.@Nullable AppError failure) {
      error = error == null ? failure : error;
      left--;
      if (left == 0) {
        whole.answered(error);
      }
    }
  }

  private Effect.@Nullable AppError refusal(Extent extent) {
    if (!device.contains(extent)) {
      return Effect.AppError.INVALID;
    }
    return device.state().role() == Role.PRIMARY ? null : Effect.AppError.READ_ONLY;
  }

  private WriteRequest.Answer answer(long cookie) {
    return error -> {
      if (error == null) {
        turn.add(new Effect.AppDone(device.volume(), cookie));
      } else {
        fail(cookie, error);
      }
    };
  }

  private void fail(long cookie, Effect.AppError error) {
    turn.add(new Effect.AppFailed(device.volume(), cookie, error));
  }

  // ---- flush

  /// The own disk is flushed; in protocol C, and wherever there is no good own disk, every write
  /// sent is safe at the peer too. If the peer is lost meanwhile: the marks of what it lacks are
  /// durable.
  public void flush(Event.AppFlush event) {
    flushes++;
    device.counters().applicationPending(1);
    begin(new Flush(event.cookie()));
  }

  private void begin(Flush flush) {
    if (device.holdsIo()) {
      frozen.add(() -> begin(flush));
      return;
    }
    log.close();
    boolean local = device.hasUsableDisk();
    boolean good = device.state().disk() == DiskState.UP_TO_DATE;
    boolean remote = turn.isLinked() && (!good || peering.protocol() == ReplicationProtocol.C);
    flush.left = 1 + (local ? 1 : 0) + (remote ? 1 : 0);
    if (local) {
      device.disk().disk().flush((error, _) -> flush.localDone(error));
    }
    if (remote) {
      log.awaitSafety(flush::peerDone);
    }
    flush.part();
  }

  /// I/O goes on: flushes that were frozen, or ended while it was, begin anew.
  public void thaw() {
    List<Runnable> thawed = List.copyOf(frozen);
    frozen.clear();
    thawed.forEach(Runnable::run);
  }

  /// The peer has begun its new generation, or is lost: flushes that waited for that begin anew.
  public void peersGenerationOver() {
    List<Runnable> due = List.copyOf(awaitingPeersGeneration);
    awaitingPeersGeneration.clear();
    due.forEach(Runnable::run);
  }

  private final class Flush {
    private final long cookie;
    private int left;
    private boolean failedHere;
    private boolean peerSafe;

    Flush(long cookie) {
      this.cookie = cookie;
    }

    void localDone(@Nullable String error) {
      if (error != null) {
        failedHere = true;
        writes.localFlushFailed(error);
      }
      part();
    }

    void peerDone(boolean safe) {
      peerSafe = safe && device.state().pdsk() == DiskState.UP_TO_DATE;
      if (!safe && device.hasUsableDisk()) {
        device.disk().writeBitmap(this::marksWritten);
      } else {
        part();
      }
    }

    private void marksWritten(boolean ok) {
      failedHere |= !ok;
      part();
    }

    void part() {
      left--;
      if (left > 0) {
        return;
      }
      if (device.state().isSuspended()) {
        frozen.add(() -> begin(new Flush(cookie)));
        return;
      }
      if (writes.awaitsPeersGeneration()) {
        awaitingPeersGeneration.add(() -> begin(new Flush(cookie)));
        return;
      }
      flushes--;
      device.counters().applicationPending(-1);
      boolean nowhere = !peerSafe && (failedHere || device.state().disk() != DiskState.UP_TO_DATE);
      if (nowhere) {
        fail(cookie, Effect.AppError.IO);
      } else {
        turn.add(new Effect.AppDone(device.volume(), cookie));
      }
    }
  }
}
