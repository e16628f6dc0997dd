package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// A Primary without a disk goes on with the peer's: which generation that is, and who hears of it
/// when.
class DisklessPrimaryPairTest {
  private static final int BLOCK_BYTES = 4096;

  /// The peer was the source of a resync, so that its bitmap counts for a generation already: it
  /// begins no other one, and nothing may wait for its word. (Found beside the scripted kernel.)
  @Test
  void whatAnAbortedTargetWritesAsPrimaryIsAnswered() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(100).primary();
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.ok(1, new AdminCommand.Detach(0, true));
    pair.await(() -> pair.state(1).disk() == DiskState.DISKLESS, "the loss of the disk");
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.done(pair.startWrite(1, 7, 71, false));
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// Else the own disk, which was a crashed Primary's, would become the source: what only the peer
  /// had acknowledged would be overwritten. (Found beside the scripted kernel.)
  @Test
  void theDiskThatComesBackIsOlderThanThePeers() throws MetadataException {
    Pair pair = connectedWithoutDisk();
    long before = generation(pair);
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(generation(pair)).isNotEqualTo(before);
    pair.assertEqualDisks();
  }

  /// What the peer said before it heard of the attach is no answer to it: its generation begins
  /// with that. Both would call themselves the source. (Scene of seed 773.)
  @Test
  void aStateThatCrossesTheAttachComparesNothing() throws MetadataException {
    Pair pair = connectedWithoutDisk();
    pair.nodes[0].tamper(new StateCrossesAttach());
    pair.attach(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(0, 7)).isEqualTo(71);
  }

  /// Before its answer the peer says once more what it said when the two connected.
  private static final class StateCrossesAttach implements Tamper {
    private static final StateWord BEFORE =
        StateWord.INITIAL
            .withConn(ConnectionState.CONNECTED)
            .withPeer(Role.PRIMARY)
            .withDisk(DiskState.UP_TO_DATE)
            .withPdsk(DiskState.DISKLESS);

    private boolean hasCrossed;

    @Override
    public List<Event> event(SimNode node, Event event) {
      boolean isAnswer =
          event instanceof Event.PacketArrived arrived && arrived.packet() instanceof Packet.Uuids;
      if (!isAnswer || hasCrossed) {
        return List.of(event);
      }
      hasCrossed = true;
      Event.PacketArrived answer = (Event.PacketArrived) event;
      return List.of(
          new Event.PacketArrived(
              answer.socket(), answer.framing(), 0, new Packet.State(BEFORE.toInt()), null),
          event);
    }
  }

  /// Else the own disk could be attached alone, and older data be read than before.
  @Test
  void whatIsReadThereBelongsToANewGeneration() throws MetadataException {
    Pair pair = connectedWithoutDisk();
    long before = generation(pair);
    pair.awaitAnswer(
        pair.start(0, cookie -> new Event.AppRead(0, cookie, new Extent(0, BLOCK_BYTES))));
    assertThat(generation(pair)).isNotEqualTo(before);
  }

  /// A node that has agreed to part does not hear any more that the Primary has lost its disk: what
  /// that sends behind its farewell would be on no other disk, and marked nowhere. (Found beside
  /// the scripted kernel; ours sends nothing then.)
  @Test
  void whatComesBehindAFarewellIsNotWritten() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.nodes[1].tamper(new WriteBehindFarewell());
    pair.write(0, 7, 71);
    pair.write(0, 7, 72);
    pair.awaitQuiet();
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.connect(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(72);
  }

  /// The first write comes once more behind the farewell.
  private static final class WriteBehindFarewell implements Tamper {
    private final List<Event> write = new ArrayList<>();

    @Override
    public List<Event> event(SimNode node, Event event) {
      if (!(event instanceof Event.PacketArrived arrived)) {
        return List.of(event);
      }
      if (arrived.packet() instanceof Packet.StateChange && !write.isEmpty()) {
        return List.of(event, write.getFirst());
      }
      if (arrived.packet() instanceof Packet.Data) {
        write.add(event);
      }
      return List.of(event);
    }
  }

