package org.twincore.drbd.engine;

import java.util.function.BooleanSupplier;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.request.PeerEpochs;

/// Takes no more off the data socket than the disks can follow.
final class Intake {
  private static final long HELD_BYTES_MAX = 16L << 20;

  /// What a request without data counts as, so that there are not too many of them.
  private static final long HELD_REQUEST_BYTES = 4096;

  private final Parts parts;
  private BooleanSupplier holding = () -> false;
  private boolean paused;

  Intake(Parts parts) {
    this.parts = parts;
  }

  /// Nothing is taken either while that says so.
  void pausesFor(BooleanSupplier reason) {
    holding = reason;
  }

  void connectionLost() {
    paused = false;
  }

  /// At the end of each step with a connection; `parkedBytes` were taken off the socket and wait.
  void throttle(PeerEpochs epochs, long parkedBytes) {
    long bytes = parkedBytes + epochs.heldCount() * HELD_REQUEST_BYTES;
    for (Volume volume : parts.all()) {
      bytes += volume.peerWrites.bytesInFlight();
    }
    boolean holds = holding.getAsBoolean();
    if (!paused && (holds || bytes > HELD_BYTES_MAX)) {
      paused = true;
      parts.turn.add(new Effect.PauseReading(parts.turn.dataSocket()));
    } else if (paused && !holds && bytes < HELD_BYTES_MAX / 2) {
      paused = false;
      parts.turn.add(new Effect.ResumeReading(parts.turn.dataSocket()));
    }
  }
}
