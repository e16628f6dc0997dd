package org.twincore.drbd;

import java.util.Optional;

/// When a write counts as done: A handed to the network, B received by the peer, C on both disks.
public enum ReplicationProtocol {
  A,
  B,
  C;

  /// The number in P_PROTOCOL: 1, 2 or 3.
  public int code() {
    return ordinal() + 1;
  }

  public static Optional<ReplicationProtocol> ofCode(int code) {
    return code >= 1 && code <= 3 ? Optional.of(values()[code - 1]) : Optional.empty();
  }
}
