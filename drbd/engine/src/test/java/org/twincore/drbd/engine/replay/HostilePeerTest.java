package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.PacketEncoder;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.testkit.Gen;
import org.twincore.testkit.Prng;

/// A peer that behaves like a captured kernel up to some packet and then says anything: nothing
/// breaks, the node stays in its admin's hands, and it looks for an honest peer again.
class HostilePeerTest {
  private static final int ROUNDS = Integer.getInteger("rounds", 600);
  private static final int PACKETS_MAX = 24;
  private static final int TICKS_MAX = 400;
  private static final int SOCKETS_MAX = 14;
  private static final Map<ReplayPart, CapturedNode> PARTS = new EnumMap<>(ReplayPart.class);
  private static final List<CapturedNode.Receives> PACKETS = new ArrayList<>();

  @BeforeAll
  static void read() throws Exception {
    for (ReplayPart part : ReplayPart.values()) {
      CapturedNode captured = part.captured();
      PARTS.put(part, captured);
      for (CapturedNode.Step step : captured.steps()) {
        if (step instanceof CapturedNode.Receives receives) {
          PACKETS.add(receives);
        }
      }
    }
  }

  @Test
  void saysAnythingAtAnyMoment() {
    Gen.check(
        ROUNDS, gen -> play(gen, (part, replay, node, _) -> misbehave(gen, part, replay, node)));
  }

  /// The session goes on, but packets are changed, lost, doubled or swapped.
  @Test
  void garblesTheRestOfASession() {
    Gen.check(ROUNDS, gen -> play(gen, (_, replay, node, rest) -> garble(gen, replay, node, rest)));
  }

  private interface Mischief {
    void happen(
        ReplayPart part, CaptureReplay replay, ReplayedNode node, List<CapturedNode.Step> rest);
  }

  private static void play(Gen gen, Mischief mischief) throws MetadataException {
    ReplayPart part = gen.oneOf(ReplayPart.values());
    CapturedNode captured = Objects.requireNonNull(PARTS.get(part));
    ReplayedNode node = new ReplayedNode(part.random(new Prng(gen.anyLong())), part.disk(captured));
    part.start().start(node);
    int steps = gen.intIn(0, captured.steps().size());
    CaptureReplay replay = new CaptureReplay(captured, node, part.acts());
    replay.runUntil(steps);
    node.mayRefuse();
    try {
      mischief.happen(part, replay, node, captured.steps().subList(steps, captured.steps().size()));
      leave(node);
    } catch (RuntimeException | AssertionError failure) {
      throw new AssertionError(
          "after %d steps as %s: %s%n%s".formatted(steps, part, failure, node.trace()), failure);
    }
  }

  private static void garble(
      Gen gen, CaptureReplay replay, ReplayedNode node, List<CapturedNode.Step> rest) {
    CapturedNode.@Nullable Receives late = null;
    for (CapturedNode.Step step : rest) {
      switch (step) {
        case CapturedNode.Receives receives -> {
          int kind = gen.intIn(0, 29);
          if (kind > 0) {
            say(
                replay,
                receives.socket(),
                kind == 1 ? bent(gen, receives.packet()) : receives.packet());
          }
          if (kind == 2) {
            say(replay, receives.socket(), receives.packet());
          }
          if (late != null) {
            say(replay, late.socket(), late.packet());
          }
          late = kind == 3 ? receives : null;
        }
        case CapturedNode.Sends sends -> {
          if (node.peekSent(sends.socket(), sends.packet().packet().type()) == null) {
            replay.provoke(sends);
          }
          if (gen.chance(1, 20)) {
            node.tick();
          }
        }
        case CapturedNode.Dialled(double _, int socket) -> {
          Effect.Dial dial = node.takeDial();
          if (dial != null) {
            node.step(new Event.Dialed(dial.attempt(), socket));
          }
        }
        case CapturedNode.Accepted(double _, int socket) -> node.step(new Event.Accepted(socket));
        case CapturedNode.PeerEnded _ -> {}
      }
    }
  }

  private static void misbehave(Gen gen, ReplayPart part, CaptureReplay replay, ReplayedNode node) {
    int count = gen.intIn(1, PACKETS_MAX);
    for (int i = 0; i < count; i++) {
      int kind = gen.intIn(0, 29);
      if (kind < 12) {
        sayWhereItBelongs(gen, part, replay, anything(gen));
      } else if (kind < 24) {
        sayWhereItBelongs(gen, part, replay, bent(gen, gen.oneOf(PACKETS).packet()));
      } else {
        switch (kind) {
          case 24 -> node.tick();
          case 25, 26 -> node.answerRead(-1);
          case 27 -> node.admin(command(gen));
          case 28 -> node.step(new Event.Accepted(gen.intIn(SOCKETS_MAX + 1, SOCKETS_MAX + 4)));
          default -> application(gen, node);
        }
      }
    }
  }

