package org.twincore.drbd.engine.resync;

import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.resync.AskedBlocks.Asked;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.LocalDisk;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.engine.state.RequestLimits;
import org.twincore.drbd.engine.undo.UndoGuard;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// Fetches what is out of sync, at the pace of [ResyncPacing] (drbd-wire section 12.1).
///
/// From the request until the block is written here it is closed to own application writes. When
/// nothing is left the listener hears of it once; finishing is its business.
public final class SyncTarget {
  private static final long TURN_NANOS = ResyncPacing.TURN_MILLIS * 1_000_000;
  private static final long BITMAP_WRITE_NANOS = 2_000_000_000L;
  private static final int REQUEST_BYTES_MAX = 1 << 20;

  /// Between two turns only requests of full length are worth the trouble.
  private static final int REFILL_BLOCKS = REQUEST_BYTES_MAX / 4096;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final ExtentGate peerWrites;
  private final UndoGuard undo;
  private final ResyncPacing pacing;
  private final BooleanSupplier givesWay;
  private final Listener listener;
  private final BlockReader reader;
  private final AskedBlocks asked;
  private ResyncScan scan = new ResyncScan(0, REQUEST_BYTES_MAX);
  private boolean running;
  private boolean paused;
  private boolean told;

  /// What the last resync asked for has an answer each, and until then is not asked for again: the
  /// source would have two questions about one block.
  private boolean awaitsLate;

  private int writes;
  private long failedBlocks;
  private long equalBlocks;
  private @Nullable DigestAlgorithm csums;
  private int thinBytes;
  private long nextTurnNanos = Long.MAX_VALUE;
  private long nextBitmapWriteNanos;

  /// What the volume must hear.
  public interface Listener {
    /// Every set bit was dealt with; nothing is in flight.
    void nothingLeft();

    void localWriteFailed(String cause);

    void localReadFailed(String cause);
  }

  /// How much to ask for in a turn, and whether to let others have this turn (c-min-rate).
  public record Pace(ResyncPacing pacing, BooleanSupplier givesWay) {}

  /// What a resync has to pass: `applications` is the gate of own application writes, `peerWrites`
  /// that of what the peer has written here; `undo` saves what it overwrites, where that is wanted;
  /// `room` bounds the memory of reads for digests.
  public record Way(
      ExtentGate applications, ExtentGate peerWrites, UndoGuard undo, ReadRoom room) {}

  public SyncTarget(
      Device device, Turn turn, Peering peering, Way way, Pace pace, Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.asked = new AskedBlocks(way.applications);
    this.peerWrites = way.peerWrites;
    this.undo = way.undo;
    this.pacing = pace.pacing;
    this.givesWay = pace.givesWay;
    this.listener = listener;
    this.reader = new BlockReader(device, way.peerWrites, way.room);
  }

  /// A resync begins with the bits as they are. With `digest` blocks are asked for with the digest
  /// of what is here, so that equal ones need not be sent (`csums-alg`).
  public void start(@Nullable DigestAlgorithm digest) {
    csums = digest;
    equalBlocks = 0;
    running = true;
    paused = false;
    told = false;
    int requestBytes = Math.min(REQUEST_BYTES_MAX, RequestLimits.of(device, peering).bytesMax());
    thinBytes = ThinRequests.bytes(device, peering, requestBytes);
    scan = new ResyncScan(device.sizeSectors(), thinBytes == 0 ? requestBytes : thinBytes);
    pacing.restart();
    nextTurnNanos = turn.now();
    nextBitmapWriteNanos = turn.now() + BITMAP_WRITE_NANOS;
  }

  public void pause() {
    paused = true;
    nextTurnNanos = Long.MAX_VALUE;
  }

  public void resume() {
    paused = false;
    if (running) {
      nextTurnNanos = turn.now();
    }
  }

  /// It is durable what is to be fetched, and fetching may begin or has begun.
  public boolean isRunning() {
    return running;
  }

  /// The resync is over, finished or cut.
  public void stop() {
    running = false;
    awaitsLate = device.hasUsableDisk();
    nextTurnNanos = Long.MAX_VALUE;
    device.counters().peerPending(-asked.abandon());
  }

  /// The connection is gone: nothing more will be answered.
  public void connectionLost() {
    asked.connectionLost();
  }

  /// More bits were set after all was done.
  public void goOn() {
    told = false;
    scan.restart(0);
    if (running) {
      nextTurnNanos = turn.now();
    }
  }

  /// Another resync begins, here or at the peer.
  public void forgetFailures() {
    failedBlocks = 0;
  }

  public long failedBlocks() {
    return failedBlocks;
  }

