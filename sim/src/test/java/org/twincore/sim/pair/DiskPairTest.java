package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Backing disks that come, go and fail while the two nodes work.
class DiskPairTest {
  /// Writes that reach only the peer's disk while the own one attaches must come over later.
  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void losesNoWriteWhileTheDiskOfAPrimaryComesBack(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    for (int round = 0; round < 6; round++) {
      pair.ok(0, new AdminCommand.Detach(0, false));
      Load load = new Load(pair, 0, 0, round, 12);
      pair.run(20 + round);
      pair.attach(0);
      pair.awaitUpToDate();
      load.stop();
      pair.awaitQuiet();
      assertThat(load.failed()).isZero();
      pair.assertEqualDisks();
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"A", "C"})
  void losesNoWriteWhileTheDiskOfASecondaryComesBack(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    for (int round = 0; round < 6; round++) {
      Load load = new Load(pair, 0, 0, round, 12);
      pair.run(20);
      pair.ok(1, new AdminCommand.Detach(0, false));
      pair.run(20 + round);
      pair.attach(1);
      pair.awaitUpToDate();
      load.stop();
      pair.awaitQuiet();
      assertThat(load.failed()).isZero();
      pair.assertEqualDisks();
    }
  }

  /// The peer was told in the handshake that there is no disk.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void anAttachDuringTheHandshakeIsNegotiated(int heldWrites) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 7, 71);
    pair.startProcess(1);
    int[] seen = {0};
    pair.withheld.hold(
        pair.nodes[1], effect -> Withheld.isMetadata(effect) && seen[0]++ >= heldWrites);
    List<AdminResult> attach = pair.begin(1, pair.attachCommand(1, 0));
    pair.run(50);
    pair.connect(1);
    pair.awaitConn(1, ConnectionState.WF_REPORT_PARAMS);
    pair.withheld.release(pair.nodes[1]);
    pair.await(() -> !attach.isEmpty(), "the attach");
    assertThat(attach.getFirst().isSuccess()).isTrue();
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// Whose data may be older: it is given up, and may be attached again.
  @Test
  void aDiskIsReleasedWhenItsNegotiationIsCut() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.write(0, 7, 71);
    AdminCommand attach = pair.attachCommand(1, 0);
    pair.network.open(0, false);
    List<AdminResult> attached = pair.begin(1, attach);
    pair.await(() -> pair.state(1).disk() == DiskState.NEGOTIATING, "the negotiation");
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the cut");
    pair.await(() -> !attached.isEmpty(), "the answer");
    pair.network.open(0, true);
    pair.awaitConn(1, ConnectionState.CONNECTED);
    if (pair.state(1).disk() == DiskState.DISKLESS) {
      assertThat(pair.nodes[1].hasDriveOpen(0)).isFalse();
      pair.attach(1);
    }
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// A kernel's node would take a P_STATE that crosses its attach for the end of the negotiation,
  /// and call its disk good. (Found beside the scripted kernel.)
  @Test
  void aPeerWithoutADiskHearsOfAPauseWhenItAttaches() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    pair.awaitQuiet();
    Overheard overheard = Overheard.of(pair);
    pair.ok(0, new AdminCommand.PauseSync(0));
    pair.run(100);
    assertThat(overheard.has(PacketType.STATE)).isFalse();
    pair.attach(1);
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// A write of a diskless Primary waits for the peer's activity log when that disk fails.
  @Test
  void aWriteThatFindsNoDiskAnywhereFails() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.run(100);
    pair.nodes[1].drive(0).health().failing(SimDrive.Failing.METADATA);
    long write = pair.startWrite(0, 1, 1, false);
    pair.awaitAnswer(write);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.DISKLESS);
  }

  @Test
  void aPrimaryKeepsItsLastDisk() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    List<AdminResult> detach = pair.begin(0, new AdminCommand.Detach(0, false));
    pair.kill(1);
    pair.await(() -> !detach.isEmpty(), "the answer");
    if (!detach.getFirst().isSuccess()) {
      assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
      pair.write(0, 1, 1);
    } else {
      throw new AssertionError("the only disk was given up: " + pair.state(0));
    }
  }

  /// What the peer's disk had only in its cache when it was given up is not lost on the way.
  @Test
  void aDetachedSecondaryDoesNotForgetWhatItAcknowledged() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    for (int block = 0; block < 20; block++) {
      pair.write(0, block, 50 + block);
    }
    pair.nodes[1].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.startWrite(0, 500, 1, false);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    pair.run(200);
    pair.powerCut(1);
    pair.nodes[1].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// A disk that was detached in good order may have what the peer loses from its cache.
  @Test
  void aDetachedPrimaryKnowsWhatThePeerMayHaveLost() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    for (int block = 0; block < 20; block++) {
      pair.startWrite(0, block, 50 + block, false);
    }
    pair.run(3);
    pair.withheld.hold(pair.nodes[1], effect -> effect instanceof Effect.FlushLocal);
    for (int block = 20; block < 40; block++) {
      pair.write(0, block, 50 + block);
    }
    List<AdminResult> detach = pair.begin(0, new AdminCommand.Detach(0, false));
    pair.run(50);
    pair.withheld.release(pair.nodes[1]);
    pair.powerCut(1);
    pair.await(() -> !detach.isEmpty(), "the answer");
    pair.start(1);
    if (pair.state(0).disk() == DiskState.DISKLESS) {
      pair.attach(0);
    }
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// `outdate` and `primary --force` would settle the disk before it was compared: it was called
  /// UpToDate, and its old data was read. (So it is at a kernel's.)
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDiskThatIsNegotiatedIsNotSettledByACommand(boolean force) throws MetadataException {
    Pair pair = DisklessPrimaryPairTest.promotedWithoutDisk();
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.done(pair.startWrite(1, 7, 71, false));
    Late late = new Late(Packet.State.class);
    pair.nodes[1].tamper(late);
    pair.attach(1);
    pair.await(() -> !late.kept.isEmpty(), "the peer's state");
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.NEGOTIATING);
    AdminCommand command = force ? new AdminCommand.Primary(0, true) : new AdminCommand.Outdate(0);
    List<AdminResult> answers = pair.begin(1, command);
    pair.run(100);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.NEGOTIATING);
    late.arrivesAt(pair.nodes[1]);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(answers).hasSize(1);
    assertThat(pair.read(1, 7)).isEqualTo(71);
  }

  /// The question for the disk's size is on its way when the disk is given up: its answer, which
  /// nobody waits for any more, has to be missed no longer.
  @Test
  void aDiskThatIsMeasuredIsGivenUp() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    for (SimNode node : pair.nodes) {
      node.drive(0).grow(node.drive(0).data().sizeBytes() + (1 << 20));
    }
    List<AdminResult> resize =
        pair.begin(
            0,
            new AdminCommand.Resize(0, 0, new AdminCommand.Assume(false, false), Optional.empty()));
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.run(1_000);
    assertThat(resize).hasSize(1);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.DISKLESS);
  }

  /// Scene 1924: a Primary compared its data with the peer's, which is older, lost its disk, and
  /// then took the peer for one that has what its users have seen. What it wrote there was lost
  /// with the next resync.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDiskLostInTheMiddleOfAHandshakeLeavesNoOldData(boolean fails) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 70);
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.write(0, 7, 71);
    Late late = new Late(Packet.State.class);
    pair.nodes[0].tamper(late);
    pair.connect(0);
    pair.await(() -> !late.kept.isEmpty(), "the peer's state");
    if (fails) {
      pair.nodes[0].drive(0).health().failing(SimDrive.Failing.EVERYTHING);
      pair.startWrite(0, 8, 1, false);
      pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the end of the disk");
    } else {
      pair.ok(0, new AdminCommand.Detach(0, true));
    }
    Late later = new Late(Packet.State.class);
    pair.nodes[0].tamper(Tamper.NONE);
    pair.nodes[0].deliver(late.kept.removeFirst());
    pair.nodes[0].tamper(later);
    late.kept.forEach(pair.nodes[0]::deliver);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(7 * 8, Pair.BLOCK)));
    long write = pair.startWrite(0, 9, 90, false);
    pair.run(200);
    later.arrivesAt(pair.nodes[0]);
    pair.run(5_000);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.run(5_000);
    if (pair.state(0).conn() == ConnectionState.STAND_ALONE) {
      pair.connect(0);
    }
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
    if (pair.answer(write) instanceof Effect.AppDone) {
      assertThat(pair.onDisk(0, 9)).as("what was answered").isEqualTo(90);
    }
  }

  /// Nobody can promise a write whose only holder is gone.
  @Test
  void aWriteThatOnlyALostPeerHasFails() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.awaitQuiet();
    pair.withheld.lose(pair.nodes[1], Withheld::isMetadata);
    pair.withheld.fail(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 7, 71, false);
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the end of the disk");
    long flush = pair.startFlush(0, 0);
    pair.run(100);
    assertThat(pair.answer(write)).isNull();
    pair.kill(1);
    pair.awaitAnswer(write);
    pair.awaitAnswer(flush);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
    assertThat(pair.answer(flush)).isInstanceOf(Effect.AppFailed.class);
  }

  /// `al-updates no`: no write waits for the log, and a Primary that crashes fetches everything.
  @Test
  void withoutAnActivityLogACrashedPrimaryIsCopiedWhole() throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.AL_UPDATES, false).primary();
    pair.run(100);
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    Load load = new Load(pair, 0, 0, 3, 12);
    pair.run(300);
    assertThat(load.answered()).isGreaterThan(50);
    pair.withheld.release(pair.nodes[0]);
    pair.powerCut(0);
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(1, 1100, 5);
    pair.start(0);
    pair.awaitConn(0, ConnectionState.SYNC_TARGET);
    assertThat(pair.volume(0).outOfSyncBlocks()).isGreaterThan(1000);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// The log counts again from the next attach on, and a clean one is no crash.
  @Test
  void aCleanRestartWithoutAnActivityLogCopiesNothing() throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.AL_UPDATES, false).primary();
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    pair.ok(0, new AdminCommand.Down());
    pair.kill(0);
    pair.start(0);
    pair.awaitUpToDate();
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
    pair.assertEqualDisks();
  }
}
