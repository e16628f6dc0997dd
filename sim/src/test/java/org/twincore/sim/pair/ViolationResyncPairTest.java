package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// A resync in which one answer is about other blocks than the question: no mark of the blocks
/// goes, and the next connection copies them.
class ViolationResyncPairTest {
  private static final int BLOCKS = 4;
  private static final int MOVED_SECTORS = 8 * 64;

  /// What is not as it was asked for.
  private enum Wrong {
    SECTOR,
    SIZE;

    Packet of(Packet packet) {
      long sectors = this == SECTOR ? MOVED_SECTORS : 0;
      int part = this == SIZE ? 2 : 1;
      return switch (packet) {
        case Packet.BlockAck ack ->
            new Packet.BlockAck(
                ack.type(),
                ack.sector() + sectors,
                ack.blockId(),
                ack.sizeBytes() / part,
                ack.sequence());
        case Packet.BlockDescription zeroes ->
            new Packet.BlockDescription(
                zeroes.type(), zeroes.sector() + sectors, zeroes.sizeBytes() / part, 0);
        case Packet.Data data ->
            new Packet.Data(
                data.type(),
                data.sector() + sectors,
                data.blockId(),
                data.sequence(),
                data.flags(),
                data.payloadBytes());
        default -> packet;
      };
    }
  }

  /// Changes the packets of one type.
  private static final class Changed implements Tamper {
    private final PacketType type;
    private final UnaryOperator<Packet> change;
    private boolean isOver;

    Changed(PacketType type, UnaryOperator<Packet> change) {
      this.type = type;
      this.change = change;
    }

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (isOver || !(effect instanceof Effect.Send send) || send.packet().type() != type) {
        return List.of(effect);
      }
      return List.of(
          new Effect.Send(
              send.socket(),
              send.framing(),
              send.volume(),
              change.apply(send.packet()),
              send.payload(),
              send.token()));
    }
  }

  /// The first node has some blocks that the second lacks; it meets it with a lie on the way.
  private static void meet(Pair.Setup setup, int liar, Changed lie, String... words)
      throws MetadataException {
    Pair pair = setup.primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    for (int block = 0; block < BLOCKS; block++) {
      pair.write(0, 256 + block, 33 + block);
    }
    pair.nodes[liar].tamper(lie);
    Violator violator = Violator.of(pair, 1 - liar);
    pair.connect(0);
    ConnectionState syncs = liar == 0 ? ConnectionState.SYNC_TARGET : ConnectionState.SYNC_SOURCE;
    pair.await(() -> violator.has(syncs), "the resync");
    violator.watchFromNowOn();
    violator.assertEnds(
        lie.type.stream() == PacketType.Stream.META ? NETWORK_FAILURE : PROTOCOL_ERROR, words);
    assertThat(violator.marksAtEnd()).isEqualTo(BLOCKS);
    lie.isOver = true;
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 256)).isEqualTo(33);
  }

  @ParameterizedTest
  @EnumSource(Wrong.class)
  void anAckOfOtherBlocks(Wrong wrong) throws MetadataException {
    meet(
        new Pair.Setup(),
        1,
        new Changed(PacketType.RS_WRITE_ACK, wrong::of),
        "P_RS_WRITE_ACK: answers nothing",
        "block_id 0xffffffffffffffff");
  }

  @ParameterizedTest
  @EnumSource(value = Wrong.class, names = "SECTOR")
  void dataOfOtherBlocks(Wrong wrong) throws MetadataException {
    meet(
        new Pair.Setup(),
        0,
        new Changed(PacketType.RS_DATA_REPLY, wrong::of),
        "P_RS_DATA_REPLY: answers nothing",
        "sector %d, %d bytes".formatted(256 * 8 + MOVED_SECTORS, BLOCKS * Pair.BLOCK));
  }

  /// The target's digests are the same, for the blocks were copied before.
  @ParameterizedTest
  @EnumSource(Wrong.class)
  void otherBlocksInSync(Wrong wrong) throws MetadataException {
    Pair pair = new Pair.Setup().net(Option.CSUMS_ALG, "md5").primary();
    Changed lie = new Changed(PacketType.RS_IS_IN_SYNC, wrong::of);
    pair.nodes[0].tamper(lie);
    Violator violator = Violator.of(pair, 1);
    violator.watchFromNowOn();
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.await(() -> violator.has(ConnectionState.SYNC_TARGET), "the resync");
    violator.watchFromNowOn();
    long marked = pair.volume(1).outOfSyncBlocks();
    violator.assertEnds(NETWORK_FAILURE, "P_RS_IS_IN_SYNC: answers nothing");
    assertThat(violator.marksAtEnd()).isEqualTo(marked);
    lie.isOver = true;
    pair.awaitUpToDate();
  }
}