  public long positionSectors() {
    return scan.positionBlocks() * 8;
  }

  /// No resync write is under way.
  public boolean isIdle() {
    return writes == 0 && reader.isIdle();
  }

  public long deadlineNanos() {
    return nextTurnNanos;
  }

  /// To be called at the end of each step: asks for more when it is time.
  public void tick() {
    if (!running || paused || (awaitsLate && asked.awaitsLate())) {
      return;
    }
    if (turn.now() < nextTurnNanos) {
      if (!told && pacing.mayAskBlocks() >= REFILL_BLOCKS) {
        askForMore();
      }
      return;
    }
    nextTurnNanos = turn.now() + TURN_NANOS;
    pacing.turn();
    if (pacing.mayAskBlocks() > 0 && givesWay.getAsBoolean()) {
      pacing.leaveRest();
    }
    askForMore();
    if (turn.now() >= nextBitmapWriteNanos) {
      nextBitmapWriteNanos = turn.now() + BITMAP_WRITE_NANOS;
      device.disk().writeBitmap(_ -> {});
    }
    look();
  }

  private void askForMore() {
    ResyncScan.Bits bits = new ResyncScan.Bits(device.disk().bitmap()::nextSet);
    long blocks = pacing.mayAskBlocks();
    // A merged request may be one block longer than what is left, as the kernel's are.
    while (!paused
        && blocks > 0
        && scan.look(bits, blocks + 1, _ -> false) instanceof ResyncScan.Ask ask) {
      // After a restart of the scan blocks that are still on their way are met again.
      if (asked.overlaps(ask.extent())) {
        continue;
      }
      ask(ask.extent());
      blocks -= ask.blocks();
      pacing.requested(ask.blocks());
    }
    if (blocks > 0) {
      pacing.leaveRest();
    }
  }

  private void ask(Extent extent) {
    device.counters().peerPending(1);
    asked.add(extent, this::save);
  }

  /// What the answer will overwrite is saved before the question goes out: so nothing of the source
  /// waits here while it cannot be saved.
  private void save(Asked entry) {
    int link = peering.link();
    undo.before(
        entry.extent,
        saved -> {
          if (link != peering.link() || !asked.isWanted(entry)) {
            return;
          }
          if (saved) {
            request(entry);
          } else {
            withdraw(entry);
          }
        });
  }

  /// It is not asked for; its blocks stay marked, and their turn comes again.
  private void withdraw(Asked entry) {
    asked.remove(entry);
    device.counters().peerPending(-1);
    pacing.arrived(entry.extent.sizeSectors());
    asked.leave(entry);
    scan.restart(0);
  }

  private void request(Asked entry) {
    DigestAlgorithm digest = csums;
    if (digest == null) {
      requestData(entry);
    } else {
      int link = peering.link();
      reader.read(entry.extent, (error, data) -> hash(entry, digest, link, error, data));
    }
  }

