package org.twincore.drbd.engine.resync;

import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.Peering;
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
  private final ExtentGate applications;
  private final ExtentGate peerWrites;
  private final ResyncPacing pacing;
  private final BooleanSupplier givesWay;
  private final Listener listener;
  private final BlockReader reader;
  private final TreeMap<Long, Asked> asked = new TreeMap<>();
  private ResyncScan scan = new ResyncScan(0, REQUEST_BYTES_MAX);
  private boolean running;
  private boolean paused;
  private boolean told;
  private int writes;
  private long failedBlocks;
  private long equalBlocks;
  private @Nullable DigestAlgorithm csums;
  private long nextTurnNanos = Long.MAX_VALUE;
  private long nextBitmapWriteNanos;

  /// What the volume must hear.
  public interface Listener {
    /// Every set bit was dealt with; nothing is in flight.
    void nothingLeft();

    void localWriteFailed(String cause);

    void localReadFailed(String cause);
  }

  private static final class Asked {
    final Extent extent;
    ExtentGate.@Nullable Ticket ticket;
    boolean sent;
    boolean answered;

    Asked(Extent extent) {
      this.extent = extent;
    }
  }

  /// How much to ask for in a turn, and whether to let others have this turn (c-min-rate).
  public record Pace(ResyncPacing pacing, BooleanSupplier givesWay) {}

  /// `applications` is the gate of own application writes, `peerWrites` that of what the peer has
  /// written here; `room` bounds the memory of reads for digests.
  public SyncTarget(
      Device device,
      Turn turn,
      Peering peering,
      ExtentGate applications,
      ExtentGate peerWrites,
      ReadRoom room,
      Pace pace,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.applications = applications;
    this.peerWrites = peerWrites;
    this.pacing = pace.pacing;
    this.givesWay = pace.givesWay;
    this.listener = listener;
    this.reader = new BlockReader(device, peerWrites, room);
  }

  /// A resync begins with the bits as they are. With `digest` blocks are asked for with the digest
  /// of what is here, so that equal ones need not be sent (`csums-alg`).
  public void start(@Nullable DigestAlgorithm digest) {
    csums = digest;
    equalBlocks = 0;
    running = true;
    paused = false;
    told = false;
    scan = new ResyncScan(device.sizeSectors(), REQUEST_BYTES_MAX);
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
    nextTurnNanos = Long.MAX_VALUE;
    List<Asked> left = List.copyOf(asked.values());
    asked.clear();
    for (Asked entry : left) {
      leave(entry);
    }
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
    if (!running || paused) {
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
    while (blocks > 0 && scan.look(bits, blocks + 1, _ -> false) instanceof ResyncScan.Ask ask) {
      if (isAsked(ask.extent())) {
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

  /// After a restart of the scan blocks that are still on their way are met again.
  private boolean isAsked(Extent extent) {
    var before = asked.floorEntry(extent.sector());
    var after = asked.higherEntry(extent.sector());
    return (before != null && before.getValue().extent.overlaps(extent))
        || (after != null && after.getValue().extent.overlaps(extent));
  }

  private void ask(Extent extent) {
    Asked entry = new Asked(extent);
    asked.put(extent.sector(), entry);
    device.counters().peerPending(1);
    entry.ticket =
        applications.enter(
            extent,
            ticket -> {
              entry.ticket = ticket;
              request(entry);
            });
  }

  private void request(Asked entry) {
    if (asked.get(entry.extent.sector()) != entry) {
      return;
    }
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
            PacketType.RS_DATA_REQUEST,
            entry.extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) entry.extent.sizeBytes()));
  }

  private void hash(
      Asked entry,
      DigestAlgorithm digest,
      int link,
      @Nullable String error,
      @Nullable Payload data) {
    boolean isWanted = link == peering.link() && asked.get(entry.extent.sector()) == entry;
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
    Asked entry = waitingFor(packet.sector(), packet.sizeBytes());
    if (entry == null || csums == null) {
      return false;
    }
    asked.remove(packet.sector());
    device.counters().peerPending(-1);
    pacing.arrived(entry.extent.sizeSectors());
    equalBlocks += blocks(entry.extent);
    if (device.backing() != null) {
      device.disk().markInSync(entry.extent);
    }
    leave(entry);
    look();
    return true;
  }

  /// Blocks of this resync that were equal, and not sent; empty without digests.
  public OptionalLong equalBlocks() {
    return csums == null ? OptionalLong.empty() : OptionalLong.of(equalBlocks);
  }

  /// P_RS_DATA_REPLY; false if nobody asked for that.
  public boolean replied(Packet.Data packet, Payload data) {
    Asked entry = waitingFor(packet.sector(), data.lengthBytes());
    if (entry == null) {
      return false;
    }
    entry.answered = true;
    device.counters().peerPending(-1);
    device.counters().received(entry.extent.sizeSectors());
    device.counters().unacked(1);
    pacing.arrived(entry.extent.sizeSectors());
    writes++;
    int link = peering.link();
    peerWrites.enter(entry.extent, ticket -> write(entry, data, ticket, link));
    return true;
  }

  private @Nullable Asked waitingFor(long sector, long bytes) {
    Asked entry = asked.get(sector);
    boolean fits =
        entry != null && entry.sent && !entry.answered && entry.extent.sizeBytes() == bytes;
    return fits ? entry : null;
  }

  private void write(Asked entry, Payload data, ExtentGate.Ticket ticket, int link) {
    if (!device.hasUsableDisk()) {
      written(entry, ticket, link, "the disk is gone");
      return;
    }
    device.counters().written(entry.extent.sizeSectors());
    device.counters().resynced(entry.extent.sizeSectors());
    device
        .disk()
        .disk()
        .write(
            entry.extent.sector(),
            data,
            false,
            (error, _) -> {
              written(entry, ticket, link, error);
              if (error != null) {
                listener.localWriteFailed(error);
              }
            });
  }

  private void written(Asked entry, ExtentGate.Ticket ticket, int link, @Nullable String error) {
    writes--;
    peerWrites.leave(ticket);
    if (link != peering.link()) {
      return;
    }
    device.counters().unacked(-1);
    asked.remove(entry.extent.sector(), entry);
    boolean ok = error == null && device.backing() != null;
    if (ok) {
      device.disk().markInSync(entry.extent);
    } else {
      failedBlocks += blocks(entry.extent);
    }
    turn.send(
        device.volume(),
        new Packet.BlockAck(
            ok ? PacketType.RS_WRITE_ACK : PacketType.NEG_ACK,
            entry.extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) entry.extent.sizeBytes(),
            device.nextSequence()));
    leave(entry);
    look();
  }

  /// P_NEG_RS_DREPLY, and P_RS_CANCEL for what is to be asked again later; false if nobody asked.
  public boolean refused(Packet.BlockAck packet) {
    Asked entry = waitingFor(packet.sector(), packet.sizeBytes());
    if (entry == null) {
      return false;
    }
    asked.remove(packet.sector());
    device.counters().peerPending(-1);
    pacing.arrived(entry.extent.sizeSectors());
    if (packet.type() == PacketType.NEG_RS_DREPLY) {
      failedBlocks += blocks(entry.extent);
    }
    leave(entry);
    look();
    return true;
  }

  private void leave(Asked entry) {
    if (entry.ticket != null) {
      applications.leave(entry.ticket);
    }
  }

  private void look() {
    if (!running || told || !asked.isEmpty() || device.backing() == null) {
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

  private static long blocks(Extent extent) {
    return (extent.sizeBytes() + 4095) / 4096;
  }
}
