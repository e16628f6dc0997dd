package org.twincore.drbd.engine.request;

import java.util.function.Consumer;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.state.Device;
import org.twincore.drbd.engine.state.LocalDisk;

/// A write of the peer that an own one supersedes counts as done there, with all that a write which
/// was done promises: so it is said only when the own one is as safe here as a P_BARRIER_ACK would
/// say. No barrier covers it, and the own one may still be on its way to the peer.
final class Superseded {
  private final Device device;
  private final PeerWrites.Listener listener;

  Superseded(Device device, PeerWrites.Listener listener) {
    this.device = device;
    this.listener = listener;
  }

  /// `then` hears true when `own` is written and flushed here, false if this disk failed it.
  void whenSafe(ConflictGate.Place own, Consumer<Boolean> then) {
    ConflictGate.whenWritten(own, written -> flush(written, then));
  }

  private void flush(boolean written, Consumer<Boolean> then) {
    if (!written || !device.hasUsableDisk()) {
      then.accept(false);
    } else if (!device.options().flag(Option.DISK_FLUSHES)) {
      then.accept(true);
    } else {
      LocalDisk disk = device.disk().disk();
      disk.flush((error, _) -> {
        if (error != null) {
          listener.localFlushFailed(error);
        }
        then.accept(error == null && !disk.isLost());
      });
    }
  }
}
