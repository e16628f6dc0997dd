package org.twincore.drbd.engine.replay;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;

/// Puts our node into the place of a captured one: it gets what that one got, in order, and must
/// send what that one sent, but for [AllowedDifferences].
///
/// Per socket the order is strict; between the sockets it is the network's. Our node may be earlier
/// than the captured one. Where it is later, time passes (to its next deadline, again and again)
/// until the packet is there. Application writes are made when the captured packet shows them.
final class CaptureReplay {
  private static final int TICKS_MAX = 5_000;
  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /// What an operator did at the node, at a time of the session.
  record Act(double seconds, AdminCommand command) {}

  private final CapturedNode captured;
  private final ReplayedNode node;
  private final Deque<Act> acts;
  private final AllowedDifferences allowed;
  private final CapturedNode.Step lastSent;
  private long cookie;
  private int compared;

  CaptureReplay(CapturedNode captured, ReplayedNode node, List<Act> acts) {
    this.captured = captured;
    this.node = node;
    this.acts = new ArrayDeque<>(acts);
    this.lastSent = lastSent(captured);
    this.allowed =
        new AllowedDifferences(captured.steps().stream().anyMatch(CaptureReplay::saysDigests));
  }

  private static CapturedNode.Step lastSent(CapturedNode captured) {
    return captured.steps().stream()
        .filter(CapturedNode.Sends.class::isInstance)
        .reduce((_, later) -> later)
        .orElseThrow();
  }

  private static boolean saysDigests(CapturedNode.Step step) {
    return step instanceof CapturedNode.Sends sends
        && sends.packet().packet() instanceof Packet.Protocol protocol
        && !protocol.integrityAlg().orElse("").isEmpty();
  }

  /// Fails at the first difference; else how many packets were compared.
  int run() {
    runUntil(captured.steps().size());
    if (!node.leftOver().isEmpty()) {
      throw new AssertionError("sent besides: " + node.leftOver() + "\n" + node.trace());
    }
    return compared;
  }

  /// Plays the first `end` steps.
  void runUntil(int end) {
    for (CapturedNode.Step step : captured.steps().subList(0, end)) {
      while (!acts.isEmpty() && acts.getFirst().seconds() <= step.seconds()) {
        node.admin(acts.remove().command());
      }
      switch (step) {
        case CapturedNode.Dialled dialled -> dial(dialled);
        case CapturedNode.Accepted(double _, int socket) -> node.step(new Event.Accepted(socket));
        case CapturedNode.Receives(double _, int socket, FrameDecoder.Decoded packet) -> {
          hear(socket, packet);
          node.takeSentIf(more -> AllowedDifferences.maySayMore(more, packet.packet()));
        }
        case CapturedNode.Sends sends -> expect(sends);
        case CapturedNode.PeerEnded(double _, int socket) -> {
          if (!node.hasClosed(socket)) {
            node.step(new Event.SocketClosed(socket, "closed by the peer"));
          }
        }
      }
    }
  }

  /// The captured peer's packet arrives.
  void hear(int socket, FrameDecoder.Decoded packet) {
    node.step(
        new Event.PacketArrived(
            socket,
            packet.framing(),
            packet.volume(),
            allowed.translated(packet.packet()),
            packet.payload()));
  }

  private void dial(CapturedNode.Dialled dialled) {
    Effect.Dial dial = node.takeDial();
    for (int i = 0; dial == null && i < TICKS_MAX && node.tick(); i++) {
      dial = node.takeDial();
    }
    if (dial == null) {
      throw new AssertionError("expected a dial for " + dialled + "\n" + node.trace());
    }
    node.step(new Event.Dialed(dial.attempt(), dialled.socket()));
  }

  private void expect(CapturedNode.Sends sends) {
    Packet packet = sends.packet().packet();
    Effect.Send sent = node.peekSent(sends.socket(), sends.packet().packet().type());
    if (AllowedDifferences.mayBeMissing(packet, sends.equals(lastSent))
        && (sent == null || sent.packet().type() != packet.type())) {
      return;
    }
    if (sent == null) {
      provoke(sends);
      sent = await(sends);
    }
    node.takeSent(sent);
    compare(sends, sent);
    compared++;
  }

  /// Does what is outside of the engine and leads to the packet.
  void provoke(CapturedNode.Sends sends) {
    Payload payload = sends.packet().payload();
    switch (sends.packet().packet()) {
      case Packet.Data data when data.type() == PacketType.DATA && payload != null ->
          node.stepWithSlowDisk(
              new Event.AppWrite(
                  0,
                  ++cookie,
                  data.sector(),
                  withoutDigest(payload),
                  (data.flags() & DpFlags.FUA) != 0));
      case Packet.Range range when range.type() == PacketType.TRIM ->
          node.step(
              new Event.AppDiscard(
                  0,
                  ++cookie,
                  new Extent(range.sector(), range.sizeBytes()),
                  Event.Discard.TRIM,
                  false));
      case Packet.Data data when data.type() == PacketType.RS_DATA_REPLY ->
          node.answerRead(data.sector());
      case Packet.BlockRequest request when request.type() == PacketType.DATA_REQUEST ->
          node.step(
              new Event.AppRead(0, ++cookie, new Extent(request.sector(), request.sizeBytes())));
      case Packet.Barrier _ -> node.answerWrites();
      default -> {}
    }
  }

  /// What stands behind a digest: its length is no multiple of a sector's.
  private static Payload withoutDigest(Payload payload) {
    int digestBytes = payload.lengthBytes() % Extent.SECTOR_BYTES;
    return payload.slice(digestBytes, payload.lengthBytes() - digestBytes);
  }

  private Effect.Send await(CapturedNode.Sends sends) {
    long patience = node.now() + PATIENCE_NANOS;
    for (int i = 0; i < TICKS_MAX && node.now() <= patience; i++) {
      Effect.Send sent = node.peekSent(sends.socket(), sends.packet().packet().type());
      if (sent != null) {
        return sent;
      }
      if (!node.answerRead(-1) && !node.tick()) {
        break;
      }
    }
    throw new AssertionError("never sent: " + sends + "\n" + node.trace());
  }

  private void compare(CapturedNode.Sends sends, Effect.Send sent) {
    FrameDecoder.Decoded expected = sends.packet();
    Optional<String> difference = allowed.between(expected.packet(), sent.packet());
    if (difference.isPresent()
        || expected.framing() != sent.framing()
        || expected.volume() != sent.volume()
        || !Objects.equals(expected.payload(), sent.payload())) {
      throw new AssertionError(
          "at %.4f on socket %d: %s; headers %s/%d and %s/%d%n%s"
              .formatted(
                  sends.seconds(),
                  sends.socket(),
                  difference.orElse("another payload of " + expected.packet()),
                  expected.framing(),
                  expected.volume(),
                  sent.framing(),
                  sent.volume(),
                  node.trace()));
    }
  }
}
