package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Tamper;
import org.twincore.testkit.Prng;

/// Two Primaries with `fencing resource-and-stonith` that lose sight of each other, and find each
/// other again before anybody was fenced.
///
/// Promise: what was answered stays, on both; nothing frozen is lost; no split brain comes of it.
@Tag("slow")
class TwoFrozenPairTest {
  private final List<String> called = new ArrayList<>();

  private Pair bothPrimary(EpochEnd epochs) throws MetadataException {
    return withPrograms(setup().epochs(epochs).bothPrimary());
  }

  private static Pair.Setup setup() {
    return new Pair.Setup().disk(Option.FENCING, "resource-and-stonith");
  }

  /// The program cannot tell what became of the peer.
  private Pair withPrograms(Pair pair) {
    for (int id = 0; id < 2; id++) {
      new ScriptedPrograms(pair.nodes[id], called).set("fence-peer", 1, 0);
    }
    return pair;
  }

  private static void cut(Pair pair) {
    pair.network.open(0, false);
    pair.network.open(1, false);
    pair.await(() -> pair.state(0).suspFen() && pair.state(1).suspFen(), "both frozen");
  }

  private static void join(Pair pair) {
    pair.network.open(0, true);
    pair.network.open(1, true);
  }

  private static long generation(Pair pair, int id) {
    return pair.volume(id).uuids().orElseThrow().currentIdentity();
  }

