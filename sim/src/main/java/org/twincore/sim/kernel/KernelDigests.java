package org.twincore.sim.kernel;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;

/// The digests that a scripted node is configured with, each empty if it is off (drbd-wire 5.3).
///
/// @param integrity `data-integrity-alg`: all data goes with its digest before it
/// @param verify `verify-alg`
/// @param checksums `csums-alg`
public record KernelDigests(
    Optional<DigestAlgorithm> integrity,
    Optional<DigestAlgorithm> verify,
    Optional<DigestAlgorithm> checksums) {
  public static final KernelDigests NONE =
      new KernelDigests(Optional.empty(), Optional.empty(), Optional.empty());

  /// The name of one on the wire.
  static String name(Optional<DigestAlgorithm> algorithm) {
    return algorithm.map(DigestAlgorithm::linuxName).orElse("");
  }

  /// A packet with data and the data, as they go out or came.
  record Sealed(Packet.Data packet, @Nullable Payload payload) {}

  Sealed seal(Packet.Data packet, Payload data) {
    Payload sealed = integrity.map(it -> it.seal(data)).orElse(data);
    return new Sealed(packet.withPayloadBytes(sealed.lengthBytes()), sealed);
  }

  Sealed open(Packet.Data packet, @Nullable Payload sealed) {
    if (sealed == null || integrity.isEmpty()) {
      return new Sealed(packet, sealed);
    }
    Payload data =
        integrity
            .get()
            .open(sealed)
            .orElseThrow(() -> new Misbehaved("the digest is not that of the data: " + packet));
    return new Sealed(packet.withPayloadBytes(data.lengthBytes()), data);
  }
}
