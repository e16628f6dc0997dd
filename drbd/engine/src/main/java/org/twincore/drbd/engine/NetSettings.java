package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.DISCONNECTING;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;

import java.util.Optional;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.connection.Liveness;
import org.twincore.drbd.engine.state.SplitBrainPolicy;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;

/// Net options that change while the connection stands, here or at the peer (drbd-wire section
/// 5.2).
///
/// The digests of the two directions change one by one: what this node sends, when its own admin
/// says so; what it receives, when the peer says so.
final class NetSettings {
  private final Parts parts;
  private final Parameters parameters;
  private final Liveness liveness;
  private final PeerLink link;

  NetSettings(Parts parts, Parameters parameters, Liveness liveness, PeerLink link) {
    this.parts = parts;
    this.parameters = parameters;
    this.liveness = liveness;
    this.link = link;
  }

  /// `net-options`.
  void change(OptionValues net) {
    parts.peering.configure(net);
    liveness.retime(Liveness.Timing.of(net));
    if (!link.isEstablished()) {
      return;
    }
    if (!parts.peering.has(Since.CHANGED_SETTINGS)) {
      parts.all().forEach(parameters::sendSyncParam);
      return;
    }
    parts.turn.send(0, parameters.protocol(PacketType.PROTOCOL_UPDATE, false, false));
    Optional<DigestAlgorithm> digest = parts.peering.integrityDigest();
    parts.turn.sealWith(digest.orElse(null));
    parts.all().forEach(parameters::sendSyncParam);
    if (digest.isPresent() && parts.peering.has(Features.WZEROES)) {
      // A kernel peer expects a digest on P_ZEROES then, where none is.
      link.lose(NETWORK_FAILURE, "data-integrity-alg begins with a new connection");
    }
  }

  /// P_PROTOCOL_UPDATE: the peer's admin changed the settings, they hold here too.
  void peerChanges(Packet.Protocol protocol) {
    Optional<ReplicationProtocol> wanted = ReplicationProtocol.ofCode(protocol.protocol());
    boolean two = protocol.twoPrimaries() != 0;
    if (wanted.isEmpty() || (two && wanted.get() != ReplicationProtocol.C)) {
      link.lose(DISCONNECTING, "the peer changed to settings that this node does not have");
      return;
    }
    if (!takeDigest(protocol)) {
      return;
    }
    parts.peering.configure(
        parts
            .peering
            .net()
            .with(Option.PROTOCOL, wanted.get().name())
            .with(Option.AFTER_SB_0PRI, policy(protocol.afterSb0Pri()))
            .with(Option.AFTER_SB_1PRI, policy(protocol.afterSb1Pri()))
            .with(Option.AFTER_SB_2PRI, policy(protocol.afterSb2Pri()))
            .with(Option.ALLOW_TWO_PRIMARIES, two)
            .with(Option.DATA_INTEGRITY_ALG, protocol.integrityAlg().orElse("")));
  }

  /// The peer's policy as seen from here. One of a number that there is not decides nothing.
  private static String policy(int code) {
    return SplitBrainPolicy.ofCode(code)
        .orElse(SplitBrainPolicy.DISCONNECT)
        .seenFromPeer()
        .toString();
  }

  /// From now on the peer's data has such digests; false if they are unknown here, and the
  /// connection is given up.
  boolean takeDigest(Packet.Protocol protocol) {
    String name = protocol.integrityAlg().orElse("");
    Optional<DigestAlgorithm> digest = DigestAlgorithm.ofName(name);
    if (digest.isEmpty() && !name.isEmpty()) {
      link.lose(DISCONNECTING, "data-integrity-alg '" + name + "' is not known here");
      return false;
    }
    parts.peering.expectDigest(digest);
    return true;
  }
}
