package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// Where the sender puts its barriers, and that each promise of docs/durability.md holds with
/// either way to end an epoch.
class EpochPairTest {
  /// FLUSH, protocol C: survives power loss of both nodes.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void whatWasFlushedIsStableAtThePeer(EpochEnd epochs) throws MetadataException {
    Pair pair = new Pair.Setup().epochs(epochs).primary();
    for (int block = 0; block < 20; block++) {
      pair.write(0, block, block + 1);
    }
    pair.withheld.hold(pair.nodes[1], effect -> effect instanceof Effect.FlushLocal);
    long flush = pair.startFlush(0, 0);
    pair.run(1000);
    assertThat(pair.answer(flush)).as("the peer's flush is not done").isNull();
    pair.withheld.release(pair.nodes[1]);
    pair.done(flush);
    pair.powerCut(0);
    pair.powerCut(1);
    for (int block = 0; block < 20; block++) {
      assertThat(pair.onDisk(1, block)).isEqualTo(block + 1);
      assertThat(pair.onDisk(0, block)).isEqualTo(block + 1);
    }
  }

  /// FUA, protocol C: the same, without a flush.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void aWriteWithFuaIsStableAtThePeer(EpochEnd epochs) throws MetadataException {
    Pair pair = new Pair.Setup().epochs(epochs).primary();
    pair.write(0, 1, 1);
    pair.done(pair.startWrite(0, 2, 2, true));
    pair.powerCut(0);
    pair.powerCut(1);
    assertThat(pair.onDisk(0, 2)).isEqualTo(2);
    assertThat(pair.onDisk(1, 2)).isEqualTo(2);
  }

  /// WRITE, protocol C: survives the loss of either node. What the peer forgot with its power is
  /// marked, since its epoch was not acknowledged.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void whatThePeerForgetsIsSentAgain(EpochEnd epochs) throws MetadataException {
    Pair pair = new Pair.Setup().epochs(epochs).primary();
    pair.withheld.lose(pair.nodes[1], effect -> effect instanceof Effect.FlushLocal);
    for (int block = 0; block < 20; block++) {
      pair.write(0, 50 * block, block + 1);
    }
    pair.powerCut(1);
    assertThat(pair.onDisk(1, 50)).isZero();
    pair.withheld.release(pair.nodes[1]);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(20);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// The same when the Primary's process is killed too: the activity log has the extents.
  @Test
  void whatThePeerForgetsIsSentAgainByAPrimaryThatCrashed() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.withheld.lose(pair.nodes[1], effect -> effect instanceof Effect.FlushLocal);
    for (int block = 0; block < 20; block++) {
      pair.write(0, 50 * block, block + 1);
    }
    pair.powerCut(1);
    pair.kill(0);
    pair.withheld.release(pair.nodes[1]);
    pair.start(0);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 50)).isEqualTo(2);
  }

  @Test
  void anEpochWithoutFlushEndsByItsAge() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    List<String> arrived = watch(pair);
    pair.write(0, 1, 1);
    pair.write(0, 2, 2);
    assertThat(arrived).containsExactly("data", "data");
    pair.run(500);
    assertThat(arrived).containsExactly("data", "data", "barrier");
    pair.powerCut(1);
    assertThat(pair.onDisk(1, 2)).isEqualTo(2);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
  }

  @Test
  void aCompletionEndsTheEpochWhereThatIsWanted() throws MetadataException {
    Pair pair = new Pair.Setup().epochs(EpochEnd.COMPLETION).primary();
    List<String> arrived = watch(pair);
    pair.write(0, 1, 1);
    pair.write(0, 2, 2);
    pair.awaitQuiet();
    assertThat(arrived).containsExactly("data", "barrier", "data", "barrier");
  }

  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void aFlushEndsTheEpoch(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    List<String> arrived = watch(pair);
    pair.write(0, 1, 1);
    pair.flush(0);
    pair.write(0, 2, 2);
    pair.await(() -> arrived.size() >= 3, "the packets");
    assertThat(arrived).startsWith("data", "barrier", "data");
  }

  /// Never out of epoch order: what is durable here comes before what is written after it, also on
  /// a peer that acks before it has written. In C it is durable there already.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void whatIsDurableHereIsNotPutBehindLaterWrites(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    List<String> arrived = watch(pair);
    pair.done(pair.startWrite(0, 1, 1, true));
    pair.write(0, 2, 2);
    pair.await(() -> arrived.size() >= (protocol.equals("C") ? 2 : 3), "the packets");
    if (protocol.equals("C")) {
      assertThat(arrived).startsWith("durable data", "data");
    } else {
      assertThat(arrived).startsWith("durable data", "barrier", "data");
    }
  }

  /// A peer may write the writes of one epoch in any order.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void overlappingWritesAreNotInOneEpochWhileTheFirstMayBeUnderWay(String protocol)
      throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    List<String> arrived = watch(pair);
    pair.write(0, 1, 1);
    pair.write(0, 3, 3);
    pair.write(0, 1, 2);
    pair.await(() -> arrived.size() >= (protocol.equals("C") ? 3 : 4), "the packets");
    if (protocol.equals("C")) {
      assertThat(arrived).startsWith("data", "data", "data");
    } else {
      assertThat(arrived).startsWith("data", "data", "barrier", "data");
    }
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 1)).isEqualTo(2);
  }

  /// Writes to more extents than the activity log has slots: nobody waits for an epoch's age.
  @Test
  void whoWaitsForTheActivityLogEndsTheEpoch() throws MetadataException {
    long bytes = 400L << 20;
    Pair pair = new Pair.Setup().backing(bytes, bytes).disk(Option.AL_EXTENTS, 67).primary();
    List<Long> writes = new ArrayList<>();
    for (int extent = 0; extent < 90; extent++) {
      writes.add(pair.startWrite(0, 1024L * extent, 1 + extent, false));
    }
    long start = pair.simulation.nowNanos();
    writes.forEach(pair::done);
    assertThat(pair.simulation.nowNanos() - start).isLessThan(150 * Simulation.MILLISECOND);
  }

  /// A clean disconnect leaves nothing to be sent again.
  @Test
  void aDisconnectEndsTheEpochFirst() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 1, 1);
    pair.ok(0, new AdminCommand.Disconnect(false));
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  /// An open epoch whose writes are all acked is nobody's request without an answer.
  @Test
  void anOpenEpochIsNotTakenForAPeerThatDoesNotAnswer() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(
        0,
        new AdminCommand.NetOptions(
            OptionValues.DEFAULTS
                .with(Option.PROTOCOL, "C")
                .with(Option.TIMEOUT, 1)
                .with(Option.KO_COUNT, 1)));
    for (int block = 0; block < 50; block++) {
      pair.write(0, block, block);
      pair.run(30);
      assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    }
  }

  private static List<String> watch(Pair pair) {
    List<String> arrived = new ArrayList<>();
    pair.nodes[1].watch(
        new NodeWatcher() {
          @Override
          public void event(SimNode node, Event event) {
            if (event instanceof Event.PacketArrived packet) {
              switch (packet.packet()) {
                case Packet.Data data ->
                    arrived.add((data.flags() & DpFlags.FUA) != 0 ? "durable data" : "data");
                case Packet.Barrier _ -> arrived.add("barrier");
                default -> {}
              }
            }
          }
        });
    return arrived;
  }
}
