package org.twincore.sim.kernel;

import java.util.Optional;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Since;

/// How a scripted node is configured: what it tells in the handshake.
///
/// @param protocol of the resource
/// @param protocolMax the highest version that it offers
/// @param usesRuns `use-rle`
/// @param twoPrimaries `allow-two-primaries`
public record KernelSettings(
    Protocol protocol,
    int protocolMax,
    boolean usesRuns,
    boolean twoPrimaries,
    KernelDigests digests) {
  private static final int FEATURES = 0xf;
  private static final int RATE_KIB = 250;
  private static final int MAX_BIO_BYTES = 1 << 20;
  private static final int SECTOR_BYTES = 512;

  /// When a write counts as done.
  public enum Protocol {
    A,
    B,
    C;

    int code() {
      return ordinal() + 1;
    }
  }

  Packet.ConnectionFeatures features() {
    return new Packet.ConnectionFeatures(Features.PROTOCOL_MIN, FEATURES, protocolMax);
  }

  /// P_SYNC_PARAM or P_SYNC_PARAM89 in the form of that version, with the kernel's defaults.
  Packet syncParam(int version) {
    if (!Since.VERIFY.holdsAt(version)) {
      return new Packet.SyncParam(RATE_KIB, Optional.empty());
    }
    if (!Since.CHECKSUMS.holdsAt(version)) {
      return new Packet.SyncParam(RATE_KIB, Optional.of(KernelDigests.name(digests.verify())));
    }
    boolean hasController = Since.RESYNC_CONTROLLER.holdsAt(version);
    return new Packet.SyncParam89(
        RATE_KIB,
        KernelDigests.name(digests.verify()),
        KernelDigests.name(digests.checksums()),
        hasController,
        20,
        10,
        100,
        102400);
  }

  /// `usable` sectors of a disk, 0 without one, under a device of `sectors`.
  Packet.Sizes sizes(long usable, long sectors, Features.Agreement agreed) {
    Optional<Packet.QueueLimits> limits =
        agreed.has(Features.WSAME)
            ? Optional.of(
                new Packet.QueueLimits(SECTOR_BYTES, SECTOR_BYTES, 0, SECTOR_BYTES, 0, 1, 0, 0, 0))
            : Optional.empty();
    return new Packet.Sizes(usable, 0, sectors, MAX_BIO_BYTES, 0, 0, limits);
  }
}
