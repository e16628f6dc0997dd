package org.twincore.drbd.engine;

import org.twincore.drbd.wire.Packet;

/// The target of a resync said that it has ended its half, while blocks are still marked here.
///
/// Most of the time they are those of writes whose acks are under way on the other socket; then the
/// resync ends when they have come. A write that only this disk failed and kept (`on-io-error
/// pass_on`) the target knows nothing of: its block stays marked, and needs another resync. (The
/// kernel stays SyncSource for ever.)
final class TargetsEnd {
  private final Packet.State said;
  private boolean hasAllAcks;

  TargetsEnd(Packet.State said) {
    this.said = said;
  }

  /// How the target said it.
  Packet.State said() {
    return said;
  }

  /// All that the target had acknowledged when it said so has come.
  void acksAreIn() {
    hasAllAcks = true;
  }

  boolean hasAllAcks() {
    return hasAllAcks;
  }
}
