package org.twincore.drbd.engine.request;

import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.state.Device;

/// Which of two good copies of the data serves a read (`read-balancing`,
/// `remote_due_to_read_balancing`).
///
/// Never the peer's where a write of this node may not have reached its disk yet: a kernel's peer
/// does not hold a read back behind a write that it was sent before and answered already (protocols
/// A and B). `when-congested-remote` asks the block layer there; here a disk counts as congested
/// with as many requests on their way as filled seven eighths of its usual queue.
final class ReadBalance {
  private static final int CONGESTED_REQUESTS = 113;
  private static final int STRIPE_SHIFT_MIN = 15;

  private final Device device;
  private final TransferLog log;
  private boolean nextIsRemote;

  ReadBalance(Device device, TransferLog log) {
    this.device = device;
    this.log = log;
  }

  /// Whether the peer, which has the data, is to be asked although the own disk has it too.
  boolean prefersPeer(Extent extent) {
    return device.backing() != null
        && chooses(device.options().word(Option.READ_BALANCING), extent.sector())
        && !log.mayBeUnwritten(device.volume(), extent);
  }

  private boolean chooses(String mode, long sector) {
    return switch (mode) {
      case "prefer-remote" -> true;
      case "round-robin" -> {
        boolean remote = nextIsRemote;
        nextIsRemote = !remote;
        yield remote;
      }
      case "least-pending" -> device.disk().disk().pending() > device.counters().peerPending();
      case "when-congested-remote" -> device.disk().disk().pending() >= CONGESTED_REQUESTS;
      case "32K-striping" -> isOddStripe(sector, 0);
      case "64K-striping" -> isOddStripe(sector, 1);
      case "128K-striping" -> isOddStripe(sector, 2);
      case "256K-striping" -> isOddStripe(sector, 3);
      case "512K-striping" -> isOddStripe(sector, 4);
      case "1M-striping" -> isOddStripe(sector, 5);
      default -> false;
    };
  }

  /// Every other stripe of 32 KiB << `doublings` is the peer's.
  private static boolean isOddStripe(long sector, int doublings) {
    return (sector * Extent.SECTOR_BYTES >> STRIPE_SHIFT_MIN + doublings & 1) == 1;
  }
}
