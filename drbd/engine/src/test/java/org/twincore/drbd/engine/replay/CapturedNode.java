package org.twincore.drbd.engine.replay;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.CapturedSession;
import org.twincore.testkit.CapturedSession.Direction;

/// A captured session as one of its two nodes saw it: what reached it and what it sent, in order,
/// packet by packet. Sockets are the capture's connection numbers.
record CapturedNode(List<Step> steps) {
  /// One thing at the node; seconds count from the start of the session.
  sealed interface Step {
    double seconds();
  }

  /// The node's own dial succeeded.
  record Dialled(double seconds, int socket) implements Step {}

  /// The peer dialled.
  record Accepted(double seconds, int socket) implements Step {}

  /// A packet from the peer.
  record Receives(double seconds, int socket, FrameDecoder.Decoded packet) implements Step {}

  /// A packet of this node.
  record Sends(double seconds, int socket, FrameDecoder.Decoded packet) implements Step {}

  /// The peer's side of the connection ended.
  record PeerEnded(double seconds, int socket) implements Step {}

  /// `node` is A or B; only the connections in `seen` reached it (another one's dial was refused,
  /// and only the forwarder between them took it).
  static CapturedNode of(CapturedSession session, String node, Set<Integer> seen)
      throws WireFormatException {
    Direction own = node.equals("A") ? Direction.A2B : Direction.B2A;
    Map<CapturedSession.Stream, FrameDecoder> decoders = new HashMap<>();
    List<Step> steps = new ArrayList<>();
    for (CapturedSession.Event event : session.events()) {
      switch (event) {
        case CapturedSession.Opened(double seconds, int socket, String from) -> {
          if (seen.contains(socket)) {
            boolean isOwn = from.equals(node);
            steps.add(isOwn ? new Dialled(seconds, socket) : new Accepted(seconds, socket));
          }
        }
        case CapturedSession.Chunk(double seconds, int socket, Direction way, byte[] bytes) -> {
          if (seen.contains(socket)) {
            FrameDecoder decoder =
                decoders.computeIfAbsent(
                    new CapturedSession.Stream(socket, way), _ -> trustingDecoder());
            for (FrameDecoder.Decoded packet : packets(decoder, bytes)) {
              steps.add(
                  way == own
                      ? new Sends(seconds, socket, packet)
                      : new Receives(seconds, socket, packet));
            }
          }
        }
        case CapturedSession.Ended(double seconds, int socket, Direction way, _) -> {
          if (seen.contains(socket) && way != own) {
            steps.add(new PeerEnded(seconds, socket));
          }
        }
        case CapturedSession.Note _ -> {}
      }
    }
    return new CapturedNode(List.copyOf(steps));
  }

  private static FrameDecoder trustingDecoder() {
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
    return decoder;
  }

  private static List<FrameDecoder.Decoded> packets(FrameDecoder decoder, byte[] bytes)
      throws WireFormatException {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    List<FrameDecoder.Decoded> packets = new ArrayList<>();
    for (FrameDecoder.Decoded next = decoder.decode(in); next != null; next = decoder.decode(in)) {
      packets.add(next);
    }
    return packets;
  }
}
