package org.twincore.sim.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.Simulation;

/// Online verify in both directions (drbd-wire section 13): block by block, to the last one. Nobody
/// writes meanwhile, so that a block that differs is a fault.
final class KernelVerify {
  private static final long TURN_NANOS = 100 * Simulation.MILLISECOND;
  private static final long DELAY_NANOS = 3 * Simulation.MILLISECOND;
  private static final int BLOCKS_A_TURN = 40;
  private static final int BLOCK_SECTORS = KernelDisk.BLOCK_BYTES / Extent.SECTOR_BYTES;
  private static final long IN_SYNC = 4711;

  private final KernelPeer node;

  /// Asked for and not answered, by whichever side asks.
  private final List<Extent> asked = new ArrayList<>();

  private int next;
  private int left;

  /// The first request has told where the peer begins.
  private boolean hasBegun;

  KernelVerify(KernelPeer node) {
    this.node = node;
  }

  void forget() {
    asked.clear();
  }

  private DigestAlgorithm algorithm() {
    return node.settings()
        .digests()
        .verify()
        .orElseThrow(() -> new Misbehaved("no verify-alg is configured"));
  }

  private Payload digest(Extent extent) {
    return Payload.of(algorithm().digest(node.disk.read(extent)));
  }

  // ---- the node that verifies

  /// Both have agreed to it.
  void start() {
    begin(ConnectionState.VERIFY_S);
    turn();
  }

  private void begin(ConnectionState conn) {
    asked.clear();
    next = 0;
    left = node.disk.blocks();
    hasBegun = false;
    node.setState(node.state().withConn(conn));
  }

  private void turn() {
    if (node.state().conn() != ConnectionState.VERIFY_S) {
      return;
    }
    for (int i = 0; i < BLOCKS_A_TURN && next < node.disk.blocks(); i++) {
      Extent extent = extent(next++);
      asked.add(extent);
      node.wire.data(
          new Packet.BlockRequest(
              PacketType.OV_REQUEST,
              extent.sector(),
              Packet.RESYNC_BLOCK_ID,
              (int) extent.sizeBytes()),
          null);
    }
    if (next < node.disk.blocks()) {
      node.later(TURN_NANOS, this::turn);
    }
  }

  private Extent extent(int block) {
    long from = (long) block * BLOCK_SECTORS;
    long end = Math.min(from + BLOCK_SECTORS, node.disk.sectors());
    return new Extent(from, (end - from) * Extent.SECTOR_BYTES);
  }

  /// P_OV_REPLY.
  void reply(Packet.BlockRequest reply, Payload digest) {
    Extent extent = new Extent(reply.sector(), reply.sizeBytes());
    if (node.state().conn() != ConnectionState.VERIFY_S || !asked.remove(extent)) {
      throw new Misbehaved("nobody asked for " + reply);
    }
    if (!Arrays.equals(digest.toByteArray(), digest(extent).toByteArray())) {
      throw new Misbehaved("a verify finds a difference: " + extent);
    }
    node.wire.meta(
        new Packet.BlockAck(
            PacketType.OV_RESULT,
            extent.sector(),
            IN_SYNC,
            (int) extent.sizeBytes(),
            node.nextSequence()));
    left--;
    if (left == 0) {
      node.ping(() -> {
        ended(ConnectionState.VERIFY_S);
        node.report().state();
      });
    }
  }

  /// The side that is at `verifying` is through with it, or hears that the other one is.
  void ended(ConnectionState verifying) {
    if (node.state().conn() == verifying) {
      node.setState(node.state().withConn(ConnectionState.CONNECTED));
    }
  }

  // ---- the node that answers

  /// The peer verifies.
  void answer() {
    begin(ConnectionState.VERIFY_T);
  }

  /// P_OV_REQUEST. A P_STATE that was sent before both had agreed may have ended the verify here; a
  /// kernel's node answers all the same.
  void request(Packet.BlockRequest request) {
    Extent extent = new Extent(request.sector(), request.sizeBytes());
    boolean isInside = extent.endSector() <= node.disk.sectors();
    boolean isConnected = node.state().conn().isAtLeast(ConnectionState.CONNECTED);
    if (!isConnected || !isInside || asked.contains(extent)) {
      throw new Misbehaved(request + " in " + node.state());
    }
    if (!hasBegun) {
      hasBegun = true;
      left -= (int) (request.sector() / BLOCK_SECTORS);
    }
    asked.add(extent);
    node.later(
        node.random.nextLong(DELAY_NANOS),
        () -> {
          Payload digest = digest(extent);
          node.wire.data(
              new Packet.BlockRequest(
                  PacketType.OV_REPLY,
                  extent.sector(),
                  Packet.RESYNC_BLOCK_ID,
                  (int) extent.sizeBytes(),
                  0,
                  digest.lengthBytes()),
              digest);
        });
  }

  /// P_OV_RESULT.
  void result(Packet.BlockAck result) {
    if (!asked.remove(new Extent(result.sector(), result.sizeBytes()))) {
      throw new Misbehaved("a result for nothing: " + result);
    }
    if (result.blockId() != IN_SYNC) {
      throw new Misbehaved("a verify finds a difference: " + result);
    }
    left--;
    if (left == 0 && node.state().conn() == ConnectionState.VERIFY_T) {
      node.ping(() -> ended(ConnectionState.VERIFY_T));
    }
  }
}
