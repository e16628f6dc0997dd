package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;
import org.twincore.testkit.Prng;

/// Two Primaries that write at once (docs/durability.md, "Two Primaries").
@Tag("slow")
class DualPairTest {
  /// Counts what both nodes send.
  private static Map<PacketType, Integer> count(Pair pair) {
    Map<PacketType, Integer> sent = new EnumMap<>(PacketType.class);
    NodeWatcher watcher =
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.Send send) {
              sent.merge(send.packet().type(), 1, Integer::sum);
            }
          }
        };
    pair.nodes[0].watch(watcher);
    pair.nodes[1].watch(watcher);
    return sent;
  }

  /// One order of all requests, equal disks, and the connection stays.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void whatBothWriteAndReadIsLinearizable(EpochEnd epochs) throws MetadataException {
    int superseded = 0;
    for (long seed = 1; seed <= 6; seed++) {
      Pair pair = new Pair.Setup().epochs(epochs).bothPrimary();
      Map<PacketType, Integer> sent = count(pair);
      Prng random = new Prng(seed);
      DualLoad.Shared shared = new DualLoad.Shared();
      DualLoad one = new DualLoad(pair, 0, shared, new Prng(random.nextLong()), 400, 4);
      DualLoad other = new DualLoad(pair, 1, shared, new Prng(random.nextLong()), 400, 4);
      pair.await(() -> one.isDone() && other.isDone(), "all answers, seed " + seed);
      assertThat(shared.history().nonlinearity()).as("seed " + seed).isEmpty();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(sent.get(PacketType.PROTOCOL)).as("no reconnect, seed " + seed).isNull();
      assertThat(pair.volume(0).outOfSyncBlocks() + pair.volume(1).outOfSyncBlocks()).isZero();
      superseded += sent.getOrDefault(PacketType.SUPERSEDED, 0);
    }
    assertThat(superseded).as("conflicts").isGreaterThan(20);
  }

  /// The test that closes the chapter's section 6.5. Promise kept: a write answered OK survives the
  /// loss of either disk; what the lost one had not flushed is at the other, and marked there.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void bothGoOnWithoutTheDiskOfOneAndWithItsNewOne(EpochEnd epochs) throws MetadataException {
    for (long seed = 1; seed <= 10; seed++) {
      Pair pair = new Pair.Setup().epochs(epochs).bothPrimary();
      Map<PacketType, Integer> sent = count(pair);
      Prng random = new Prng(seed);
      DualLoad.Shared shared = new DualLoad.Shared();
      DualLoad one = new DualLoad(pair, 0, shared, new Prng(random.nextLong()), 600, 4);
      DualLoad other = new DualLoad(pair, 1, shared, new Prng(random.nextLong()), 600, 4);
      int loser = (int) seed % 2;
      pair.run(20 + seed);
      pair.nodes[loser].drive(0).health().failing(SimDrive.Failing.WRITES);
      pair.awaitState(loser, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
      pair.run(20);
      pair.nodes[loser].drive(0).health().failing(SimDrive.Failing.NOTHING);
      pair.attach(loser);
      pair.await(() -> one.isDone() && other.isDone(), "all answers, seed " + seed);
      pair.awaitUpToDate();
      assertThat(shared.failed()).as("errors, seed " + seed).isZero();
      assertThat(shared.history().nonlinearity()).as("seed " + seed).isEmpty();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(sent.get(PacketType.PROTOCOL)).as("no reconnect, seed " + seed).isNull();
    }
  }

  /// The planted fault of the checkers: reads that are not held behind writes. A kernel node reads
  /// so: each block is a regular register then, and no linearizable one.
  @Test
  void readsPastTheGatesAreSeenAsRegularOnly() throws MetadataException {
    boolean seen = false;
    for (long seed = 1; seed <= 10 && !seen; seed++) {
      Pair pair = new Pair.Setup().bothPrimary();
      DualLoad.Shared shared = new DualLoad.Shared();
      DualLoad one = new DualLoad(pair, 0, shared, new Prng(seed), 400, 4);
      DualLoad other = new DualLoad(pair, 1, shared, new Prng(50 + seed), 400, 4);
      one.readPastTheGates();
      other.readPastTheGates();
      pair.await(() -> one.isDone() && other.isDone(), "all answers");
      assertThat(shared.history().irregularity()).isEmpty();
      seen = shared.history().nonlinearity().isPresent();
    }
    assertThat(seen).isTrue();
  }

  /// The planted fault of the register checker: a peer that acks what it does not write.
  @Test
  void aWriteLostAtThePeerIsNoRegister() throws MetadataException {
    Pair pair = new Pair.Setup().bothPrimary();
    DualLoad.Shared shared = new DualLoad.Shared();
    DualLoad one = new DualLoad(pair, 0, shared, new Prng(1), 400, 4);
    DualLoad other = new DualLoad(pair, 1, shared, new Prng(2), 400, 4);
    pair.nodes[1].tamper(new LostWrites());
    pair.await(() -> one.isDone() && other.isDone(), "all answers");
    assertThat(shared.history().irregularity()).isPresent();
  }

  /// Every tenth write says that it is done and is not.
  private static final class LostWrites implements Tamper {
    private int writes;

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (effect instanceof Effect.WriteLocal write && ++writes % 10 == 0) {
        node.simulation().after(0, () -> node.deliver(new Event.LocalDone(0, write.token())));
        return List.of();
      }
      return List.of(effect);
    }
  }

  /// Writes that overlap in part are sent again; what both disks have is one of the two orders.
  @Test
  void writesThatOverlapInPartAreSentAgain() throws MetadataException {
    int again = 0;
    for (int round = 0; round < 5; round++) {
      Pair pair = warm(round);
      Map<PacketType, Integer> sent = count(pair);
      long one = blocks(pair, 0, 4, 1);
      long other = blocks(pair, 1, 6, 2);
      pair.run(round);
      long third = blocks(pair, 0, 7, 3);
      long fourth = blocks(pair, 1, 3, 4);
      pair.done(one);
      pair.done(other);
      pair.done(third);
      pair.done(fourth);
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(sent.get(PacketType.PROTOCOL)).as("no reconnect").isNull();
      again += sent.getOrDefault(PacketType.RETRY_WRITE, 0);
    }
    assertThat(again).isPositive();
  }

  /// Both activity logs hold the extent that is written to; each round draws other latencies.
  private static Pair warm(int round) throws MetadataException {
    Pair pair = new Pair.Setup().bothPrimary();
    for (int write = 0; write <= round; write++) {
      pair.write(0, 100, 1);
      pair.write(1, 101, 1);
    }
    return pair;
  }

  private static long blocks(Pair pair, int node, long first, int value) {
    byte[] bytes = new byte[4 * Pair.BLOCK];
    Arrays.fill(bytes, (byte) value);
    return pair.start(node, it -> new Event.AppWrite(0, it, first * 8, Payload.of(bytes), false));
  }

  /// Any mixture of sizes, trims and flushes from both sides leaves both disks equal.
  @Test
  void mixedLoadsOfBothLeaveEqualDisks() throws MetadataException {
    for (long seed = 1; seed <= 2; seed++) {
      Pair pair = new Pair.Setup().bothPrimary();
      Map<PacketType, Integer> sent = count(pair);
      Load one = new Load(pair, 0, 0, seed, 8);
      Load other = new Load(pair, 1, 0, 100 + seed, 8);
      pair.run(3000);
      one.stop();
      other.stop();
      assertThat(one.failed() + other.failed()).isZero();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      assertThat(sent.get(PacketType.PROTOCOL)).as("no reconnect, seed " + seed).isNull();
    }
  }

  /// C: an answered write survives the loss of either node, also one that was superseded.
  @Test
  void theSurvivorOfACrashGoesOnWithOneOrder() throws MetadataException {
    for (long seed = 1; seed <= 10; seed++) {
      Pair pair = new Pair.Setup().bothPrimary();
      Prng random = new Prng(seed);
      DualLoad.Shared shared = new DualLoad.Shared();
      int victim = random.nextInt(2);
      DualLoad survivor =
          new DualLoad(pair, 1 - victim, shared, new Prng(random.nextLong()), 400, 4);
      DualLoad lost = new DualLoad(pair, victim, shared, new Prng(random.nextLong()), 400, 4);
      pair.run(random.nextInt(1, 40));
      if (random.nextInt(2) == 0) {
        pair.kill(victim);
      } else {
        pair.powerCut(victim);
      }
      assertThat(lost.isDone()).isFalse();
      pair.await(survivor::isDone, "the survivor's answers, seed " + seed);
      pair.start(victim);
      pair.awaitUpToDate();
      pair.awaitQuiet();
      pair.assertEqualDisks();
      DualLoad back = new DualLoad(pair, 1 - victim, shared, new Prng(seed), 50, 2);
      pair.await(back::isDone, "reads after that");
      assertThat(shared.history().nonlinearity()).as("seed " + seed).isEmpty();
    }
  }

  /// FLUSH, C: survives power loss of both nodes; a superseded write, or what superseded it.
  @Test
  void whatWasFlushedSurvivesThePowerLossOfBoth() throws MetadataException {
    for (int round = 0; round < 8; round++) {
      Pair pair = warm(round);
      long one = pair.startWrite(0, 5, 11, false);
      long other = pair.startWrite(1, 5, 22, false);
      int flushing = round % 2;
      long flush = flushWhenDone(pair, flushing == 0 ? one : other, flushing);
      pair.done(flush);
      pair.powerCut(0);
      pair.powerCut(1);
      assertThat(pair.onDisk(0, 5)).as("first node, round " + round).isIn(11, 22);
      assertThat(pair.onDisk(1, 5)).as("second node, round " + round).isIn(11, 22);
    }
  }

  private static long flushWhenDone(Pair pair, long write, int node) {
    pair.done(write);
    return pair.startFlush(node, 0);
  }

  /// The window of a live migration: the target opens and reads, writes too, before the source's
  /// last flush.
  @Test
  void bothSidesOfAMigrationAreOpenForAMoment() throws MetadataException {
    Pair pair = new Pair.Setup().twoPrimaries().primary();
    pair.write(0, 1, 1);
    pair.ok(1, new AdminCommand.Primary(0, false));
    assertThat(pair.read(1, 1)).isEqualTo(1);
    pair.write(1, 2, 2);
    pair.write(0, 3, 3);
    pair.flush(0);
    pair.ok(0, new AdminCommand.Secondary(0));
    assertThat(pair.read(1, 3)).isEqualTo(3);
    assertThat(pair.state(1).role()).isEqualTo(Role.PRIMARY);
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  @Test
  void withoutTheOptionASecondPrimaryIsRefused() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    AdminResult result = pair.admin(1, new AdminCommand.Primary(0, false));
    assertThat(result).isEqualTo(new AdminResult.State(StateResult.TWO_PRIMARIES, ""));
  }

  @Test
  void needsProtocolC() throws MetadataException {
    Pair pair = new Pair.Setup().up();
    pair.ok(0, new AdminCommand.Disconnect(true));
    AdminResult result =
        pair.admin(
            0,
            new AdminCommand.Connect(
                new Pair.Setup().twoPrimaries().protocol("B").net, false, false));
    assertThat(result).isEqualTo(new AdminResult.Config(139, "Protocol C required"));
  }

  @Test
  void theOptionStaysWhileBothArePrimary() throws MetadataException {
    Pair.Setup setup = new Pair.Setup();
    Pair pair = setup.bothPrimary();
    AdminCommand clear =
        new AdminCommand.NetOptions(setup.net.with(Option.ALLOW_TWO_PRIMARIES, false));
    assertThat(pair.admin(0, clear)).isInstanceOf(AdminResult.Config.class);
    pair.ok(1, new AdminCommand.Secondary(0));
    pair.ok(0, clear);
    pair.run(100);
    assertThat(pair.admin(1, new AdminCommand.Primary(0, false)).isSuccess()).isFalse();
  }

  /// Both went on alone: each began a generation, and they must not be merged.
  @Test
  void aCutBetweenTwoPrimariesIsASplitBrain() throws MetadataException {
    Pair pair = new Pair.Setup().bothPrimary();
    pair.network.open(0, false);
    pair.network.open(1, false);
    pair.write(0, 1, 1);
    pair.write(1, 1, 2);
    pair.network.open(0, true);
    pair.network.open(1, true);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    assertThat(pair.onDisk(0, 1)).isEqualTo(1);
    assertThat(pair.onDisk(1, 1)).isEqualTo(2);
  }

  /// A second cluster of the seeds found it (79 of its first draws): a read of a diskless peer
  /// waited for a flush, a write of the peer came behind it, and then each of the two waited for
  /// the other, also when the connection was lost.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRemoteReadDoesNotWaitForAWriteBehindIt(boolean readsFirst) throws MetadataException {
    Pair pair = new Pair.Setup().bothPrimary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.await(() -> pair.state(0).pdsk() == DiskState.DISKLESS, "a diskless peer");
    pair.write(1, 9, 1);
    pair.write(1, 3, 4);
    pair.withheld.hold(pair.nodes[0], Withheld::isFlush);
    long flush = pair.startFlush(1, 0);
    pair.run(10);
    long write = readsFirst ? 0 : pair.startWrite(1, 3, 5, false);
    long read = pair.start(1, it -> new Event.AppRead(0, it, new Extent(3 * 8, Pair.BLOCK)));
    write = readsFirst ? pair.startWrite(1, 3, 5, false) : write;
    pair.run(10);
    pair.withheld.release(pair.nodes[0]);
    pair.done(flush);
    pair.awaitAnswer(read);
    pair.done(write);
    assertThat(pair.read(0, 3)).isEqualTo(5);
  }
}
