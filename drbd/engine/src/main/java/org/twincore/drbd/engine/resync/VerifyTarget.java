package org.twincore.drbd.engine.resync;

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

/// The node whose disk is verified by the peer: hashes what it is asked for and hears the result
/// (VerifyT, drbd-wire section 13).
///
/// It learns where the verify begins from the first request. From the request until the result a
/// block is closed to own application writes.
public final class VerifyTarget {
  private static final int ASKED_MAX = 1 << 17;
  private static final long BLOCK_SECTORS = 8;
  private static final long BLOCK_BYTES = 4096;

  private final Device device;
  private final Turn turn;
  private final Peering peering;
  private final Listener listener;
  private final BlockReader reader;
  private final OutOfSyncRun differences;
  private final AskedBlocks asked;
  private DigestAlgorithm algorithm = DigestAlgorithm.SHA1;
  private boolean running;
  private boolean hasBegun;
  private long firstSector;
  private long reachedSector;
  private long leftBlocks;

  /// What the volume must hear.
  public interface Listener {
    /// The first request came: so many blocks are to be compared.
    void verifyBegins(long fromSector, long blocks);

    /// The result of the last block has come.
    void verifiedByPeer();

    void localReadFailed(String cause);
  }

  /// `applications` is the gate of own application writes, `peerWrites` that of what the peer has
  /// written here; `room` bounds the memory of reads.
  public VerifyTarget(
      Device device,
      Turn turn,
      Peering peering,
      ExtentGate applications,
      ExtentGate peerWrites,
      ReadRoom room,
      Listener listener) {
    this.device = device;
    this.turn = turn;
    this.peering = peering;
    this.asked = new AskedBlocks(applications);
    this.listener = listener;
    this.reader = new BlockReader(device, peerWrites, room);
    this.differences = new OutOfSyncRun(device, turn);
  }

  /// The peer verifies from now on.
  public void start(DigestAlgorithm with) {
    algorithm = with;
    running = true;
    hasBegun = false;
    leftBlocks = 0;
  }

  /// The verify is over, finished or cut.
  public void stop() {
    running = false;
    asked.abandon();
    differences.end();
  }

  /// No read is under way.
  public boolean isIdle() {
    return reader.isIdle();
  }

  /// Where the peer began.
  public long firstSector() {
    return firstSector;
  }

  /// Behind what the peer asked for last.
  public long positionSectors() {
    return reachedSector;
  }

  /// Blocks whose result has not come yet.
  public long leftBlocks() {
    return leftBlocks;
  }

  /// P_OV_REQUEST; false if no honest peer asks for that.
  public boolean asked(Packet.BlockRequest request) {
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    if (!device.hasUsableDisk() || !running) {
      refuse(extent);
      return true;
    }
    if (!isBlock(extent) || asked.at(extent.sector()) != null || asked.size() >= ASKED_MAX) {
      return false;
    }
    if (!hasBegun) {
      hasBegun = true;
      firstSector = extent.sector();
      leftBlocks =
          Math.ceilDiv(device.sizeSectors(), BLOCK_SECTORS) - extent.sector() / BLOCK_SECTORS;
      listener.verifyBegins(extent.sector(), leftBlocks);
    }
    reachedSector = extent.sector() + extent.sizeSectors();
    int link = peering.link();
    asked.add(
        extent,
        entry -> {
          device.counters().unacked(1);
          reader.read(extent, (error, data) -> hashed(entry, link, error, data));
        });
    return true;
  }

  private boolean isBlock(Extent extent) {
    boolean isLast = extent.endSector() == device.sizeSectors();
    return device.contains(extent)
        && extent.sector() % BLOCK_SECTORS == 0
        && (extent.sizeBytes() == BLOCK_BYTES || (isLast && extent.sizeBytes() < BLOCK_BYTES));
  }

  /// A block that cannot be read has zeroes as its hash: no block has.
  private void hashed(Asked entry, int link, @Nullable String error, @Nullable Payload data) {
    if (link == peering.link()) {
      device.counters().unacked(-1);
      if (!asked.isWanted(entry)) {
        return; // the verify has ended
      }
      if (device.hasUsableDisk()) {
        reply(
            entry.extent, data == null ? new byte[algorithm.sizeBytes()] : algorithm.digest(data));
      } else {
        forget(entry);
        refuse(entry.extent);
      }
    }
    if (error != null && device.hasUsableDisk()) {
      listener.localReadFailed(error);
    }
  }

  private void reply(Extent extent, byte[] hash) {
    turn.send(
        device.volume(),
        new Packet.BlockRequest(
            PacketType.OV_REPLY,
            extent.sector(),
            Packet.RESYNC_BLOCK_ID,
            (int) extent.sizeBytes(),
            0,
            hash.length),
        Payload.of(hash));
  }

  private void refuse(Extent extent) {
    turn.send(device.volume(), ResyncAcks.of(device, PacketType.NEG_RS_DREPLY, extent));
  }

  /// P_OV_RESULT; false if it is about no block. The peer may have ended the verify by P_STATE, on
  /// the other socket, before its last results come.
  public boolean result(Packet.BlockAck packet) {
    Extent extent = new Extent(packet.sector(), packet.sizeBytes());
    if (!isBlock(extent)) {
      return false;
    }
    if (packet.blockId() == VerifySource.OUT_OF_SYNC) {
      differences.differs(extent);
    } else {
      differences.end();
    }
    Asked entry = asked.at(extent.sector());
    if (entry == null) {
      differences.end();
      return true;
    }
    forget(entry);
    leftBlocks--;
    if (leftBlocks == 0) {
      listener.verifiedByPeer();
    }
    return true;
  }

  private void forget(Asked entry) {
    asked.remove(entry);
    asked.leave(entry);
  }
}
