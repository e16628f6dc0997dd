package org.twincore.drbd.wire;

import java.util.Optional;

/// Which packets, and in which form, may come at an agreed version (drbd-wire sections 3 and 4).
///
/// The decoder knows no version and takes every form there is; this is the second look, once it is
/// known what was agreed.
public final class VersionForms {
  private VersionForms() {}

  /// Why no peer sends `packet` on such a connection; empty if one may.
  public static Optional<String> refusal(Packet packet, Features.Agreement agreed) {
    int version = agreed.version();
    PacketType type = packet.type();
    if (type.versionMin() > version && !isHarmless(type)) {
      return Optional.of(
          "comes with protocol %d, agreed is %d".formatted(type.versionMin(), version));
    }
    boolean fits =
        switch (packet) {
          case Packet.Protocol protocol ->
              protocol.integrityAlg().isPresent() == Since.INTEGRITY_NAME.holdsAt(version);
          case Packet.SyncParam param ->
              !Since.CHECKSUMS.holdsAt(version)
                  && param.verifyAlg().isPresent() == Since.VERIFY.holdsAt(version);
          case Packet.SyncParam89 param ->
              param.hasController() == Since.RESYNC_CONTROLLER.holdsAt(version);
          case Packet.Sizes sizes -> sizes.limits().isPresent() == agreed.has(Features.WSAME);
          default -> true;
        };
    return fits
        ? Optional.empty()
        : Optional.of(
            "has not the form of protocol %d, features 0x%x".formatted(version, agreed.features()));
  }

  /// More marks than needed are no harm (a kernel's node may send one that a write left behind),
  /// and a delay probe has no meaning.
  private static boolean isHarmless(PacketType type) {
    return type == PacketType.OUT_OF_SYNC || type == PacketType.DELAY_PROBE;
  }
}
