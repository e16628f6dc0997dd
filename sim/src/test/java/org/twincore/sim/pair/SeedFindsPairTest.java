package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.Payload;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;
import org.twincore.sim.world.Tamper;

/// What seeds of the simulator found, each as a short scenario that stays when the draws change.
class SeedFindsPairTest {
  /// Seed 20: the timer of a wait that was over made the node ask for ticks without end.
  @Test
  void aDisconnectBetweenTwoTriesLeavesNoTimer() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.UNCONNECTED);
    pair.ok(0, new AdminCommand.Disconnect(true));
    pair.connect(0);
    pair.run(2_000);
    assertThat(pair.nodes[0].resource().orElseThrow().nextDeadlineNanos())
        .isGreaterThan(pair.simulation.nowNanos());
  }

  /// Seed 399: the peer's disk went while I/O was suspended, and the writes after that stayed in
  /// the generation that it knows (docs/durability.md, rule 3).
  @Test
  void aThawBeginsAGenerationForAPeerWithoutDisk() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.SuspendIo(0));
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.write(0, 7, 71);
    pair.attach(1);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// Seed 63: the peer never heard that its data was declared invalid, so that its disk, of the
  /// same generation, offers itself to a Primary that lost its own.
  @Test
  void aDisklessPrimaryDoesNotTakeDataThatLacksItsWrites() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 5, 51);
    pair.network.open(0, false);
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.await(() -> pair.state(0).pdsk() == DiskState.INCONSISTENT, "the invalidate");
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the cut");
    pair.write(0, 5, 52);
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.network.open(0, true);
    pair.run(20_000);
    assertThat(pair.state(0).conn().isBelow(ConnectionState.CONNECTED)).isTrue();
    pair.attach(0);
    if (pair.state(0).conn() == ConnectionState.STAND_ALONE) {
      pair.connect(0);
    }
    pair.awaitUpToDate();
    assertThat(pair.read(0, 5)).isEqualTo(52);
    pair.assertEqualDisks();
  }

  /// Seed 21: the peer with the newer data went away while a Primary attached its old disk.
  @Test
  void anOldDiskIsRefusedWhenTheNewerOneGoesAwayDuringItsAttach() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 7, 71);
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    List<AdminResult> attach = pair.begin(0, pair.attachCommand(0, 0));
    pair.await(() -> pair.state(0).disk() == DiskState.ATTACHING, "the attach");
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the cut");
    pair.withheld.release(pair.nodes[0]);
    pair.await(() -> !attach.isEmpty(), "the answer");
    assertThat(attach.getFirst().isSuccess()).isFalse();
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the release");
    pair.start(1);
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(pair.read(0, 7)).isEqualTo(71);
  }

  /// Seed 48: a write that a diskless Primary sent right behind its farewell, which nobody marked.
  @Test
  void aWriteBehindTheFarewellOfADisklessPrimaryIsNotTaken() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 1, 1);
    pair.begin(0, new AdminCommand.Disconnect(false));
    pair.awaitConn(1, ConnectionState.TEAR_DOWN);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    pair.startWrite(0, 5, 5, false);
    pair.run(3_000);
    assertThat(pair.onDisk(1, 5)).isZero();
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(1);
  }

  /// Seed 69: the peer began a generation of which this Primary never heard; what it writes to its
  /// own disk afterwards must not look like the peer's past.
  @Test
  void aPrimaryThatAttachesAloneBeginsAGeneration() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.network.open(1, false);
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the cut");
    pair.attach(0);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(pair.volume(0).uuids().orElseThrow().bitmap()).isNotZero();
  }

  /// Seeds 964 and 2445: the second volume's demotion waited for an event, and to a node that is
  /// alone none comes.
  @Test
  void aNodeAloneTakesTwoVolumesDown() throws MetadataException {
    Pair pair = new Pair.Setup().volumes(2).primary();
    pair.ok(1, new AdminCommand.Disconnect(false));
    pair.run(2_000);
    pair.ok(1, new AdminCommand.Down());
    assertThat(pair.volume(1, 0).state().disk()).isEqualTo(DiskState.DISKLESS);
    assertThat(pair.volume(1, 1).state().disk()).isEqualTo(DiskState.DISKLESS);
  }

  /// Seed 2450: the disk was given up by the end of the connection, after the disks had been looked
  /// at, and stayed Failed.
  @Test
  void aNodeBetweenTwoTriesReleasesItsDiskWhenItGoesDown() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(0);
    pair.awaitConn(1, ConnectionState.UNCONNECTED);
    pair.run(50);
    assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.UNCONNECTED);
    pair.ok(1, new AdminCommand.Down());
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.DISKLESS);
  }

  /// Seeds 1754 and 2215: the peer's consent to an invalidate (META) was overtaken by its
  /// P_SYNC_UUID (DATA), which was ignored, so that the resync never began.
  @Test
  void aSyncUuidThatOvertakesTheConsentToAnInvalidateCounts() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.network.path(0).latency(Simulation.MILLISECOND, 300 * Simulation.MILLISECOND);
    for (int round = 0; round < 8; round++) {
      pair.ok(1, new AdminCommand.Invalidate(0));
      pair.awaitUpToDate();
    }
    pair.assertEqualDisks();
  }

  /// Seed 1108: a disk was released while the flush behind a barrier was still on its way. Its
  /// answer reached nobody, the barrier was never acknowledged, and no later write was begun until
  /// the connection was given up for it.
  @Test
  void aBarrierThatMeetsADetachIsAcknowledged() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    // The barrier (DATA) comes behind the consent to the detach (META) in some of the rounds.
    pair.network.path(0).latency(20 * Simulation.MICROSECOND, Simulation.MILLISECOND);
    long begun = pair.simulation.nowNanos();
    for (int round = 0; round < 60; round++) {
      pair.write(0, 5, round);
      pair.ok(1, new AdminCommand.Detach(0, false));
      pair.attach(1);
      pair.awaitUpToDate();
    }
    pair.flush(0);
    pair.assertEqualDisks();
    assertThat(pair.simulation.nowNanos() - begun)
        .as("no write waited until the connection was given up (timeout x ko-count)")
        .isLessThan(42 * Simulation.SECOND);
  }

  /// Seed 3639: writes that came while a Primary's detach waited were safe nowhere but on its own
  /// disk, whose bitmap said nothing of them.
  @Test
  void aDetachedPrimaryMarksWhatThePeerHasNotFlushed() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 1, 41);
    pair.withheld.hold(pair.nodes[1], Withheld::isFlush);
    List<AdminResult> detach = pair.begin(0, new AdminCommand.Detach(0, false));
    pair.run(50);
    assertThat(detach).as("the peer has not flushed").isEmpty();
    long write = pair.startWrite(0, 2, 42, false);
    pair.run(50);
    pair.withheld.release(pair.nodes[1]);
    pair.withheld.lose(pair.nodes[1], Withheld::isFlush);
    pair.await(() -> !detach.isEmpty(), "the answer");
    pair.done(write);
    pair.powerCut(1);
    assertThat(pair.onDisk(1, 2)).as("lost with the power").isZero();
    pair.withheld.release(pair.nodes[1]);
    pair.kill(0);
    pair.start(1);
    pair.start(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// Seed 5412: a Primary with an old disk back read from it before it knew what had changed.
  @Test
  void aPrimaryReadsNothingOldBeforeTheBitmapsAreExchanged() throws MetadataException {
    Pair pair = withOldDiskBack();
    assertThat(pair.read(0, 7)).isEqualTo(72);
    pair.awaitUpToDate();
    assertThat(pair.read(0, 7)).isEqualTo(72);
  }

  /// The same when the peer goes away just then: nobody can say what is old.
  @Test
  void aPrimaryReadsNothingOldWhenTheBitmapsAreNeverExchanged() throws MetadataException {
    Pair pair = withOldDiskBack();
    pair.network.open(1, false);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the cut");
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(7 * 8, Pair.BLOCK)));
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
    pair.network.open(1, true);
    pair.awaitUpToDate();
    assertThat(pair.read(0, 7)).isEqualTo(72);
    pair.assertEqualDisks();
  }

  private static Pair withOldDiskBack() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 71);
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 7, 72);
    pair.begin(0, pair.attachCommand(0, 0));
    pair.awaitConn(0, ConnectionState.WF_BITMAP_T);
    return pair;
  }

  /// Seed 8526: the disk was gone when the peer agreed, and the node fell over.
  @Test
  void aDisklessNodeDeclaresNobodysDataInvalid() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    List<AdminResult> detach = pair.begin(0, new AdminCommand.Detach(0, false));
    AdminResult result = pair.admin(0, new AdminCommand.InvalidateRemote(0));
    assertThat(result.isSuccess()).isFalse();
    pair.await(() -> !detach.isEmpty(), "the answer");
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).conn()).isEqualTo(ConnectionState.CONNECTED);
    }
    assertThat(pair.admin(0, new AdminCommand.InvalidateRemote(0)).isSuccess()).isFalse();
    assertThat(pair.admin(0, new AdminCommand.Invalidate(0)).isSuccess()).isFalse();
    pair.attach(0);
    pair.awaitUpToDate();
  }

  /// Seed 10522: a write during the attach of a Primary's disk was marked by neither side.
  @Test
  void whatIsWrittenDuringAnAttachIsMarked() throws MetadataException {
    for (int delay = -15; delay < 30; delay++) {
      Pair pair = new Pair.Setup().primary();
      pair.write(0, 7, 71);
      pair.ok(0, new AdminCommand.Detach(0, false));
      long latency = 10 * Simulation.MILLISECOND;
      pair.network.path(0).latency(latency, latency);
      pair.network.path(1).latency(latency, latency);
      if (delay < 0) {
        pair.startWrite(0, 7, 72, false);
        pair.run(-delay);
        pair.begin(0, pair.attachCommand(0, 0));
      } else {
        pair.begin(0, pair.attachCommand(0, 0));
        pair.run(delay);
        pair.startWrite(0, 7, 72, false);
      }
      pair.run(12);
      pair.kill(0);
      pair.kill(1);
      pair.start(1);
      pair.start(0);
      pair.awaitUpToDate();
      pair.assertEqualDisks();
    }
  }

  /// Second cluster 70: a disk whose data parted from the peer's was attached beside it. The peer
  /// refused it, told nobody, and the attach waited for ever.
  @Test
  void anAttachThatThePeerRefusesEnds() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(0, 5, 50);
    pair.write(1, 5, 51);
    pair.ok(1, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.network.open(0, true);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    pair.attach(1);
    pair.run(100);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    assertThat(pair.onDisk(1, 5)).isEqualTo(51);
    assertThat(pair.read(0, 5)).isEqualTo(50);
  }

  /// Second cluster 302: a `fence-peer` program of the other node outdated a disk in the middle of
  /// its attach, which then was neither attached nor detached.
  @Test
  void anOutdateWaitsForTheEndOfAnAttach() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 5, 50);
    pair.kill(1);
    pair.startProcess(1);
    AdminCommand attach = pair.attachCommand(1, 0);
    pair.withheld.hold(pair.nodes[1], Withheld::isMetadata);
    List<AdminResult> attached = pair.begin(1, attach);
    List<AdminResult> outdated = pair.begin(1, new AdminCommand.Outdate(0));
    pair.run(50);
    assertThat(attached).isEmpty();
    assertThat(outdated).isEmpty();
    pair.withheld.release(pair.nodes[1]);
    pair.await(() -> !attached.isEmpty() && !outdated.isEmpty(), "both answers");
    assertThat(attached.getFirst().isSuccess()).isTrue();
    assertThat(outdated.getFirst().isSuccess()).isTrue();
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.OUTDATED);
    pair.connect(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// Second clusters 162, 244 and 397: two Primaries of which one speaks less than protocol 100
  /// wrote blocks that overlap in part. The write that ended the connection by its own arrival
  /// stood behind a barrier, and the node never looked for its peer again.
  @Test
  void aWriteThatEndsTheConnectionLeavesNothingBehind() throws MetadataException {
    Pair pair = new Pair.Setup().speaking(101, 99).epochs(EpochEnd.COMPLETION).bothPrimary();
    for (int id = 0; id < 2; id++) {
      pair.withheld.hold(pair.nodes[id], Withheld::isFlush);
    }
    pair.write(0, 1, 10);
    pair.write(1, 2, 20);
    pair.run(50);
    byte[] bytes = new byte[Pair.BLOCK];
    for (int id = 0; id < 2; id++) {
      long sector = 800L + 4 * id;
      pair.start(id, it -> new Event.AppWrite(0, it, sector, Payload.of(bytes), false));
    }
    pair.await(
        () -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the end of the connection");
    for (int id = 0; id < 2; id++) {
      pair.withheld.release(pair.nodes[id]);
    }
    for (int id = 0; id < 2; id++) {
      int node = id;
      pair.await(
          () ->
              pair.state(node).conn().isAtLeast(ConnectionState.WF_CONNECTION)
                  || pair.state(node).conn() == ConnectionState.STAND_ALONE,
          node + " to look for its peer, or to be refused by it");
    }
  }

  /// Second cluster 357: a discard that was frozen while there was no peer, and thawed for one that
  /// is too old for discards, by a node that had lost its disk. It was never answered.
  @Test
  void aDiscardThatNobodyCanTakeIsAnswered() throws MetadataException {
    Pair pair =
        new Pair.Setup()
            .speaking(98, 101)
            .disk(Option.ON_IO_ERROR, "call-local-io-error")
            .primary();
    new ScriptedPrograms(pair.nodes[0], new ArrayList<>())
        .set("local-io-error", 0, 30 * Simulation.SECOND);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.startWrite(0, 1, 1, false);
    pair.await(() -> pair.state(0).disk() == DiskState.FAILED, "the failure");
    pair.network.open(0, false);
    pair.await(
        () -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the end of the connection");
    long discard =
        pair.start(
            0,
            it -> new Event.AppDiscard(0, it, new Extent(80, 6656), Event.Discard.ZERO_OUT, false));
    pair.network.open(0, true);
    pair.awaitConn(0, ConnectionState.CONNECTED);
    assertThat(pair.answer(discard)).isNull();
    pair.awaitAnswer(discard);
  }

  /// Scene 494: each node was to be Primary for one of two volumes, at the same time. Both agreed
  /// to what the other asked for, and one refused itself then: the other one took it for Primary
  /// for ever, and could not be promoted for that volume itself.
  @Test
  void whoRefusesAPromotionThatThePeerAgreedToSaysSo() throws MetadataException {
    Pair pair = new Pair.Setup().volumes(2).primary();
    for (int volume = 0; volume < 2; volume++) {
      pair.ok(0, new AdminCommand.Secondary(volume));
    }
    pair.run(1_000);
    // The node that resolves conflicts would refuse a question that crosses its own.
    LateQuestion late = new LateQuestion();
    pair.nodes[1].tamper(late);
    List<AdminResult> first = pair.begin(0, new AdminCommand.Primary(0, false));
    pair.await(() -> late.question.isPresent(), "the question");
    pair.ok(1, new AdminCommand.Primary(1, false));
    pair.nodes[1].tamper(Tamper.NONE);
    pair.nodes[1].deliver(late.question.orElseThrow());
    pair.await(() -> !first.isEmpty(), "the answer");
    pair.run(1_000);
    assertThat(first.getFirst().isSuccess()).isFalse();
    assertThat(pair.volume(1, 0).state().peer()).isEqualTo(Role.SECONDARY);
    pair.ok(1, new AdminCommand.Primary(0, false));
  }

  /// Seed 2600: beside an old peer a source ends an empty resync by itself after a while. Its disk
  /// was so slow that it had not even told the target of the resync, which waited for that ever
  /// after.
  @Test
  void anEmptyResyncEndsAfterItWasAnnounced() throws MetadataException {
    Pair pair = new Pair.Setup().speaking(101, 91).primary();
    pair.write(0, 7, 70);
    pair.flush(0);
    pair.awaitQuiet();
    pair.kill(1);
    pair.run(2_000);
    pair.start(1);
    NodeWatcher slow =
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.StateChanged changed
                && changed.after().conn() == ConnectionState.WF_BITMAP_S) {
              pair.withheld.hold(node, Withheld::isMetadata);
            }
          }
        };
    pair.nodes[0].watch(slow);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    pair.run(60_000);
    pair.withheld.release(pair.nodes[0]);
    pair.awaitUpToDate();
  }

  /// The first question of the peer about a change of state stays on its way.
  private static final class LateQuestion implements Tamper {
    private Optional<Event> question = Optional.empty();

    @Override
    public List<Event> event(SimNode node, Event event) {
      boolean isLate =
          question.isEmpty()
              && event instanceof Event.PacketArrived arrived
              && arrived.packet() instanceof Packet.StateChange;
      if (isLate) {
        question = Optional.of(event);
      }
      return isLate ? List.of() : List.of(event);
    }
  }
}
