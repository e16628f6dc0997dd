package org.twincore.drbd.engine.request;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.WriteTerms;
import org.twincore.drbd.engine.undo.UndoGuard;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The peer's writes and discards on one volume's disk (drbd-wire section 8.3). Resync traffic is
/// elsewhere.
public final class PeerWrites {
  private static final int VERSION_OF_RETRY = 100;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final WriteGate gate;
  private final ConflictGate conflicts;
  private final UndoGuard undo;
  private final Superseded superseded;
  private final Listener listener;
  private final ActivityWaiters activityWaiters;
  private final BooleanSupplier maySayInSync;
  private int writesInFlight;
  private long bytesInFlight;

  /// What the volume must hear.
  public interface Listener {
    /// The own disk failed a write of the peer.
    void localWriteFailed(String cause);

    /// The peer, which has no disk, goes on from this one ([Device#awaitsPeerUse]).
    void peerUsesThisDisk();

    /// The own disk failed a flush.
    void localFlushFailed(String cause);

    /// A conflict of two Primaries cannot be resolved with a peer that old.
    void conflictUnresolved();
  }

  /// Where writes of a diskless peer wait for the activity log.
  @FunctionalInterface
  public interface ActivityWaiters {
    /// Runs `go` when the token comes back from the activity log.
    void await(long token, Runnable go);
  }

  /// What a write has to pass: `gate` keeps the peer's writes and resync writes apart on this disk.
  /// `conflicts` keeps them from own requests, `undo` saves what they overwrite, where that is
  /// wanted.
  public record Way(
      WriteGate gate, ConflictGate conflicts, ActivityWaiters activity, UndoGuard undo) {}

  /// `maySayInSync` is asked when a write of a running resync is done.
  public PeerWrites(
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
    this.conflicts = way.conflicts;
    this.undo = way.undo;
    this.activityWaiters = way.activity;
    this.maySayInSync = maySayInSync;
    this.listener = listener;
    this.superseded = new Superseded(device, listener);
  }

  /// No write of the peer is under way.
  public boolean isIdle() {
    return writesInFlight == 0;
  }

  /// Bytes of writes that were taken off the socket and are not done; one without data counts too.
  public long bytesInFlight() {
    return bytesInFlight;
  }

  /// P_DATA; false if it is not for this device.
  public boolean write(Packet.Data packet, Payload payload, PeerEpochs epochs) {
    return take(PeerWrite.of(packet, payload, arrival(packet.flags())), epochs);
  }

  /// P_TRIM or P_ZEROES; false if it is not for this device.
  public boolean discard(Packet.Range packet, PeerEpochs epochs) {
    return take(PeerWrite.of(packet, arrival(packet.flags())), epochs);
  }

  /// P_DATA without data: flushes the own disk as a member of the epoch.
  public void flush(Packet.Data packet, Payload nothing, PeerEpochs epochs) {
    PeerWrite flush = PeerWrite.of(packet, nothing, arrival(packet.flags()));
    begin(flush);
    epochs.arrive(
        new PeerEpochs.Admitted() {
          @Override
          public void admitted(PeerEpochs.Epoch epoch) {
            flush.epoch = epoch;
            if (device.hasUsableDisk()) {
              LocalDisk disk = device.disk().disk();
              flush.disk = disk;
              disk.flush((error, _) -> flushed(flush, epochs, error));
            } else {
              answer(flush, PacketType.NEG_ACK);
              finish(flush, epochs);
            }
          }

          @Override
          public void dropped() {
            finish(flush, epochs);
          }
        });
  }

  private void begin(PeerWrite write) {
    writesInFlight++;
    device.counters().unacked(1);
    bytesInFlight += write.heldBytes();
    device.counters().received(write.extent.sizeSectors());
  }

  private PeerWrite.Arrival arrival(int flags) {
    return new PeerWrite.Arrival(
        WriteTerms.received(peering, flags), peering.link(), !device.peerHasDisk());
  }

  private boolean take(PeerWrite write, PeerEpochs epochs) {
    if (!device.contains(write.extent) && device.hasUsableDisk()) {
      return false;
    }
    if (write.peerLacks) {
      if (device.awaitsPeerUse()) {
        listener.peerUsesThisDisk();
      }
      device.markOutOfSync(write.extent);
    }
    begin(write);
    boolean comesNext = resolve(write, epochs);
    epochs.arrive(
        new PeerEpochs.Admitted() {
          @Override
          public void admitted(PeerEpochs.Epoch epoch) {
            write.epoch = epoch;
            if (comesNext) {
              start(write, epochs);
            } else {
              discardWhenAnswered(write, epochs);
            }
          }

          @Override
          public void dropped() {
            finish(write, epochs);
          }
        });
    return true;
  }

