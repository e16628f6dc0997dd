package org.twincore.sim.kernel;

import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;

/// The two sockets of a connection, as a scripted node uses them.
public interface KernelWire {
  /// Sends on the data socket, in order.
  void data(Packet packet, @Nullable Payload payload);

  /// Sends on the meta socket, in order.
  void meta(Packet packet);

  /// Closes both; the node has been told already.
  void hangUp();
}
