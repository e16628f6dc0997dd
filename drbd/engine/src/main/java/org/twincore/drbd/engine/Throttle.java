package org.twincore.drbd.engine;

import java.util.function.BooleanSupplier;
import org.twincore.drbd.engine.exchange.Effect;

/// Takes no more off the data socket of the peer than can be worked on.
final class Throttle {
  private static final long HELD_BYTES_MAX = 16L << 20;

  /// What a request without data counts as, so that there are not too many of them.
  private static final long HELD_REQUEST_BYTES = 4096;

  private final Parts parts;
  private BooleanSupplier holding = () -> false;
  private boolean paused;

  Throttle(Parts parts) {
    this.parts = parts;
  }

  void pausesFor(BooleanSupplier reason) {
    holding = reason;
  }

  /// Another connection, or none.
  void reset() {
    paused = false;
  }

  /// At the end of each step; `heldRequests` of the peer wait behind a barrier.
  void turn(long heldRequests) {
    long bytes = heldRequests * HELD_REQUEST_BYTES;
    for (Volume volume : parts.all()) {
      bytes += volume.peerRequests.bytesInFlight();
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
