package org.twincore.sim.check;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;

/// An online verify says of no block that it differs where both drives have the same, and of none
/// that it is equal where they differ: no write is under way there from the request to the result.
/// What a drive cannot read counts as different.
public final class VerifyIsRight implements NodeWatcher {
  private static final String NAME = "VerifyIsRight";

  private final ClusterView view;
  private long looks;

  public VerifyIsRight(ClusterView view) {
    this.view = view;
  }

  /// Results that were looked at.
  public long looks() {
    return looks;
  }

  @Override
  public void effect(SimNode node, Effect effect) {
    if (effect instanceof Effect.Send send
        && send.packet() instanceof Packet.BlockAck ack
        && ack.type() == PacketType.OV_RESULT
        && node.hasDriveOpen(send.volume())
        && takesPart(1 - node.id(), send.volume())) {
      check(send.volume(), ack);
    }
  }

  /// A node that has lost the connection writes again where the other one still compares; the
  /// result does not reach it.
  private boolean takesPart(int node, int volume) {
    return view.node(node).isRunning()
        && view.state(node, volume).conn() == ConnectionState.VERIFY_T;
  }

  private void check(int volume, Packet.BlockAck result) {
    looks++;
    boolean isEqual = true;
    Extent extent = new Extent(result.sector(), result.sizeBytes());
    for (long sector = extent.sector(); sector < extent.endSector(); sector++) {
      isEqual &= view.onDrive(0, volume, sector) == view.onDrive(1, volume, sector);
    }
    boolean saysEqual = result.blockId() == VerifySource.IN_SYNC;
    if (isEqual != saysEqual && (saysEqual || bothRead(volume))) {
      throw new Violation(
          NAME,
          "volume %d sector %d is %s, and the verify says that it is %s"
              .formatted(
                  volume,
                  result.sector(),
                  isEqual ? "equal" : "different",
                  saysEqual ? "equal" : "different"));
    }
  }

  private boolean bothRead(int volume) {
    return view.nodes().stream()
        .allMatch(node -> node.drive(volume).health().failing() == SimDrive.Failing.NOTHING);
  }
}
