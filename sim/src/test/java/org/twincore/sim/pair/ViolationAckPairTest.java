package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.NETWORK_FAILURE;
import static org.twincore.drbd.ConnectionState.PROTOCOL_ERROR;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Answers on META that fit nothing (`got_BlockAck` and its sisters, `tl_release`): the connection
/// ends, no application hears that its write is done, no mark of an unequal block is cleared.
@Tag("slow")
class ViolationAckPairTest {
  private static final long BLOCK = 3;
  private static final long SECTOR = BLOCK * 8;
  private static final String NOTHING = "answers nothing";

  /// A peer that does not answer writes, or does not acknowledge epochs.
  private static final class Silence implements Tamper {
    private final Set<PacketType> kept = EnumSet.noneOf(PacketType.class);

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      boolean keeps = effect instanceof Effect.Send send && kept.contains(send.packet().type());
      return keeps ? List.of() : List.of(effect);
    }
  }

  private final Silence silence = new Silence();

  private Violator primary() throws MetadataException {
    Violator violator = Violator.against(0, new Pair.Setup());
    violator.pair.nodes[1].tamper(silence);
    return violator;
  }

  private static Packet ack(PacketType type, long sector, long blockId, int bytes) {
    return new Packet.BlockAck(type, sector, blockId, bytes, 1);
  }

  /// Marked on both nodes, and asked for by nobody.
  private static Packet ofTheMark(PacketType type) {
    return ack(type, Violator.MARKED_SECTOR, Packet.RESYNC_BLOCK_ID, Pair.BLOCK);
  }

  // ---- for nothing

  /// The kernel takes the last four, and would clear the mark for P_RS_IS_IN_SYNC.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {
        "RECV_ACK",
        "WRITE_ACK",
        "RS_WRITE_ACK",
        "SUPERSEDED",
        "RETRY_WRITE",
        "NEG_DREPLY",
        "NEG_RS_DREPLY",
        "RS_CANCEL",
        "RS_IS_IN_SYNC"
      })
  void forNothing(PacketType type) throws MetadataException {
    Violator violator = primary();
    violator.say(ack(type, Violator.MARKED_SECTOR, 4711, Pair.BLOCK));
    violator.assertEndsWithoutTrace(
        NETWORK_FAILURE, type.wireName(), NOTHING, "sector 80, 4096 bytes", "block_id 0x1267");
  }

  /// As if a resync had asked. The kernel clears the mark for each of the first three.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"RECV_ACK", "WRITE_ACK", "RS_WRITE_ACK", "NEG_ACK", "RS_IS_IN_SYNC"})
  void forBlocksOfNoResync(PacketType type) throws MetadataException {
    Violator violator = primary();
    violator.say(ofTheMark(type));
    violator.assertEndsWithoutTrace(
        NETWORK_FAILURE, type.wireName(), NOTHING, "block_id 0xffffffffffffffff");
  }

  /// A write that failed there after it was answered is in no list any more: one mark too many
  /// harms nobody.
  @Test
  void aWriteFailedThatNobodyKnows() throws MetadataException {
    Violator violator = primary();
    violator.say(ack(PacketType.NEG_ACK, SECTOR, 4711, Pair.BLOCK));
    violator.assertGoesOn(1);
  }

  @Test
  void aWriteFailedBehindTheEnd() throws MetadataException {
    Violator violator = primary();
    violator.say(ack(PacketType.NEG_ACK, violator.pair.volume(0).sizeSectors(), 4711, Pair.BLOCK));
    violator.assertGoesOn(0);
  }

  /// The verdict of a verify that does not run marks at most.
  @ParameterizedTest
  @CsvSource({"4711, 0", "4712, 1"})
  void aVerdictOfNoVerify(long verdict, int moreMarks) throws MetadataException {
    Violator violator = Violator.against(1, new Pair.Setup());
    violator.say(ack(PacketType.OV_RESULT, SECTOR, verdict, Pair.BLOCK));
    violator.assertGoesOn(moreMarks);
  }

  /// Not on the mark, where it said "equal" of other blocks too.
  @ParameterizedTest
  @CsvSource({"77, 4096", "80, 8192", "80, 512", "1968, 4096"})
  void aVerdictOfNoBlock(long sector, int bytes) throws MetadataException {
    Violator violator = Violator.against(1, new Pair.Setup());
    violator.say(ack(PacketType.OV_RESULT, sector, 4711, bytes));
    violator.assertEndsWithoutTrace(
        NETWORK_FAILURE, "P_OV_RESULT", "sector " + sector + ", " + bytes + " bytes");
  }

  /// The kernel keeps such an answer for the next question.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"STATE_CHG_REPLY", "CONN_ST_CHG_REPLY"})
  void toNoQuestion(PacketType type) throws MetadataException {
    Violator violator = primary();
    violator.say(new Packet.StateChangeReply(type, 1));
    violator.assertEndsWithoutTrace(NETWORK_FAILURE, type.wireName(), "nothing was asked");
  }

  /// This node asks for a change of the volume, and hears one about the connection.
  @Test
  void toAnotherQuestion() throws MetadataException {
    Violator violator = primary();
    silence.kept.add(PacketType.STATE_CHG_REPLY);
    violator.pair.begin(0, new AdminCommand.InvalidateRemote(0));
    violator.pair.run(50);
    violator.say(new Packet.StateChangeReply(PacketType.CONN_ST_CHG_REPLY, 1));
    violator.assertEnds(NETWORK_FAILURE, "P_CONN_ST_CHG_REPLY", "P_STATE_CHG_REQ of volume 0");
    assertThat(violator.marksAtEnd()).isEqualTo(1);
  }

  // ---- of a real write

  private record Wrong(String what, long sector, long moreId, int bytes, String says) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static final List<Wrong> WRONG =
      List.of(
          new Wrong("block_id", SECTOR, 1 << 20, Pair.BLOCK, "no such write"),
          new Wrong("sector", SECTOR + 8, 0, Pair.BLOCK, "expected sector 24, 4096 bytes"),
          new Wrong("size", SECTOR, 0, Pair.BLOCK / 2, "expected sector 24, 4096 bytes"));

  static Stream<Arguments> wrongAcks() {
    return Stream.of(
            PacketType.RECV_ACK,
            PacketType.WRITE_ACK,
            PacketType.RS_WRITE_ACK,
            PacketType.SUPERSEDED,
            PacketType.RETRY_WRITE)
        .flatMap(type -> WRONG.stream().map(wrong -> Arguments.of(type, wrong)));
  }

  /// The peer has it; only its answer is not this one. The kernel does not look at the size.
  @ParameterizedTest
  @MethodSource("wrongAcks")
  void ofAWrite(PacketType type, Wrong wrong) throws MetadataException {
    Violator violator = primary();
    long write = begunWrite(violator);
    long id = sentIds.getLast() + wrong.moreId;
    violator.say(ack(type, wrong.sector, id, wrong.bytes));
    violator.assertEnds(
        NETWORK_FAILURE,
        type.wireName(),
        NOTHING,
        "sector %d, %d bytes".formatted(wrong.sector, wrong.bytes),
        "block_id 0x" + Long.toHexString(id),
        wrong.says);
    assertThat(violator.marksAtEnd()).as("the mark, and that of the write").isEqualTo(2);
    endsWell(violator, write);
  }

  /// It is that of the peer's own disk, which does not have the other sector's data either.
  @ParameterizedTest
  @CsvSource({"1048576, 0", "0, 8"})
  void aWriteFailedThatIsNotThisOne(long moreId, int moreSectors) throws MetadataException {
    Violator violator = primary();
    begunWrite(violator);
    violator.say(
        ack(PacketType.NEG_ACK, SECTOR + 16 + moreSectors, sentIds.getLast() + moreId, Pair.BLOCK));
    violator.pair.run(50);
    violator.assertStillConnected();
    assertThat(violator.hasAnswered()).isFalse();
    assertThat(violator.pair.volume(0).outOfSyncBlocks()).isEqualTo(2);
  }

  private final List<Long> sentIds = new ArrayList<>();

  /// A write that the peer has and does not answer.
  private long begunWrite(Violator violator) {
    silence.kept.add(PacketType.WRITE_ACK);
    silence.kept.add(PacketType.BARRIER_ACK);
    Overheard overheard = Overheard.of(violator.pair);
    violator.watchFromNowOn();
    long write = violator.pair.startWrite(0, BLOCK, 33, false);
    violator.pair.run(50);
    for (Packet packet : overheard.of(PacketType.DATA)) {
      sentIds.add(((Packet.Data) packet).blockId());
    }
    assertThat(sentIds).hasSize(1);
    violator.forgetDone();
    return write;
  }

  private void endsWell(Violator violator, long write) {
    silence.kept.clear();
    violator.pair.awaitAnswer(write);
    violator.pair.awaitUpToDate();
    assertThat(violator.pair.onDisk(1, BLOCK)).isEqualTo(33);
  }

  // ---- epochs

  /// As the log names it.
  private static int number(Packet.Barrier barrier) {
    return Integer.reverseBytes(barrier.barrier());
  }

  private record Epochs(Violator violator, List<Packet.Barrier> barriers) {}

  /// So many epochs of a write each that the peer does not acknowledge.
  private Epochs begunEpochs(int count) throws MetadataException {
    Violator violator = primary();
    silence.kept.add(PacketType.BARRIER_ACK);
    Overheard overheard = Overheard.of(violator.pair);
    for (int epoch = 0; epoch < count; epoch++) {
      violator.pair.write(0, BLOCK + epoch, 33);
      violator.pair.startFlush(0, 0);
      violator.pair.run(50);
    }
    List<Packet.Barrier> barriers =
        overheard.of(PacketType.BARRIER).stream().map(Packet.Barrier.class::cast).toList();
    assertThat(barriers).hasSize(count);
    violator.watchFromNowOn();
    return new Epochs(violator, barriers);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 0})
  void anEpochOfAnotherSize(int writes) throws MetadataException {
    Epochs epochs = begunEpochs(1);
    Packet.Barrier barrier = epochs.barriers.getFirst();
    epochs.violator.say(new Packet.BarrierAck(barrier.barrier(), writes));
    epochs.violator.assertEnds(
        PROTOCOL_ERROR,
        "P_BARRIER_ACK",
        "expected barrier #%d with 1 writes, found #%d with %d writes"
            .formatted(number(barrier), number(barrier), writes));
    assertThat(epochs.violator.marksAtEnd()).isEqualTo(2);
  }

  @Test
  void anEpochOfAnotherNumber() throws MetadataException {
    Epochs epochs = begunEpochs(1);
    Packet.Barrier barrier = epochs.barriers.getFirst();
    Packet.Barrier other = new Packet.Barrier(Integer.reverseBytes(number(barrier) + 1), 0);
    epochs.violator.say(new Packet.BarrierAck(other.barrier(), 1));
    epochs.violator.assertEnds(
        PROTOCOL_ERROR,
        "P_BARRIER_ACK",
        "expected barrier #%d with 1 writes".formatted(number(barrier)),
        "found #%d with 1 writes".formatted(number(other)));
    assertThat(epochs.violator.marksAtEnd()).isEqualTo(2);
  }

  /// Before the first one is acknowledged.
  @Test
  void theSecondEpochFirst() throws MetadataException {
    Epochs epochs = begunEpochs(2);
    epochs.violator.say(new Packet.BarrierAck(epochs.barriers.get(1).barrier(), 1));
    epochs.violator.assertEnds(
        PROTOCOL_ERROR,
        "P_BARRIER_ACK",
        "expected barrier #%d with 1 writes".formatted(number(epochs.barriers.get(0))),
        "found #%d with 1 writes".formatted(number(epochs.barriers.get(1))));
    assertThat(epochs.violator.marksAtEnd()).isEqualTo(3);
  }

  @Test
  void anEpochTwice() throws MetadataException {
    Epochs epochs = begunEpochs(1);
    Packet acknowledged = new Packet.BarrierAck(epochs.barriers.getFirst().barrier(), 1);
    epochs.violator.say(acknowledged);
    epochs.violator.pair.run(50);
    epochs.violator.assertStillConnected();
    epochs.violator.watchFromNowOn();
    epochs.violator.say(acknowledged);
    epochs.violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR, "P_BARRIER_ACK", "no barrier is awaited, found #");
  }

  @Test
  void noEpochAtAll() throws MetadataException {
    Violator violator = primary();
    violator.say(new Packet.BarrierAck(Integer.reverseBytes(77), 12));
    violator.assertEndsWithoutTrace(
        PROTOCOL_ERROR, "P_BARRIER_ACK", "no barrier is awaited, found #77 with 12 writes");
  }

  // ---- two Primaries

  /// Only the node that accepted META may say so; here the other one does, of a real write.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"SUPERSEDED", "RETRY_WRITE"})
  void aVerdictOfTheNodeThatMayNotJudge(PacketType type) throws MetadataException {
    for (int victim = 0; victim < 2; victim++) {
      Pair pair = new Pair.Setup().bothPrimary();
      Silence silent = new Silence();
      silent.kept.add(PacketType.WRITE_ACK);
      pair.nodes[1 - victim].tamper(silent);
      Violator violator = Violator.of(pair, victim);
      Overheard overheard = Overheard.of(pair);
      pair.startWrite(victim, BLOCK, 33, false);
      pair.run(50);
      violator.watchFromNowOn();
      Packet.Data sent = (Packet.Data) overheard.of(PacketType.DATA).getLast();
      violator.say(ack(type, SECTOR, sent.blockId(), Pair.BLOCK));
      pair.run(50);
      if (violator.hasLogged("may not judge")) {
        violator.assertEnds(NETWORK_FAILURE, type.wireName(), "may not judge");
        return;
      }
    }
    throw new AssertionError("both nodes take the verdict of the other");
  }
}