  /// On the socket of its kind, mostly.
  private static void sayWhereItBelongs(
      Gen gen, ReplayPart part, CaptureReplay replay, FrameDecoder.@Nullable Decoded packet) {
    if (packet != null) {
      boolean isMeta = packet.packet().type().stream() == PacketType.Stream.META;
      int socket = isMeta ? part.metaSocket() : part.dataSocket();
      say(replay, gen.chance(14, 15) ? socket : gen.intIn(1, SOCKETS_MAX), packet);
    }
  }

  private static void say(CaptureReplay replay, int socket, FrameDecoder.@Nullable Decoded packet) {
    if (packet != null) {
      replay.hear(socket, packet);
    }
  }

  /// A packet of any type with any body, as far as it can be decoded.
  private static FrameDecoder.@Nullable Decoded anything(Gen gen) {
    PacketType type = gen.oneOf(PacketType.values());
    int body = gen.intIn(type.bodyBytesMin(), type.bodyBytesMax());
    int payload = type.hasPayload() ? gen.oneOf(0, 512, 4096, gen.intIn(0, 9000)) : 0;
    ByteBuffer bytes = ByteBuffer.allocate(16 + body + payload);
    bytes.putInt(0x8620ec20).putShort((short) (gen.chance(1, 10) ? 1 : 0));
    bytes.putShort((short) type.code()).putInt(body + payload).putInt(0);
    for (int word = 0; word < body / 8; word++) {
      bytes.putLong(gen.chance(1, 2) ? gen.longIn(0, 4096) : gen.anyLong());
    }
    return decoded(bytes.array());
  }

  /// A real packet with some bytes changed, or none.
  private static FrameDecoder.@Nullable Decoded bent(Gen gen, FrameDecoder.Decoded real) {
    Payload payload = real.payload();
    ByteBuffer out = ByteBuffer.allocate(PacketEncoder.BYTES_MAX + real.packet().payloadBytes());
    PacketEncoder.encode(real.framing(), real.volume(), real.packet(), out);
    int header = real.framing().headerBytes();
    int body = out.position() - header;
    for (int i = gen.intIn(0, 2); body > 0 && i > 0; i--) {
      int at = header + gen.intIn(0, body - 1);
      out.put(at, (byte) (gen.bool() ? gen.intIn(0, 255) : out.get(at) ^ 1 << gen.intIn(0, 7)));
    }
    if (payload != null) {
      payload.copyTo(out);
    }
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return decoded(bytes);
  }

  private static FrameDecoder.@Nullable Decoded decoded(byte[] bytes) {
    FrameDecoder decoder = new FrameDecoder();
    decoder.limitBody((1 << 20) + 4096);
    try {
      return decoder.decode(ByteBuffer.wrap(bytes));
    } catch (WireFormatException _) {
      return null; // the link closes the socket; that is tested there
    }
  }

  private static AdminCommand command(Gen gen) {
    return gen.oneOf(
        new AdminCommand.Primary(0, gen.bool()),
        new AdminCommand.Secondary(0),
        new AdminCommand.Invalidate(0),
        new AdminCommand.InvalidateRemote(0),
        new AdminCommand.PauseSync(0),
        new AdminCommand.ResumeSync(0),
        new AdminCommand.Disconnect(gen.bool()),
        new AdminCommand.NewCurrentUuid(0, gen.bool()),
        new AdminCommand.Detach(0, gen.bool()));
  }

  private static void application(Gen gen, ReplayedNode node) {
    long sector = gen.intIn(0, 200) * 8L;
    node.step(new Event.AppWrite(0, 1000 + sector, sector, Payload.of(new byte[4096]), false));
  }

  /// The peer is gone. The node has to seek again, or else to be in its admin's hands.
  private static void leave(ReplayedNode node) {
    node.answerWrites();
    for (int socket = 1; socket <= SOCKETS_MAX + 4; socket++) {
      if (!node.hasClosed(socket)) {
        node.step(new Event.SocketClosed(socket, "closed by the peer"));
      }
    }
    boolean seeks = false;
    for (int i = 0; i < TICKS_MAX && !seeks; i++) {
      ConnectionState conn = node.status().connection();
      if (conn == ConnectionState.STAND_ALONE) {
        node.admin(new AdminCommand.Connect(OptionValues.DEFAULTS, false, false));
      }
      seeks = conn == ConnectionState.WF_CONNECTION;
      if (!seeks && !node.answerRead(-1)) {
        node.tick();
      }
    }
    assertThat(seeks).as("seeks a peer again, is %s", node.status()).isTrue();
    long ticket = node.admin(new AdminCommand.Down());
    for (int i = 0; i < TICKS_MAX && !node.isAnswered(ticket); i++) {
      if (!node.answerRead(-1)) {
        node.tick();
      }
    }
    assertThat(node.isAnswered(ticket)).as("down is answered, is %s", node.status()).isTrue();
  }
}
