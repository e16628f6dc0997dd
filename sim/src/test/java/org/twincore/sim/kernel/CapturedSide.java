package org.twincore.sim.kernel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.FrameDecoder;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.WireFormatException;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Trace;
import org.twincore.testkit.CapturedSession;

/// One node's part in a captured session, played by a scripted one.
///
/// Strict per socket, but that replies and acks of a resync may be in another order, that P_PING
/// may be missing, that a disk may be quicker than the captured one ([CapturedEpochs]), and that
/// P_UNPLUG_REMOTE, the login and left-over memory are not looked at. Writes are made, and resync
/// requests asked for, when the captured node shows them.
final class CapturedSide {
  private static final long PATIENCE_NANOS = 30 * Simulation.SECOND;
  private static final int ACKS_OF_THE_KIND =
      DpFlags.SEND_WRITE_ACK | DpFlags.SEND_RECEIVE_ACK | DpFlags.MAY_SET_IN_SYNC;

  private enum On {
    DATA,
    META
  }

  private record Said(Packet packet, @Nullable Payload payload) {}

  private final CapturedEpochs epochs = new CapturedEpochs();

  /// One packet of the capture, in the order of the session.
  private record Step(double seconds, boolean isOwn, On on, Said said) {}

  private final List<Step> steps = new ArrayList<>();
  private final TreeMap<Double, Runnable> acts = new TreeMap<>();
  private final Deque<Long> uuids = new ArrayDeque<>();
  private final Deque<Said> sentOnData = new ArrayDeque<>();
  private final Deque<Said> sentOnMeta = new ArrayDeque<>();
  private final Simulation simulation = new Simulation(Trace.silent());
  private final boolean acceptedMeta;
  private @Nullable KernelPeer node;
  private int compared;

  CapturedSide(String session, String name, int data, int meta)
      throws IOException, WireFormatException {
    CapturedSession captured = CapturedSession.ofDrbd(session);
    Map<CapturedSession.Stream, FrameDecoder> decoders = new HashMap<>();
    boolean accepted = false;
    for (CapturedSession.Event event : captured.events()) {
      switch (event) {
        case CapturedSession.Opened(double _, int connection, String from) ->
            accepted |= connection == meta && !from.equals(name);
        case CapturedSession.Chunk chunk
            when chunk.connection() == data || chunk.connection() == meta -> {
          FrameDecoder decoder =
              decoders.computeIfAbsent(
                  new CapturedSession.Stream(chunk.connection(), chunk.direction()),
                  _ -> {
                    FrameDecoder made = new FrameDecoder();
                    made.limitBody(FrameDecoder.LIMIT_BYTES_MAX);
                    return made;
                  });
          boolean isOwn = chunk.direction().name().startsWith(name);
          On on = chunk.connection() == data ? On.DATA : On.META;
          ByteBuffer bytes = ByteBuffer.wrap(chunk.bytes());
          FrameDecoder.Decoded decoded = decoder.decode(bytes);
          while (decoded != null) {
            steps.add(
                new Step(
                    chunk.seconds(), isOwn, on, new Said(decoded.packet(), decoded.payload())));
            decoded = decoder.decode(bytes);
          }
        }
        default -> {}
      }
    }
    acceptedMeta = accepted;
  }

  /// The UUIDs that the captured node drew.
  void draws(Long... drawn) {
    uuids.addAll(List.of(drawn));
  }

  int drawsLeft() {
    return uuids.size();
  }

  /// What its operator did.
  void at(double seconds, Runnable act) {
    acts.put(seconds, act);
  }

  KernelPeer node() {
    KernelPeer made = node;
    if (made == null) {
      throw new IllegalStateException("not playing yet");
    }
    return made;
  }

  private final class Collector implements KernelWire {
    @Override
    public void data(Packet packet, @Nullable Payload payload) {
      sentOnData.add(new Said(packet, payload));
    }

    @Override
    public void meta(Packet packet) {
      sentOnMeta.add(new Said(packet, null));
    }

    @Override
    public void hangUp() {}
  }

  /// No delays, and the captured UUIDs.
  private final class Drawn implements RandomGenerator {
    @Override
    public long nextLong() {
      return uuids.removeFirst();
    }

    @Override
    public long nextLong(long bound) {
      return 0;
    }
  }

  /// What the captured node had on its disk and sent in a resync comes onto `disk`.
  void knowsWhatItSends(KernelDisk disk) {
    for (Step step : steps) {
      if (step.isOwn
          && step.said.packet instanceof Packet.Data data
          && data.type() == PacketType.RS_DATA_REPLY) {
        disk.write(data.sector(), KernelPackets.needed(step.said.payload, data));
      }
    }
    disk.flush();
  }

  /// Plays it with `disk`, `before` being done with the attached node; the number of packets
  /// compared.
  int play(KernelDisk disk, Consumer<KernelPeer> before) {
    return play(
        disk,
        before,
        new KernelSettings(KernelSettings.Protocol.C, 101, true, false, KernelDigests.NONE));
  }

