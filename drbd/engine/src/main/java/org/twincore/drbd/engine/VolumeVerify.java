package org.twincore.drbd.engine;

import java.util.Optional;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.exchange.VerifyReport;
import org.twincore.drbd.engine.resync.SyncTarget;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.engine.resync.VerifyTarget;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.wire.DigestAlgorithm;

/// One volume's part in online verifies: both machines, of which at most one works, and where the
/// last verify that was begun here has come to.
final class VolumeVerify {
  /// Who works now.
  private enum Part {
    NONE,
    SOURCE,
    TARGET
  }

  final VerifySource source;
  final VerifyTarget target;
  private Part part = Part.NONE;
  private VerifySource.Plan plan = new VerifySource.Plan(0, Long.MAX_VALUE, Long.MAX_VALUE);
  private long reachedSector;

  /// `own` is the gate of own application writes, `peers` that of what the peer has written here.
  VolumeVerify(
      Device device,
      Parts parts,
      ExtentGate own,
      ExtentGate peers,
      SyncTarget.Pace pace,
      Volume.Reports reports) {
    Turn turn = parts.turn;
    source = new VerifySource(device, turn, parts.peering, own, peers, parts.room, pace, reports);
    target = new VerifyTarget(device, turn, parts.peering, own, peers, parts.room, reports);
  }

  /// What the next verify compares.
  void choose(VerifySource.Plan next) {
    plan = next;
  }

  /// Where the last verify was cut; 0 if it was not.
  long reachedSector() {
    return reachedSector;
  }

  /// `twice`: what differs is looked at twice before it counts.
  void starts(boolean asSource, DigestAlgorithm algorithm, boolean twice) {
    part = asSource ? Part.SOURCE : Part.TARGET;
    if (asSource) {
      source.start(plan, algorithm, twice);
    } else {
      target.start(algorithm);
    }
  }

  /// It is over; what the source has not compared yet is for another time. The source tells what
  /// was found.
  Optional<VerifyReport> ends() {
    boolean wasSource = part == Part.SOURCE;
    part = Part.NONE;
    VerifyReport report = source.stop();
    target.stop();
    if (!wasSource) {
      return Optional.empty();
    }
    reachedSector = report.reachedSector() == report.endSector() ? 0 : report.reachedSector();
    return Optional.of(report);
  }

  boolean isRunning() {
    return part != Part.NONE;
  }

  /// Blocks without a result.
  long leftBlocks() {
    return part == Part.SOURCE ? source.leftBlocks() : target.leftBlocks();
  }

  /// How far it has come.
  long positionSectors() {
    return part == Part.SOURCE ? source.positionSectors() : target.positionSectors();
  }

  /// What is compared; only who began it knows of an early end.
  ResourceStatus.Course course() {
    return part == Part.SOURCE
        ? new ResourceStatus.Course(0, source.firstSector(), source.endSector())
        : new ResourceStatus.Course(0, target.firstSector(), Long.MAX_VALUE);
  }

  /// No read is under way.
  boolean isIdle() {
    return source.isIdle() && target.isIdle();
  }
}
