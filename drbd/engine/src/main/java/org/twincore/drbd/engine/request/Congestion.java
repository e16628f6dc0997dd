package org.twincore.drbd.engine.request;

import java.util.function.Consumer;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.Peering;
import org.twincore.drbd.wire.Since;
import org.twincore.drbd.wire.StateWord;

/// Whether one volume's writes wait for the network so much that `on-congestion` has to do
/// something (drbd-wire section 12.2, `maybe_pull_ahead`).
///
/// Asked before each write that the peer would get, and only in protocol A: in B and C the answers
/// of the peer hold the applications back. What is in flight is counted up to the barrier's
/// acknowledgement; halfway to a limit the epoch is ended, so that nothing counts only because no
/// barrier was sent yet.
final class Congestion {
  private final Device device;
  private final Peering peering;
  private final TransferLog log;
  private final Consumer<String> congested;

  /// `congested` hears which limit was reached, and changes the state.
  Congestion(Device device, Peering peering, TransferLog log, Consumer<String> congested) {
    this.device = device;
    this.peering = peering;
    this.log = log;
    this.congested = congested;
  }

  /// Before a write is sent, if it would be.
  void look() {
    OptionValues net = peering.net();
    StateWord state = device.state();
    if (net.word(Option.ON_CONGESTION).equals("block")
        || peering.protocol() != ReplicationProtocol.A
        || !peering.has(Since.LATE_MARKS)
        || state.disk() != DiskState.UP_TO_DATE
        || !mayLeave(state)) {
      return;
    }
    long fillMax = net.num(Option.CONGESTION_FILL);
    long extentsMax = net.num(Option.CONGESTION_EXTENTS);
    long fill = log.sectorsInFlight(device.volume());
    long extents = device.disk().activity().statistics().usedSlots();
    if (fillMax > 0 && fill >= fillMax) {
      congested.accept("congestion-fill reached: %d sectors in flight".formatted(fill));
    } else if (extents >= extentsMax) {
      congested.accept("congestion-extents reached: %d extents active".formatted(extents));
    } else if ((fillMax > 0 && fill >= fillMax / 2) || extents >= extentsMax / 2) {
      log.hasten();
    }
  }

  /// A handshake or a verify is brought to its end first; the writes wait for the network then.
  private static boolean mayLeave(StateWord state) {
    return switch (state.conn()) {
      case CONNECTED, SYNC_SOURCE, PAUSED_SYNC_S -> !state.isSuspended();
      default -> false;
    };
  }
}
