package org.twincore.sim.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;
import org.twincore.sim.world.Trace;

/// What our node says wrongly is noticed by the one that is like a kernel's, within a few seeds, in
/// the words of the row.
@Tag("slow")
class KernelFaultTest {
  private static final int SEEDS = 200;

  /// A row a fault: which packets, what goes out in their place, and what is said of it.
  enum Row {
    BARRIER_ACK_OF_WRONG_SIZE(
        "expected barrier",
        is(PacketType.BARRIER_ACK),
        one(packet -> {
          Packet.BarrierAck ack = (Packet.BarrierAck) packet;
          return new Packet.BarrierAck(ack.barrier(), ack.setSize() + 1);
        })),
    BARRIER_TWICE("a barrier behind nothing", is(PacketType.BARRIER), Row::twice),
    ACK_OF_WRONG_SECTOR(
        "expected Extent",
        is(PacketType.WRITE_ACK),
        one(packet -> {
          Packet.BlockAck ack = (Packet.BlockAck) packet;
          return new Packet.BlockAck(
              ack.type(), ack.sector() + 8, ack.blockId(), ack.sizeBytes(), ack.sequence());
        })),
    ACK_OF_ANOTHER_KIND(
        "not asked for",
        is(PacketType.WRITE_ACK),
        one(packet -> ackOf(packet, PacketType.RECV_ACK))),
    ACK_TWICE("a second time", is(PacketType.WRITE_ACK), Row::twice),
    RESYNC_ACK_TWICE(
        "an ack for nothing",
        send ->
            send.packet() instanceof Packet.BlockAck ack
                && ack.type() == PacketType.RS_WRITE_ACK
                && ack.blockId() == Packet.RESYNC_BLOCK_ID,
        Row::twice),
    RESYNC_REPLY_TWICE("nobody asked for", is(PacketType.RS_DATA_REPLY), Row::twice),
    RESYNC_REPLY_OF_OTHER_DATA(
        "holds write", is(PacketType.RS_DATA_REPLY), send -> List.of(withZeroes(send))),
    RESYNC_ASKED_TOO_EARLY(
        "RS_DATA_REQUEST",
        is(PacketType.UUIDS),
        send ->
            List.of(
                send,
                other(send, new Packet.BlockRequest(PacketType.RS_DATA_REQUEST, 0, -1, 4096)))),
    BITMAP_TWICE("of bitmap", is(PacketType.BITMAP), Row::twice),
    SYNC_UUID_FORGED(
        "waited in vain",
        is(PacketType.SYNC_UUID),
        one(packet -> new Packet.SyncUuid(((Packet.SyncUuid) packet).uuid() + 0x10000))),
    FEATURES_TWICE("features", is(PacketType.CONNECTION_FEATURES), Row::twice),
    DATA_OF_ANOTHER_DIGEST(
        "the digest is not that of the data",
        is(PacketType.RS_DATA_REPLY),
        send -> List.of(withZeroes(send))),
    VERIFY_FINDS_WHAT_IS_NOT(
        "a verify finds a difference",
        is(PacketType.OV_RESULT),
        one(packet -> {
          Packet.BlockAck result = (Packet.BlockAck) packet;
          return new Packet.BlockAck(
              result.type(), result.sector(), 4712, result.sizeBytes(), result.sequence());
        })),
    VERIFY_ANSWERS_FOR_OTHER_DATA(
        "a verify finds a difference", is(PacketType.OV_REPLY), send -> List.of(withZeroes(send))),
    IN_SYNC_TWICE("nobody asked for", is(PacketType.RS_IS_IN_SYNC), Row::twice),
    READ_TWICE("nobody asked for", is(PacketType.DATA_REPLY), Row::twice),
    READ_OF_OTHER_DATA("holds write", is(PacketType.DATA_REPLY), send -> List.of(withZeroes(send))),
    LOST_AS_IF_WRITTEN(
        "differs",
        send ->
            send.packet() instanceof Packet.BlockAck ack
                && ack.type() == PacketType.NEG_ACK
                && ack.blockId() != Packet.RESYNC_BLOCK_ID,
        one(packet -> ackOf(packet, PacketType.WRITE_ACK))),
    SUPERSEDED_AS_IF_WRITTEN(
        "expected barrier",
        Row::beTwo,
        is(PacketType.SUPERSEDED),
        one(packet -> ackOf(packet, PacketType.WRITE_ACK))),
    DECIDES_FOR_THE_OTHER(
        "not for the peer to decide",
        Row::beTwo,
        is(PacketType.WRITE_ACK),
        one(packet -> ackOf(packet, PacketType.SUPERSEDED))),
    RETRY_TWICE("a second time", Row::beTwo, is(PacketType.RETRY_WRITE), Row::twice),
    NUMBER_LEFT_OUT(
        "missing before number",
        Row::beTwo,
        is(PacketType.DATA),
        one(packet -> {
          Packet.Data data = (Packet.Data) packet;
          return new Packet.Data(
              data.type(),
              data.sector(),
              data.blockId(),
              data.sequence() + 1_000,
              data.flags(),
              data.payloadBytes());
        })),
    OVERLAPS_IN_FLIGHT("overlaps a write", Row::beTwo, is(PacketType.DATA), Row::twice),
    OTHER_DATA_BESIDE_A_PRIMARY(
        "differs", Row::beTwo, is(PacketType.DATA), send -> List.of(withZeroes(send))),
    /// What `KernelDualLoad` is there for: both disks are equal, and a read was not of them.
    READS_WHAT_WAS_REPLACED("replaced by a write of", Row::beTwo, FirstReadAgain::new);

