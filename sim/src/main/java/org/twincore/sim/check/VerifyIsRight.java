package org.twincore.sim.check;

import java.util.Comparator;
import java.util.TreeSet;
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
///
/// The first look at a block that differs says "in sync"; before the verify says that it has ended
/// a second one must have said otherwise, unless the block is equal by then.
public final class VerifyIsRight implements NodeWatcher {
  private static final String NAME = "VerifyIsRight";

  private final ClusterView view;
  private final TreeSet<Suspect> suspects = new TreeSet<>();
  private long looks;

  private record Suspect(int node, int volume, long sector) implements Comparable<Suspect> {
    @Override
    public int compareTo(Suspect other) {
      return ORDER.compare(this, other);
    }

    private static final Comparator<Suspect> ORDER =
        Comparator.comparingInt(Suspect::node)
            .thenComparingInt(Suspect::volume)
            .thenComparingLong(Suspect::sector);
  }

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
      check(node.id(), send.volume(), ack);
    } else if (effect instanceof Effect.VerifyEnded ended) {
      ended(node.id(), ended);
    }
  }

  @Override
  public void down(SimNode node, SimNode.Ending ending) {
    suspects.removeIf(it -> it.node == node.id());
  }

  private void ended(int node, Effect.VerifyEnded ended) {
    boolean isLeft = suspects.removeIf(it -> it.node == node && it.volume == ended.volume());
    if (isLeft && !ended.report().isInterrupted()) {
      throw new Violation(
          NAME, "volume %d has differences that got no second look".formatted(ended.volume()));
    }
  }

  /// A node that has lost the connection writes again where the other one still compares; the
  /// result does not reach it.
  private boolean takesPart(int node, int volume) {
    return view.node(node).isRunning()
        && view.state(node, volume).conn() == ConnectionState.VERIFY_T;
  }

  private void check(int node, int volume, Packet.BlockAck result) {
    looks++;
    boolean isEqual = true;
    Extent extent = new Extent(result.sector(), result.sizeBytes());
    for (long sector = extent.sector(); sector < extent.endSector(); sector++) {
      isEqual &= view.onDrive(0, volume, sector) == view.onDrive(1, volume, sector);
    }
    boolean saysEqual = result.blockId() == VerifySource.IN_SYNC;
    Suspect suspect = new Suspect(node, volume, result.sector());
    if (saysEqual && !isEqual) {
      if (!suspects.add(suspect)) {
        throw new Violation(
            NAME,
            "volume %d sector %d is different, and the verify says twice that it is equal"
                .formatted(volume, result.sector()));
      }
      return;
    }
    suspects.remove(suspect);
    if (isEqual && !saysEqual && bothRead(volume)) {
      throw new Violation(
          NAME,
          "volume %d sector %d is equal, and the verify says that it is different"
              .formatted(volume, result.sector()));
    }
  }

  private boolean bothRead(int volume) {
    return view.nodes().stream()
        .allMatch(node -> node.drive(volume).health().failing() == SimDrive.Failing.NOTHING);
  }
}
