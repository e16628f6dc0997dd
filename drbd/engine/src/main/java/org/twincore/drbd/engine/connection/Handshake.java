package org.twincore.drbd.engine.connection;

import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.Turn;
import org.twincore.drbd.wire.CramHmac;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;

/// What two nodes say before they talk of volumes: versions, features, and who they are (drbd-wire
/// sections 1.3, 4, 5.1).
///
/// ```
/// FEATURES -> [CHALLENGE -> RESPONSE ->] AGREED
/// ```
public final class Handshake {
  private static final int FEATURES_OFFERED =
      Features.TRIM | Features.THIN_RESYNC | Features.WSAME | Features.WZEROES;

  private enum Awaits {
    FEATURES,
    CHALLENGE,
    RESPONSE,
    NOTHING
  }

  private final Turn turn;
  private final OptionValues net;
  private final RandomGenerator random;
  private final Packet.ConnectionFeatures own;
  private Awaits awaits = Awaits.FEATURES;
  private @Nullable CramHmac hmac;
  private byte[] challenge = new byte[0];
  private Features.@Nullable Agreement agreement;

  /// What a packet led to.
  public sealed interface Outcome {}

  /// More packets are due.
  public record Continues() implements Outcome {}

  /// Both know what they can and who they are: P_PROTOCOL is next.
  public record Agreed(Features.Agreement agreement) implements Outcome {}

  /// This peer will never do: StandAlone.
  public record Refused(String reason) implements Outcome {}

  /// Not what was due: close and try again.
  public record Broken(String reason) implements Outcome {}

  /// Offers versions up to `protocolMax`; below 100 with no features, which came later. (At
  /// versions below 95 a kernel's node would send discards as writes without data.)
  public Handshake(Turn turn, OptionValues net, RandomGenerator random, int protocolMax) {
    this.turn = turn;
    this.net = net;
    this.random = random;
    boolean digests = !net.word(Option.DATA_INTEGRITY_ALG).isEmpty();
    int features = digests ? FEATURES_OFFERED & ~Features.WZEROES : FEATURES_OFFERED;
    own =
        new Packet.ConnectionFeatures(
            Features.PROTOCOL_MIN, Since.VOLUMES.holdsAt(protocolMax) ? features : 0, protocolMax);
  }

  /// Speaks first.
  public void start() {
    turn.send(0, own);
  }

  /// Takes a packet of the data socket.
  public Outcome take(Packet packet) {
    return switch (awaits) {
      case FEATURES -> features(packet);
      case CHALLENGE -> challenge(packet);
      case RESPONSE -> response(packet);
      case NOTHING -> new Broken(packet.type().wireName() + " after the handshake");
    };
  }

  /// Whether another packet than the one that is due means a peer that will never do.
  public boolean refusesOthers() {
    return awaits != Awaits.RESPONSE;
  }

  private Outcome features(Packet packet) {
    if (!(packet instanceof Packet.ConnectionFeatures theirs)) {
      return new Refused("expected P_CONNECTION_FEATURES, found " + packet.type().wireName());
    }
    Optional<Features.Agreement> agreed = Features.agree(own, theirs);
    if (agreed.isEmpty()) {
      return new Refused(
          "the peer speaks protocols %d to %d, this node %d to %d"
              .formatted(
                  theirs.protocolMin(),
                  theirs.protocolMax(),
                  own.protocolMin(),
                  own.protocolMax()));
    }
    agreement = agreed.get();
    turn.agree(agreed.get().version());
    String algorithm = net.word(Option.CRAM_HMAC_ALG);
    if (algorithm.isEmpty()) {
      awaits = Awaits.NOTHING;
      return new Agreed(agreed.get());
    }
    Optional<CramHmac> known = CramHmac.of(algorithm, net.word(Option.SHARED_SECRET));
    if (known.isEmpty()) {
      return new Refused("cram-hmac-alg " + algorithm + " is not available here");
    }
    hmac = known.get();
    challenge = new byte[CramHmac.CHALLENGE_BYTES];
    random.nextBytes(challenge);
    turn.send(0, new Packet.Bytes(PacketType.AUTH_CHALLENGE, challenge));
    awaits = Awaits.CHALLENGE;
    return new Continues();
  }

  private Outcome challenge(Packet packet) {
    if (!(packet instanceof Packet.Bytes bytes) || bytes.type() != PacketType.AUTH_CHALLENGE) {
      return new Refused(
          "expected P_AUTH_CHALLENGE, found "
              + packet.type().wireName()
              + ": is cram-hmac-alg set on both nodes?");
    }
    if (Arrays.equals(bytes.bytes(), challenge)) {
      return new Refused("the peer sent this node's own challenge back");
    }
    turn.send(
        0, new Packet.Bytes(PacketType.AUTH_RESPONSE, authenticator().response(bytes.bytes())));
    awaits = Awaits.RESPONSE;
    return new Continues();
  }

  private Outcome response(Packet packet) {
    if (!(packet instanceof Packet.Bytes bytes) || bytes.type() != PacketType.AUTH_RESPONSE) {
      return new Broken("expected P_AUTH_RESPONSE, found " + packet.type().wireName());
    }
    if (bytes.bytes().length != authenticator().responseBytes()) {
      return new Broken(
          "expected a P_AUTH_RESPONSE of %d bytes, found %d: is cram-hmac-alg the same on both?"
              .formatted(authenticator().responseBytes(), bytes.bytes().length));
    }
    if (!authenticator().isRight(challenge, bytes.bytes())) {
      return new Refused("authentication failed: the peer does not know the shared-secret");
    }
    awaits = Awaits.NOTHING;
    Features.Agreement agreed = agreement;
    if (agreed == null) {
      throw new IllegalStateException("features come first");
    }
    return new Agreed(agreed);
  }

  private CramHmac authenticator() {
    CramHmac known = hmac;
    if (known == null) {
      throw new IllegalStateException("no authentication is configured");
    }
    return known;
  }
}
