package org.twincore.drbd.engine.resync;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.ReadRoom;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.resync.AskedBlocks.Asked;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// The node that verifies: has the peer hash block after block and compares with its own (VerifyS,
/// drbd-wire section 13).
///
/// Blocks are asked for in ascending order, since the peer counts from the first one. From the
/// request until the result a block is closed to own application writes; the peer does the same, so
/// no write that is under way looks like a difference.
public final class VerifySource {
  /// The peer's hash was the same.
  public static final long IN_SYNC = 4711;

  /// The peer's hash was another one.
  public static final long OUT_OF_SYNC = 4712;

  private static final long TURN_NANOS = ResyncPacing.TURN_MILLIS * 1_000_000;
  private static final long BLOCK_SECTORS = 8;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final ResyncPacing pacing;
  private final BooleanSupplier givesWay;
  private final Listener listener;
  private final BlockReader reader;
  private final OutOfSyncRun differences;
  private final AskedBlocks asked;
  private DigestAlgorithm algorithm = DigestAlgorithm.SHA1;
  private boolean running;
  private boolean isHeldUp;
  private long firstSector;
  private long nextSector;
  private long endSector;
  private long leftBlocks;
  private long nextTurnNanos = Long.MAX_VALUE;

  /// What the volume must hear.
  public interface Listener {
    /// Every block up to the end was compared.
    void verified();

    void localReadFailed(String cause);
  }

  /// `applications` is the gate of own application writes, `peerWrites` that of what the peer has
  /// written here; `room` bounds the memory of reads.
  public VerifySource(
      Device device,
      Turn turn,
      Peering peering,
      ExtentGate applications,
      ExtentGate peerWrites,
      ReadRoom room,
      SyncTarget.Pace pace,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.asked = new AskedBlocks(applications);
    this.pacing = pace.pacing();
    this.givesWay = pace.givesWay();
    this.listener = listener;
    this.reader = new BlockReader(device, peerWrites, room);
    this.differences = new OutOfSyncRun(device, turn);
  }

  /// Begins with the block at `fromSector`, a multiple of 8 on the device, and ends before
  /// `stopSector` or at the end of the device.
  public void start(long fromSector, long stopSector, DigestAlgorithm with) {
    algorithm = with;
    running = true;
    isHeldUp = false;
    firstSector = fromSector;
    nextSector = fromSector;
    endSector = Math.min(stopSector, device.sizeSectors());
    leftBlocks = new Extent(fromSector, (endSector - fromSector) * Extent.SECTOR_BYTES).blocks();
    pacing.restart();
    nextTurnNanos = turn.now();
  }

  /// The verify is over, finished or cut.
  public void stop() {
    running = false;
    nextTurnNanos = Long.MAX_VALUE;
    device.counters().peerPending(-asked.abandon());
    differences.end();
  }

  /// The connection is gone: nothing more will be answered.
  public void connectionLost() {
    asked.connectionLost();
  }

  /// No read is under way.
  public boolean isIdle() {
    return reader.isIdle();
  }

  /// Blocks that were not compared yet.
  public long leftBlocks() {
    return leftBlocks;
  }

  /// Where it began.
  public long firstSector() {
    return firstSector;
  }

  /// Before which it ends.
  public long endSector() {
    return endSector;
  }

  /// Where the next request goes.
  public long positionSectors() {
    return nextSector;
  }

  /// The first block that was not compared: where a verify that was cut may go on.
  public long reachedSector() {
    return asked.size() == 0 ? nextSector : asked.firstSector();
  }

  public long deadlineNanos() {
    return nextTurnNanos;
  }

  /// To be called at the end of each step: asks for more when it is time.
  public void tick() {
    if (!running) {
      return;
    }
    if (turn.now() >= nextTurnNanos) {
      nextTurnNanos = turn.now() + TURN_NANOS;
      pacing.turn();
      if (pacing.mayAskBlocks() > 0 && givesWay.getAsBoolean()) {
        pacing.leaveRest();
      }
    }
    while (!isHeldUp && nextSector < endSector && pacing.mayAskBlocks() > 0) {
      ask();
    }
    if (nextSector >= endSector) {
      nextTurnNanos = Long.MAX_VALUE;
    }
  }

  private void ask() {
    long sectors = Math.min(BLOCK_SECTORS, device.sizeSectors() - nextSector);
    Extent extent = new Extent(nextSector, sectors * Extent.SECTOR_BYTES);
    nextSector += BLOCK_SECTORS;
    device.counters().peerPending(1);
    pacing.requested(1);
    isHeldUp = true;
    asked.add(extent, this::request);
  }

  private void request(Asked entry) {
    isHeldUp = false;
    entry.sent = true;
    turn.send(
        device.volume(),
        new Packet.BlockRequest(
            PacketType.OV_REQUEST,
            entry.extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) entry.extent.sizeBytes()));
  }

  /// P_OV_REPLY with the peer's hash; false if nobody asked for that.
  public boolean replied(Packet.BlockRequest reply, Payload hash) {
    Asked entry = asked.awaiting(reply.sector(), reply.sizeBytes());
    if (entry == null) {
      return asked.isLate(reply.sector());
    }
    if (hash.lengthBytes() != algorithm.sizeBytes()) {
      return false;
    }
    answered(entry);
    device.counters().unacked(1);
    int link = peering.link();
    reader.read(entry.extent, (error, data) -> compare(entry, hash, link, error, data));
    return true;
  }

  /// P_NEG_RS_DREPLY: the peer has no disk for it; false if nobody asked.
  public boolean refused(Packet.BlockAck packet) {
    Asked entry = asked.awaiting(packet.sector(), packet.sizeBytes());
    if (entry == null) {
      return asked.isLate(packet.sector());
    }
    answered(entry);
    done(entry);
    return true;
  }

  private void answered(Asked entry) {
    entry.answered = true;
    device.counters().peerPending(-1);
    pacing.arrived(BLOCK_SECTORS);
  }

  private void compare(
      Asked entry, Payload hash, int link, @Nullable String error, @Nullable Payload data) {
    if (link == peering.link()) {
      device.counters().unacked(-1);
      boolean isEqual =
          !device.hasUsableDisk()
              || (data != null && hash.equals(Payload.of(algorithm.digest(data))));
      note(entry.extent, isEqual);
      turn.send(
          device.volume(),
          ResyncAcks.of(
              device, PacketType.OV_RESULT, entry.extent, isEqual ? IN_SYNC : OUT_OF_SYNC));
      done(entry);
    }
    if (error != null && device.hasUsableDisk()) {
      listener.localReadFailed(error);
    }
  }

  private void note(Extent extent, boolean isEqual) {
    if (isEqual) {
      differences.end();
    } else {
      differences.differs(extent);
    }
  }

  private void done(Asked entry) {
    if (!asked.remove(entry)) {
      return;
    }
    asked.leave(entry);
    leftBlocks--;
    if (leftBlocks == 0) {
      listener.verified();
    }
  }
}