  private static void assertAsBefore(Pair pair, long generation) {
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).role()).isEqualTo(Role.PRIMARY);
      assertThat(pair.state(id).isSuspended()).isFalse();
      assertThat(generation(pair, id)).isEqualTo(generation);
      assertThat(pair.volume(id).outOfSyncBlocks()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void bothGoOnAsTheyParted(EpochEnd epochs) throws MetadataException {
    Pair pair = bothPrimary(epochs);
    pair.write(0, 1, 10);
    long generation = generation(pair, 0);
    pair.network.open(0, false);
    pair.network.open(1, false);
    List<Long> frozen = new ArrayList<>();
    frozen.add(pair.startWrite(0, 1, 11, false));
    frozen.add(pair.startWrite(1, 1, 12, false));
    frozen.add(pair.startWrite(1, 2, 22, true));
    pair.await(() -> pair.state(0).suspFen() && pair.state(1).suspFen(), "both frozen");
    frozen.add(pair.startWrite(0, 3, 33, false));
    pair.run(3_000);
    frozen.forEach(each -> assertThat(pair.answer(each)).isNull());
    join(pair);
    frozen.forEach(pair::done);
    assertAsBefore(pair, generation);
    assertThat(pair.onDisk(1, 1)).isIn(11, 12);
    assertThat(pair.onDisk(0, 2)).isEqualTo(22);
    assertThat(pair.onDisk(1, 3)).isEqualTo(33);
  }

  /// At any moment of a busy time, several times.
  @ParameterizedTest
  @EnumSource(EpochEnd.class)
  void atAnyMoment(EpochEnd epochs) throws MetadataException {
    for (long seed = 1; seed <= 20; seed++) {
      Pair pair = bothPrimary(epochs);
      long generation = generation(pair, 0);
      DualLoad.Shared shared = partAndMeetUnderLoad(pair, seed);
      assertThat(shared.failed()).as("errors, seed " + seed).isZero();
      assertThat(shared.history().irregularity()).as("seed " + seed).isEmpty();
      assertAsBefore(pair, generation);
    }
  }

  private static DualLoad.Shared partAndMeetUnderLoad(Pair pair, long seed) {
    Prng random = new Prng(seed);
    DualLoad.Shared shared = new DualLoad.Shared();
    DualLoad one = new DualLoad(pair, 0, shared, new Prng(random.nextLong()), 500, 4);
    DualLoad other = new DualLoad(pair, 1, shared, new Prng(random.nextLong()), 500, 4);
    for (int round = 0; round < 3; round++) {
      pair.run(5 + random.nextLong(0, 20));
      cut(pair);
      pair.run(random.nextLong(0, 2_000));
      join(pair);
      pair.await(
          () -> pair.state(0).conn() == ConnectionState.CONNECTED && !pair.state(0).suspFen(),
          "the thaw, seed " + seed);
    }
    pair.await(() -> one.isDone() && other.isDone(), "all answers, seed " + seed);
    pair.awaitQuiet();
    return shared;
  }

  /// The planted fault: what is sent again is acked and not written.
  @Test
  void whatIsNotTakenAgainIsSeen() throws MetadataException {
    boolean isSeen = false;
    for (long seed = 1; seed <= 20 && !isSeen; seed++) {
      Pair pair = bothPrimary(EpochEnd.FLUSH);
      pair.nodes[1].tamper(new Forgetful());
      DualLoad.Shared shared = partAndMeetUnderLoad(pair, seed);
      isSeen = shared.history().irregularity().isPresent() || !pair.hasEqualDisks();
    }
    assertThat(isSeen).isTrue();
  }

  /// Forgets the data of the first packets of each connection.
  private static final class Forgetful implements Tamper {
    private final List<Long> unwanted = new ArrayList<>();
    private long connectedNanos = -Simulation.SECOND;

    @Override
    public List<Event> event(SimNode node, Event event) {
      if (event instanceof Event.PacketArrived arrived
          && arrived.packet().type() == PacketType.DATA
          && arrived.payload() != null
          && node.simulation().nowNanos() < connectedNanos + Simulation.MILLISECOND) {
        unwanted.add(begin(arrived.payload()));
      }
      return List.of(event);
    }

    private static Long begin(Payload payload) {
      return ByteBuffer.wrap(payload.toByteArray()).getLong();
    }

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (effect instanceof Effect.StateChanged changed
          && changed.before().isSuspended()
          && changed.after().conn() == ConnectionState.CONNECTED) {
        connectedNanos = node.simulation().nowNanos();
      }
      if (effect instanceof Effect.WriteLocal write && unwanted.remove(begin(write.payload()))) {
        node.simulation().after(0, () -> node.deliver(new Event.LocalDone(0, write.token())));
        return List.of();
      }
      return List.of(effect);
    }
  }

  /// All writes were answered, and no barrier came: nothing is sent again, and yet the flush has to
  /// wait for the peer's disk. Which disk is the source afterwards is not the writer's choice.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aFrozenFlushSurvivesPowerLossOfBoth(int writer) throws MetadataException {
    Pair pair = bothPrimary(EpochEnd.FLUSH);
    pair.awaitQuiet();
    Flushes flushes = new Flushes();
    pair.nodes[1 - writer].tamper(flushes);
    flushes.are = Flushes.Kind.NOT_DONE;
    pair.write(writer, 7, 70);
    pair.network.open(0, false);
    pair.network.open(1, false);
    long flush = pair.startFlush(writer, 0);
    cut(pair);
    assertThat(pair.answer(flush)).isNull();
    join(pair);
    pair.await(() -> pair.state(writer).conn() == ConnectionState.CONNECTED, "the meeting");
    flushes.are = Flushes.Kind.DONE;
    pair.done(flush);
    pair.powerCut(0);
    pair.powerCut(1);
    pair.start(1);
    pair.start(0);
    pair.awaitUpToDate();
    assertThat(pair.onDisk(0, 7)).isEqualTo(70);
    assertThat(pair.onDisk(1, 7)).isEqualTo(70);
  }

  /// What it had answered was neither flushed nor is it sent again, and its disk goes.
  @Test
  void theDiskOfOneFailsRightAfter() throws MetadataException {
    Pair pair = bothPrimary(EpochEnd.FLUSH);
    pair.awaitQuiet();
    Flushes flushes = new Flushes();
    pair.nodes[1].tamper(flushes);
    flushes.are = Flushes.Kind.NOT_DONE;
    pair.write(0, 7, 70);
    cut(pair);
    join(pair);
    pair.await(() -> pair.state(0).conn() == ConnectionState.CONNECTED, "the meeting");
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.UP_TO_DATE);
    flushes.are = Flushes.Kind.FAILING;
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.nodes[1].drive(0).powerCut(new Prng(1), SimStore.Keep.NOTHING);
    assertThat(pair.onDisk(1, 7)).as("lost with the disk").isZero();
    flushes.are = Flushes.Kind.DONE;
    pair.attach(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(70);
  }

  /// What becomes of the flushes of a disk.
  private static final class Flushes implements Tamper {
    private enum Kind {
      DONE,
      /// The disk says that it has flushed, and has not.
      NOT_DONE,
      FAILING
    }

    private Kind are = Kind.DONE;

    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (are == Kind.DONE || !(effect instanceof Effect.FlushLocal flush)) {
        return List.of(effect);
      }
      Event answer =
          are == Kind.NOT_DONE
              ? new Event.LocalDone(flush.volume(), flush.token())
              : new Event.LocalFailed(flush.volume(), flush.token(), "planted");
      node.simulation().after(0, () -> node.deliver(answer));
      return List.of();
    }
  }

  /// The peer is not the one that it was: it gets all that it may lack as a new generation.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPeerThatWasRestartedFollows(boolean losesPower) throws MetadataException {
    Pair pair = bothPrimary(EpochEnd.FLUSH);
    pair.awaitQuiet();
    pair.write(0, 6, 60);
    pair.network.open(0, false);
    pair.network.open(1, false);
    long mine = pair.startWrite(0, 7, 70, false);
    pair.startWrite(1, 8, 80, false);
    pair.await(() -> pair.state(0).suspFen() && pair.state(1).suspFen(), "both frozen");
    if (losesPower) {
      pair.powerCut(1);
    } else {
      pair.kill(1);
    }
    join(pair);
    pair.start(1);
    pair.done(mine);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 6)).isEqualTo(60);
    assertThat(pair.onDisk(1, 7)).isEqualTo(70);
  }

  /// An admin let one go on alone: the other must not take what it froze for good.
  @Test
  void whoWasThawedByHandIsNotFollowedInSilence() throws MetadataException {
    Pair pair = bothPrimary(EpochEnd.FLUSH);
    pair.network.open(0, false);
    pair.network.open(1, false);
    long frozen = pair.startWrite(0, 7, 70, false);
    pair.await(() -> pair.state(0).suspFen() && pair.state(1).suspFen(), "both frozen");
    pair.ok(1, new AdminCommand.ResumeIo(0));
    pair.write(1, 7, 71);
    join(pair);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    assertThat(pair.answer(frozen)).isNull();
    assertThat(pair.state(0).suspFen()).isTrue();
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.done(frozen);
    assertThat(pair.volume(0).outOfSyncBlocks()).isPositive();
  }

  /// A peer that does not know how to meet a crashed one in the same generation gets a new one.
  @Test
  void beforeRule41TheyPartAsAfterASplitBrain() throws MetadataException {
    Pair pair = withPrograms(setup().speaking(101, 99).bothPrimary());
    pair.network.open(0, false);
    pair.network.open(1, false);
    long one = pair.startWrite(0, 7, 70, false);
    pair.startWrite(1, 8, 80, false);
    pair.await(() -> pair.state(0).suspFen() && pair.state(1).suspFen(), "both frozen");
    join(pair);
    pair.awaitConn(1, ConnectionState.STAND_ALONE);
    assertThat(pair.answer(one)).isNull();
    assertThat(generation(pair, 0)).isNotEqualTo(generation(pair, 1));
  }

  /// The empty flush is sent only where something has no other epoch to be in.
  @Test
  void aQuietPairSendsNothingAgain() throws MetadataException {
    Pair pair = bothPrimary(EpochEnd.FLUSH);
    pair.write(0, 1, 1);
    pair.flush(0);
    pair.awaitQuiet();
    long generation = generation(pair, 0);
    List<Packet> data = new ArrayList<>();
    NodeWatcher watcher =
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.Send send && send.packet().type() == PacketType.DATA) {
              data.add(send.packet());
            }
          }
        };
    pair.nodes[0].watch(watcher);
    pair.nodes[1].watch(watcher);
    cut(pair);
    join(pair);
    assertAsBefore(pair, generation);
    assertThat(data).isEmpty();
  }
}