  /// The same with other settings.
  int play(KernelDisk disk, Consumer<KernelPeer> before, KernelSettings settings) {
    KernelPeer playing = new KernelPeer(simulation, new Collector(), disk, new Drawn(), settings);
    node = playing;
    playing.attach();
    playing.resync().askOnlyWhatIsNamed();
    before.accept(playing);
    Packet.@Nullable ConnectionFeatures heard = null;
    boolean isOver = false;
    for (Step step : steps) {
      while (!acts.isEmpty() && acts.firstKey() <= step.seconds) {
        deliver(epochs.all());
        acts.pollFirstEntry().getValue().run();
      }
      Packet packet = step.said.packet;
      if (packet instanceof Packet.ConnectionFeatures features) {
        if (heard != null) {
          playing.established(Features.agree(features, heard).orElseThrow(), acceptedMeta);
        }
        heard = features;
      } else if (isInitial(packet) || packet.type() == PacketType.UNPLUG_REMOTE) {
        continue;
      } else if (step.isOwn) {
        expect(step);
      } else if (!isOver) {
        hear(step);
      }
      isOver |= packet.type() == PacketType.CONN_ST_CHG_REPLY;
    }
    simulation.runUntil(simulation.nowNanos() + PATIENCE_NANOS); // what the end leads to
    return compared;
  }

  private static boolean isInitial(Packet packet) {
    return switch (packet.type()) {
      case INITIAL_DATA, INITIAL_META, AUTH_CHALLENGE, AUTH_RESPONSE -> true;
      default -> false;
    };
  }

  private Deque<Said> sent(On on) {
    return on == On.DATA ? sentOnData : sentOnMeta;
  }

  private void hear(Step step) {
    if (step.on == On.DATA) {
      epochs.heard(step.said.packet);
      node().packets().arrivedOnData(step.said.packet, step.said.payload);
      simulation.runUntil(simulation.nowNanos());
    } else {
      deliver(epochs.acked(step.said.packet));
    }
  }

  private void deliver(List<Packet> onMeta) {
    for (Packet packet : onMeta) {
      node().packets().arrivedOnMeta(packet);
      simulation.runUntil(simulation.nowNanos());
    }
  }

  private void expect(Step step) {
    deliver(epochs.before(step.said.packet));
    provoke(step.said);
    boolean isThere =
        simulation.runUntil(simulation.nowNanos() + PATIENCE_NANOS, () -> isHead(step));
    if (isThere) {
      compared++;
    } else if (!mayBeMissing(step.said.packet.type())) {
      throw new AssertionError(
          "at %.4f expected %s, said %s".formatted(step.seconds, step.said, sent(step.on)));
    }
  }

  /// Without what is left-over memory in the kernel.
  private static Said comparable(Said said) {
    Packet packet =
        switch (said.packet) {
          case Packet.BlockRequest request ->
              new Packet.BlockRequest(
                  request.type(),
                  request.sector(),
                  request.blockId(),
                  request.sizeBytes(),
                  0,
                  request.payloadBytes());
          case Packet.BlockAck ack when ack.type() == PacketType.RS_IS_IN_SYNC ->
              new Packet.BlockAck(ack.type(), ack.sector(), 0, ack.sizeBytes(), ack.sequence());
          default -> said.packet;
        };
    return new Said(packet, said.payload);
  }

  /// A generation that begins as the connection ends is told if there is still time for it.
  private boolean mayBeMissing(PacketType type) {
    boolean isEnding = !node().state().conn().isAtLeast(ConnectionState.CONNECTED);
    return type == PacketType.PING || type == PacketType.UUIDS && isEnding;
  }

  /// Takes it if it is what was said next.
  private boolean isHead(Step step) {
    PacketType type = step.said.packet.type();
    boolean anyOrder =
        type == PacketType.RS_DATA_REPLY
            || type == PacketType.RS_WRITE_ACK
            || type == PacketType.PING
            || type == PacketType.PING_ACK;
    Iterator<Said> said = sent(step.on).iterator();
    while (said.hasNext()) {
      Said next = said.next();
      boolean isPassed =
          epochs.mayBeEarly(next.packet, step.said.packet)
              || next.packet.type() == PacketType.UNPLUG_REMOTE
              || next.packet.type() == PacketType.PING
              || next.packet.type() == PacketType.PING_ACK;
      if (comparable(next).equals(comparable(step.said))) {
        said.remove();
        return true;
      }
      if (!isPassed && !anyOrder) {
        return false;
      }
    }
    return false;
  }

  /// What stands behind a digest: its length is no multiple of a sector's.
  private static Payload withoutDigest(Payload payload) {
    int digestBytes = payload.lengthBytes() % Extent.SECTOR_BYTES;
    return payload.slice(digestBytes, payload.lengthBytes() - digestBytes);
  }

  /// Does what is outside of the node and leads to the packet.
  private void provoke(Said said) {
    switch (said.packet) {
      case Packet.Data data when data.type() == PacketType.DATA ->
          node()
              .writer()
              .write(
                  data.sector(),
                  withoutDigest(KernelPackets.needed(said.payload, data)),
                  data.blockId(),
                  data.flags() & ~ACKS_OF_THE_KIND,
                  _ -> {});
      case Packet.Range range when range.type() == PacketType.TRIM ->
          node()
              .writer()
              .trim(
                  new Extent(range.sector(), range.sizeBytes()),
                  range.blockId(),
                  range.flags() & ~ACKS_OF_THE_KIND,
                  _ -> {});
      case Packet.BlockRequest request
          when request.type() == PacketType.RS_DATA_REQUEST
              || request.type() == PacketType.CSUM_RS_REQUEST ->
          node().resync().ask(new Extent(request.sector(), request.sizeBytes()));
      case Packet.BlockRequest request when request.type() == PacketType.DATA_REQUEST ->
          node()
              .reader()
              .read(new Extent(request.sector(), request.sizeBytes()), request.blockId(), _ -> {});
      default -> {}
    }
  }
}
