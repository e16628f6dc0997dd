package org.twincore.drbd.engine;

import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.engine.resync.SyncTarget;
import org.twincore.drbd.engine.resync.VerifySource;
import org.twincore.drbd.engine.resync.VerifyTarget;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.ExtentGate;
import org.twincore.drbd.wire.DigestAlgorithm;

/// One volume's part in online verifies: both machines, of which at most one works, and where the
/// last verify that was begun here has come to.
final class VolumeVerify {
  /// What is to be compared, sectors; `fromSector` is a multiple of 8, `stopSector` lies behind.
  record Range(long fromSector, long stopSector) {
    static final Range ALL = new Range(0, Long.MAX_VALUE);
  }

  /// Who works now.
  private enum Part {
    NONE,
    SOURCE,
    TARGET
  }

  final VerifySource source;
  final VerifyTarget target;
  private Part part = Part.NONE;
  private Range range = Range.ALL;
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
  void choose(Range next) {
    range = next;
  }

  /// Where the last verify was cut; 0 if it was not.
  long reachedSector() {
    return reachedSector;
  }

  void starts(boolean asSource, DigestAlgorithm algorithm) {
    part = asSource ? Part.SOURCE : Part.TARGET;
    if (asSource) {
      source.start(range.fromSector, range.stopSector, algorithm);
    } else {
      target.start(algorithm);
    }
  }

  /// It is over; what the source has not compared yet is for another time.
  void ends() {
    if (part == Part.SOURCE) {
      reachedSector = source.leftBlocks() == 0 ? 0 : source.reachedSector();
    }
    part = Part.NONE;
    source.stop();
    target.stop();
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