  /// Whether the write comes next. If not, on the node that resolves conflicts, an own write that
  /// is on its way to the peer overlaps it: it is not written, and the peer told what to do.
  private boolean resolve(PeerWrite write, PeerEpochs epochs) {
    boolean judges = conflicts.isEngaged() && peering.resolvesConflicts() && device.hasUsableDisk();
    ConflictGate.Verdict verdict =
        judges ? conflicts.judge(write.extent) : new ConflictGate.Verdict.Write();
    switch (verdict) {
      case ConflictGate.Verdict.Write _ -> write.place = conflicts.arrive(write.extent);
      case ConflictGate.Verdict.Superseded(var by) ->
          superseded.whenSafe(
              by,
              safe -> conclude(write, epochs, safe ? PacketType.SUPERSEDED : PacketType.NEG_ACK));
      case ConflictGate.Verdict.Retry _ -> {
        if (peering.version() < VERSION_OF_RETRY) {
          listener.conflictUnresolved();
        }
        conclude(write, epochs, PacketType.RETRY_WRITE);
      }
    }
    return write.place != null;
  }

  private void conclude(PeerWrite write, PeerEpochs epochs, PacketType verdict) {
    if (!write.isDone) {
      answer(write, verdict);
      write.verdict = verdict;
      discardWhenAnswered(write, epochs);
    }
  }

  private void discardWhenAnswered(PeerWrite write, PeerEpochs epochs) {
    if (write.epoch != null && write.verdict != null) {
      finish(write, epochs);
    }
  }

  private void start(PeerWrite write, PeerEpochs epochs) {
    if (write.has(DpFlags.SEND_RECEIVE_ACK)) {
      answer(write, PacketType.RECV_ACK);
    }
    gate.enter(
        write.extent,
        ticket -> {
          write.ticket = ticket;
          awaitTurn(write, epochs);
        });
  }

  private void awaitTurn(PeerWrite write, PeerEpochs epochs) {
    if (write.place == null || !device.hasUsableDisk()) {
      prepare(write, epochs);
    } else {
      conflicts.awaitTurn(write.place, () -> prepare(write, epochs), () -> finish(write, epochs));
    }
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
    undo.before(write.extent, saved -> overwrite(write, epochs, saved));
  }

  /// What it overwrites was saved as far as that is wanted; or could not be: then the block stays
  /// out of sync, which it is at the peer as soon as that hears of it.
  private void overwrite(PeerWrite write, PeerEpochs epochs, boolean saved) {
    if (!saved || !device.hasUsableDisk()) {
      failed(write, epochs);
      return;
    }
    if (device.disk().isSuperblockPending()) {
      submit(write, epochs);
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
    boolean leavesUnflushed =
        write.extent.sizeBytes() > 0 && device.options().flag(Option.DISK_FLUSHES);
    if (write.epoch != null && leavesUnflushed) {
      epochs.written(write.epoch, disk, unflushed(write.extent, write.blockId));
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

  /// Of the write only what its answer said: its data may go.
  private PeerEpochs.Answered unflushed(Extent extent, long blockId) {
    return new PeerEpochs.Answered() {
      @Override
      public void flushFailed(String cause) {
        listener.localFlushFailed(cause);
      }

      @Override
      public void lost() {
        send(PacketType.NEG_ACK, extent, blockId);
      }
    };
  }

  private void answer(PeerWrite write, PacketType type) {
    if (write.link == peering.link()) {
      send(type, write.extent, write.blockId);
    }
  }

  private void send(PacketType type, Extent extent, long blockId) {
    turn.send(
        device.volume(),
        new Packet.BlockAck(
            type, extent.sector(), blockId, (int) extent.sizeBytes(), device.nextSequence()));
  }

  private void finish(PeerWrite write, PeerEpochs epochs) {
    write.isDone = true;
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
      if (write.verdict == null || write.verdict == PacketType.NEG_ACK) {
        epochs.finished(write.epoch);
      } else {
        epochs.discarded(write.epoch);
      }
    }
    if (write.place != null) {
      conflicts.leave(write.place);
    }
  }
}