    private final String words;
    private final Play play;
    private final Supplier<Tamper> planted;

    /// Plays a seed with a node of ours that is tampered with; what was wrong.
    private interface Play {
      Optional<String> problem(long seed, Tamper tamper);
    }

    Row(
        String words,
        Predicate<Effect.Send> which,
        Function<Effect.Send, List<Effect.Send>> change) {
      this(words, Row::beOne, which, change);
    }

    Row(
        String words,
        Play play,
        Predicate<Effect.Send> which,
        Function<Effect.Send, List<Effect.Send>> change) {
      this(words, play, () -> new Changed(which, change));
    }

    Row(String words, Play play, Supplier<Tamper> planted) {
      this.words = words;
      this.play = play;
      this.planted = planted;
    }

    /// One Primary at a time.
    private static Optional<String> beOne(long seed, Tamper tamper) {
      return new KernelRun(seed, Trace.silent(), tamper).toEnd().problem();
    }

    /// Both are Primary.
    private static Optional<String> beTwo(long seed, Tamper tamper) {
      return new KernelDualRun(seed, Trace.silent(), tamper).toEnd().problem();
    }

    private static Packet ackOf(Packet packet, PacketType type) {
      Packet.BlockAck ack = (Packet.BlockAck) packet;
      return new Packet.BlockAck(
          type, ack.sector(), ack.blockId(), ack.sizeBytes(), ack.sequence());
    }

    private static Predicate<Effect.Send> is(PacketType type) {
      return send -> send.packet().type() == type;
    }

    private static Function<Effect.Send, List<Effect.Send>> one(Function<Packet, Packet> change) {
      return send -> List.of(other(send, change.apply(send.packet())));
    }

    private static List<Effect.Send> twice(Effect.Send send) {
      return List.of(send, other(send, send.packet()));
    }

    private static Effect.Send other(Effect.Send send, Packet packet) {
      int bytes = packet.payloadBytes();
      return new Effect.Send(
          send.socket(),
          send.framing(),
          send.volume(),
          packet,
          bytes == 0 ? null : send.payload(),
          0);
    }

    private static Effect.Send withZeroes(Effect.Send send) {
      return new Effect.Send(
          send.socket(),
          send.framing(),
          send.volume(),
          send.packet(),
          Payload.of(new byte[send.packet().payloadBytes()]),
          send.token());
    }
  }

  /// Other packets in the place of some.
  private record Changed(
      Predicate<Effect.Send> which, Function<Effect.Send, List<Effect.Send>> change)
      implements Tamper {
    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      return effect instanceof Effect.Send send && which.test(send)
          ? List.copyOf(change.apply(send))
          : List.of(effect);
    }
  }

  /// Every read finds what the first one found there.
  private static final class FirstReadAgain implements Tamper {
    private final Map<Long, Extent> asked = new TreeMap<>();
    private final Map<Long, Payload> found = new TreeMap<>();

    @Override
    public List<Event> event(SimNode node, Event event) {
      if (event instanceof Event.AppRead(int _, long cookie, Extent extent)) {
        asked.put(cookie, extent);
      }
      return List.of(event);
    }

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (!(effect instanceof Effect.AppReadDone(int volume, long cookie, Payload read))) {
        return List.of(effect);
      }
      Payload first =
          found.computeIfAbsent(
              Objects.requireNonNull(asked.get(cookie)).sector(),
              _ -> Payload.of(read.toByteArray()));
      return List.of(new Effect.AppReadDone(volume, cookie, first));
    }
  }

  @ParameterizedTest
  @EnumSource(Row.class)
  void isNoticed(Row row) {
    List<String> said = new ArrayList<>();
    for (long seed = 1; seed <= SEEDS && !isSaid(said, row); seed++) {
      row.play.problem(seed, row.planted.get()).ifPresent(said::add);
    }
    assertThat(said).anyMatch(it -> it.contains(row.words));
  }

  private static boolean isSaid(List<String> said, Row row) {
    return said.stream().anyMatch(it -> it.contains(row.words));
  }
}
