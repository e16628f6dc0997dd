package org.twincore.drbd.wire;

import java.util.Optional;

/// Versions and feature bits, and what two nodes agree on (drbd-wire section 4).
public final class Features {
  public static final int TRIM = 1;
  public static final int THIN_RESYNC = 2;
  public static final int WSAME = 4;
  public static final int WZEROES = 8;

  /// The window that DRBD 8.4 offers.
  public static final int PROTOCOL_MIN = 86;

  public static final int PROTOCOL_MAX = 101;

  private Features() {}

  /// What holds for a connection.
  public record Agreement(int version, int features) {
    public boolean has(int feature) {
      return (features & feature) != 0;
    }

    public boolean has(Since since) {
      return since.holdsAt(version);
    }

    /// The header of everything after the features packets, but for bodies above 32768 bytes.
    public Framing framing() {
      return framing(0);
    }

    /// The header of a packet with `bodyBytes` behind it, payload included.
    public Framing framing(int bodyBytes) {
      return Framing.of(version, bodyBytes);
    }
  }

  /// The highest common version and the common bits; empty if the windows do not overlap.
  public static Optional<Agreement> agree(
      Packet.ConnectionFeatures own, Packet.ConnectionFeatures peer) {
    int peerMax = peer.protocolMax() == 0 ? peer.protocolMin() : peer.protocolMax();
    int version = Math.min(own.protocolMax(), peerMax);
    if (version < own.protocolMin() || version < peer.protocolMin()) {
      return Optional.empty();
    }
    return Optional.of(new Agreement(version, own.featureFlags() & peer.featureFlags()));
  }
}
