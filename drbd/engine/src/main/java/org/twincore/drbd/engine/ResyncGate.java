package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;

import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.Effect;

/// Asks a handler program before a resync begins (`drbd_start_resync`): what the peer sends waits
/// for it, and a program that says no ends the connection for good.
final class ResyncGate {
  /// What drbdadm of before DRBD 8.3 answered to a handler that it did not know.
  private static final int SOURCE_TOLERATED = 3;

  /// Who begins, and whom it asks.
  enum Side {
    SOURCE("before-resync-source"),
    TARGET("before-resync-target");

    private final String handler;

    Side(String handler) {
      this.handler = handler;
    }

    boolean agrees(int exitCode) {
      return exitCode == 0 || (this == SOURCE && exitCode == SOURCE_TOLERATED);
    }
  }

  private final Parts parts;
  private final PeerLink link;

  ResyncGate(Parts parts, PeerLink link) {
    this.parts = parts;
    this.link = link;
  }

  /// Runs `begin` if the program agrees and the volume is by then where it is now.
  void enter(Volume volume, Side side, Runnable begin) {
    ConnectionState conn = volume.device.state().conn();
    int asked = parts.peering.link();
    parts.held.hold();
    parts.handlers.ask(
        volume,
        side.handler,
        exitCode -> {
          parts.held.release();
          if (asked != parts.peering.link() || !parts.turn.isLinked()) {
            return;
          }
          if (!side.agrees(exitCode)) {
            link.lose(
                DISCONNECTING,
                "volume %d: %s handler returned %d"
                    .formatted(volume.number(), side.handler, exitCode));
          } else if (volume.device.state().conn() == conn && volume.device.hasUsableDisk()) {
            begin.run();
          } else if (conn == ConnectionState.CONNECTED && volume.device.hasUsableDisk()) {
            // The peer has begun already, without being asked.
            link.lose(NETWORK_FAILURE, "a resync of a new area cannot begin: start over");
          } else {
            parts.turn.log(
                Effect.Level.INFO,
                "volume %d: no resync any more when %s had ended"
                    .formatted(volume.number(), side.handler));
          }
        });
  }
}