  private void requestData(Asked entry) {
    entry.sent = true;
    turn.send(
        device.volume(),
        new Packet.BlockRequest(
            isThin(entry.extent) ? PacketType.RS_THIN_REQ : PacketType.RS_DATA_REQUEST,
            entry.extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) entry.extent.sizeBytes()));
  }

  /// What is as long as `rs-discard-granularity` need not be sent if it is all zeroes.
  private boolean isThin(Extent extent) {
    return extent.sizeBytes() == thinBytes;
  }

  private void hash(
      Asked entry,
      DigestAlgorithm digest,
      int link,
      @Nullable String error,
      @Nullable Payload data) {
    boolean isWanted = link == peering.link() && asked.isWanted(entry);
    if (isWanted && data != null) {
      byte[] hash = digest.digest(data);
      entry.sent = true;
      turn.send(
          device.volume(),
          new Packet.BlockRequest(
              PacketType.CSUM_RS_REQUEST,
              entry.extent.sector(),
              Packet.RESYNC_BLOCK_ID,
              (int) entry.extent.sizeBytes(),
              0,
              hash.length),
          Payload.of(hash));
    } else if (isWanted && device.hasUsableDisk()) {
      requestData(entry);
    }
    if (error != null && device.hasUsableDisk()) {
      listener.localReadFailed(error);
    }
  }

  /// P_RS_IS_IN_SYNC: the source's digest is the same; false if nobody asked.
  public boolean isInSync(Packet.BlockAck packet) {
    Asked entry = asked.awaiting(packet.sector(), packet.sizeBytes());
    if (entry == null || csums == null) {
      return asked.isLate(packet.sector());
    }
    asked.remove(entry);
    device.counters().peerPending(-1);
    pacing.arrived(entry.extent.sizeSectors());
    equalBlocks += entry.extent.blocks();
    if (device.backing() != null) {
      device.disk().markInSync(entry.extent);
    }
    asked.leave(entry);
    look();
    return true;
  }

  /// Blocks of this resync that were equal, and not sent; empty without digests.
  public OptionalLong equalBlocks() {
    return csums == null ? OptionalLong.empty() : OptionalLong.of(equalBlocks);
  }

  /// P_RS_DATA_REPLY; false if nobody asked for that. What comes after the end of its resync is not
  /// written, and the source hears of it, which keeps the blocks closed until then.
  public boolean replied(Packet.Data packet, Payload data) {
    Extent extent = new Extent(packet.sector(), data.lengthBytes());
    Asked entry = asked.awaiting(extent.sector(), extent.sizeBytes());
    if (entry == null) {
      return isLate(extent);
    }
    device.counters().received(extent.sizeSectors());
    answered(entry, data);
    return true;
  }

  /// P_RS_DEALLOCATED: all of these blocks are zeroes at the source; false if nobody asked for them
  /// by P_RS_THIN_REQ. Afterwards they read as zeroes here.
  public boolean deallocated(Packet.BlockDescription packet) {
    Extent extent = new Extent(packet.sector(), packet.sizeBytes());
    Asked entry = asked.awaiting(extent.sector(), extent.sizeBytes());
    if (entry == null) {
      return isLate(extent);
    }
    if (!isThin(extent)) {
      return false;
    }
    answered(entry, null);
    return true;
  }

  private boolean isLate(Extent extent) {
    if (!asked.isLate(extent.sector())) {
      return false;
    }
    turn.send(device.volume(), ResyncAcks.of(device, PacketType.NEG_ACK, extent));
    return true;
  }

  /// `data` null: zeroes.
  private void answered(Asked entry, @Nullable Payload data) {
    entry.answered = true;
    device.counters().peerPending(-1);
    device.counters().unacked(1);
    pacing.arrived(entry.extent.sizeSectors());
    writes++;
    int link = peering.link();
    peerWrites.enter(entry.extent, ticket -> write(entry, data, ticket, link));
  }

  private void write(Asked entry, @Nullable Payload data, ExtentGate.Ticket ticket, int link) {
    if (!device.hasUsableDisk()) {
      written(entry, ticket, link, "the disk is gone");
      return;
    }
    device.counters().written(entry.extent.sizeSectors());
    device.counters().resynced(entry.extent.sizeSectors());
    LocalDisk.Done done =
        (error, _) -> {
          written(entry, ticket, link, error);
          if (error != null) {
            listener.localWriteFailed(error);
          }
        };
    LocalDisk disk = device.disk().disk();
    if (data == null) {
      disk.discard(entry.extent, Event.Discard.TRIM, done);
    } else {
      disk.write(entry.extent.sector(), data, false, done);
    }
  }

  private void written(Asked entry, ExtentGate.Ticket ticket, int link, @Nullable String error) {
    writes--;
    peerWrites.leave(ticket);
    if (link != peering.link()) {
      return;
    }
    device.counters().unacked(-1);
    asked.remove(entry);
    boolean ok = error == null && device.backing() != null;
    if (ok) {
      device.disk().markInSync(entry.extent);
    } else {
      failedBlocks += entry.extent.blocks();
    }
    PacketType type = ok ? PacketType.RS_WRITE_ACK : PacketType.NEG_ACK;
    turn.send(device.volume(), ResyncAcks.of(device, type, entry.extent));
    asked.leave(entry);
    look();
  }

  /// P_NEG_RS_DREPLY, and P_RS_CANCEL for what is to be asked again later; false if nobody asked.
  public boolean refused(Packet.BlockAck packet) {
    Asked entry = asked.awaiting(packet.sector(), packet.sizeBytes());
    if (entry == null) {
      return asked.isLate(packet.sector());
    }
    asked.remove(entry);
    device.counters().peerPending(-1);
    pacing.arrived(entry.extent.sizeSectors());
    if (packet.type() == PacketType.NEG_RS_DREPLY) {
      failedBlocks += entry.extent.blocks();
    }
    asked.leave(entry);
    look();
    return true;
  }

  private void look() {
    if (!running || told || asked.size() > 0 || device.backing() == null) {
      return;
    }
    if (device.disk().bitmap().weight() <= failedBlocks) {
      told = true;
      nextTurnNanos = Long.MAX_VALUE;
      listener.nothingLeft();
    } else if (scan.positionBlocks() > 0
        && device.disk().bitmap().nextSet(scan.positionBlocks()) < 0) {
      scan.restart(0);
    }
  }
}