  /// A Primary whose disk failed while the link was down, connected again.
  private static Pair connectedWithoutDisk() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 71);
    pair.network.open(0, false);
    pair.network.open(1, false);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.awaitAnswer(pair.startWrite(0, 6, 6, false));
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.network.open(0, true);
    pair.network.open(1, true);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    return pair;
  }

  private static long generation(Pair pair) {
    return pair.volume(1).uuids().orElseThrow().currentIdentity();
  }

  /// It leaves again because the data is not what its users have seen; that is no split brain.
  @Test
  void aDisklessPrimaryThatLeavesAgainChangesNothing() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 5, 5);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.awaitAnswer(pair.startWrite(0, 6, 6, false));
    pair.start(1);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.connect(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 5)).isEqualTo(5);
  }

  /// The peer's new generation does not get to its disk: a write that only the peer has must not be
  /// answered, for the own disk would be taken for as good after a crash.
  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on"})
  void aWriteThatTheOwnDiskFailedWaitsForTheNextGeneration(String policy) throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.ON_IO_ERROR, policy).primary();
    pair.write(0, 7, 70);
    pair.awaitQuiet();
    pair.write(0, 9, 90);
    pair.withheld.lose(pair.nodes[1], Withheld::isMetadata);
    pair.withheld.lose(pair.nodes[0], Withheld::isMetadata);
    pair.withheld.fail(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.state(0).disk() != DiskState.UP_TO_DATE, "the failure");
    long flush = pair.startFlush(0, 0);
    pair.run(500);
    crashBoth(pair);
    if (pair.answer(write) instanceof Effect.AppDone) {
      assertThat(pair.onDisk(0, 7)).as("what was answered").isEqualTo(71);
    }
    if (pair.answer(flush) instanceof Effect.AppDone) {
      assertThat(pair.onDisk(0, 9)).as("what was flushed").isEqualTo(90);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on"})
  void aWriteThatTheOwnDiskFailedSurvivesACrashOfBoth(String policy) throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.ON_IO_ERROR, policy).primary();
    pair.write(0, 7, 70);
    pair.awaitQuiet();
    pair.withheld.fail(pair.nodes[0], Withheld::isWrite);
    pair.done(pair.startWrite(0, 7, 71, false));
    pair.flush(0);
    crashBoth(pair);
    assertThat(pair.onDisk(0, 7)).isEqualTo(71);
  }

  /// The same for a Primary that had no disk when it was promoted: the one that it had would be
  /// taken for as good as the peer's.
  @Test
  void aWriteOfAPrimaryPromotedWithoutDiskWaitsForTheNextGeneration() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    pair.withheld.lose(pair.nodes[0], DisklessPrimaryPairTest::isSuperblock);
    pair.ok(1, new AdminCommand.Primary(0, false));
    long write = pair.startWrite(1, 7, 71, false);
    pair.run(100);
    long flush = pair.startFlush(1, 0);
    pair.run(500);
    crashBoth(pair);
    if (pair.answer(write) instanceof Effect.AppDone
        || pair.answer(flush) instanceof Effect.AppDone) {
      assertThat(pair.onDisk(1, 7)).as("what was answered").isEqualTo(71);
    }
  }

  @Test
  void aWriteOfAPrimaryPromotedWithoutDiskSurvivesACrashOfBoth() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.done(pair.startWrite(1, 7, 71, false));
    pair.flush(1);
    crashBoth(pair);
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// The news of the peer's generation may be late, and an ack before it. If the own disk is
  /// attached then and the link breaks, it would count as what users have seen.
  @Test
  void aWriteOfAPrimaryPromotedWithoutDiskWaitsForTheWordOfIt() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    Late late = new Late(Packet.Uuids.class);
    pair.nodes[1].tamper(late);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.await(() -> !late.kept.isEmpty(), "the word");
    long write = pair.startWrite(1, 7, 71, false);
    pair.run(1_000);
    assertThat(pair.answer(write)).isNull();
    late.arrivesAt(pair.nodes[1]);
    pair.done(write);
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// It is older than what users have seen, and the peer has no disk to compare it with. (A kernel
  /// takes it.)
  @Test
  void aPrimaryDoesNotTakeAnOldDiskBesideADisklessPeer() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.done(pair.startWrite(1, 7, 71, false));
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.run(100);
    pair.admin(1, pair.attachCommand(1, 0));
    pair.run(1_000);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.DISKLESS);
    long read = pair.start(1, it -> new Event.AppRead(0, it, new Extent(7 * 8, Pair.BLOCK)));
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
    pair.attach(0);
    pair.run(1_000);
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// The peer was to begin a generation for a Primary without disk, and its own disk failed there.
  /// With its disk back the Primary is alone, and what it writes belongs to a generation of its
  /// own. (Found by `EveryStepTest`.)
  @Test
  void aPrimaryWithItsDiskBackBesideADisklessPeerBeginsAGeneration() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    pair.withheld.fail(pair.nodes[0], DisklessPrimaryPairTest::isSuperblock);
    pair.ok(1, new AdminCommand.Primary(0, false));
    writeWithOwnDiskBack(pair);
    pair.attach(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(0, 7)).isEqualTo(71);
  }

  /// The same with the peer's generation on its disk: nobody has used that, but both have begun
  /// one, and neither may be overwritten unasked.
  @Test
  void twoGenerationsFromOneAreASplitBrain() throws MetadataException {
    Pair pair = promotedWithoutDisk();
    pair.withheld.hold(pair.nodes[0], DisklessPrimaryPairTest::isSuperblock);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.begin(0, new AdminCommand.Detach(0, true));
    writeWithOwnDiskBack(pair);
    pair.ok(1, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Disconnect(false));
    pair.attach(0);
    pair.connect(1);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
    assertThat(pair.onDisk(0, 7)).isEqualTo(70);
  }

  /// The second node is Primary, and the first one gives up its disk.
  private static void writeWithOwnDiskBack(Pair pair) throws MetadataException {
    pair.run(100);
    pair.withheld.release(pair.nodes[0]);
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the peer's loss");
    pair.run(100);
    pair.attach(1);
    pair.await(() -> pair.state(1).disk() == DiskState.UP_TO_DATE, "the own disk");
    pair.write(1, 7, 71);
  }

  /// The peer attaches an older one beside a Primary that has lost its own. (A kernel reads it.)
  @Test
  void aDisklessPrimaryDoesNotTakeAnOldDiskOfItsPeer() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 70);
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.write(0, 7, 71);
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.admin(1, pair.attachCommand(1, 0));
    pair.run(1_000);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(7 * 8, Pair.BLOCK)));
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.STAND_ALONE);
    pair.attach(0);
    pair.connect(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// The source has not heard of the end, so that it begins no generation for the loss: nothing may
  /// wait for one. (Found by `EveryStepTest`.)
  @Test
  void aPrimaryThatLosesItsDiskAsItsResyncEndsGoesOn() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 7, 71);
    List<AdminResult> detach = new ArrayList<>();
    pair.nodes[0].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.StateChanged changed
                && changed.before().conn() == ConnectionState.SYNC_TARGET
                && changed.after().conn() == ConnectionState.CONNECTED) {
              pair.simulation.after(
                  0, () -> node.admin(new AdminCommand.Detach(0, true), detach::add));
            }
          }
        });
    pair.attach(0);
    pair.await(() -> !detach.isEmpty(), "the loss of the disk");
    pair.done(pair.startWrite(0, 8, 81, false));
    pair.flush(0);
    pair.attach(0);
    pair.run(1_000);
    assertThat(pair.read(0, 7)).isEqualTo(71);
    assertThat(pair.read(0, 8)).isEqualTo(81);
  }

  /// Seed 3043: a Primary without a disk has met its peer and written there. The word of the peer's
  /// generation did not come any more (a kernel begins none), so that its own disk seemed to be of
  /// the same.
  @Test
  void whatWasWrittenElsewhereMakesTheOwnDiskOld() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 70);
    pair.flush(0);
    pair.awaitQuiet();
    pair.ok(0, new AdminCommand.SuspendIo(0));
    pair.kill(1);
    pair.run(100);
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.start(1);
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.nodes[0].tamper(new Late(Packet.Uuids.class));
    pair.done(pair.startWrite(0, 7, 71, false));
    pair.kill(1);
    pair.run(100);
    pair.nodes[0].tamper(Tamper.NONE);
    pair.admin(0, pair.attachCommand(0, 0));
    pair.run(100);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.DISKLESS);
  }

  private static boolean isSuperblock(Effect effect) {
    return effect instanceof Effect.WriteMetadata write
        && write.regions().stream().anyMatch(region -> Superblock.isOne(region.bytes()));
  }

  /// Both Secondary, the second one without its disk, about to be promoted.
  static Pair promotedWithoutDisk() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 70);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.awaitQuiet();
    return pair;
  }

  /// Its own admin has suspended it; that does not freeze the Primary.
  @Test
  void aSuspendedSecondaryBeginsTheNextGenerationToo() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 70);
    pair.awaitQuiet();
    pair.ok(1, new AdminCommand.SuspendIo(0));
    pair.withheld.fail(pair.nodes[0], Withheld::isWrite);
    pair.done(pair.startWrite(0, 7, 71, false));
    crashBoth(pair);
    assertThat(pair.onDisk(0, 7)).isEqualTo(71);
  }

  private static void crashBoth(Pair pair) throws MetadataException {
    for (int node = 0; node < 2; node++) {
      pair.powerCut(node);
      pair.withheld.release(pair.nodes[node]);
    }
    pair.start(0);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }
}
