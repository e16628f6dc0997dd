package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.Simulation;

/// The handlers around resyncs, disk errors and the loss of all data: when each is called, what
/// waits for it, and what its exit code does. Fencing has tests of its own.
///
/// Promise: a target is unmodified until its `before-resync-target` has ended, and a write that was
/// answered meanwhile is on both disks or known to be missing on one.
class HandlerPairTest {
  private static final long SECOND = Simulation.SECOND;

  private final List<String> ended = new ArrayList<>();
  private final ScriptedPrograms[] programs = new ScriptedPrograms[2];

  private Pair primary(Pair.Setup setup) throws MetadataException {
    Pair pair = setup.primary();
    for (int id = 0; id < 2; id++) {
      programs[id] = new ScriptedPrograms(pair.nodes[id], ended);
    }
    return pair;
  }

  /// The Secondary lacks two blocks and is about to fetch them.
  private Pair behind() throws MetadataException {
    Pair pair = primary(new Pair.Setup());
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    pair.kill(1);
    pair.await(
        () -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss of the peer");
    pair.write(0, 1, 2);
    pair.write(0, 700, 3);
    return pair;
  }

  @Test
  void aResyncCallsAllThreeInTheirOrder() throws MetadataException {
    Pair pair = behind();
    pair.start(1);
    pair.awaitUpToDate();
    pair.run(10);
    assertThat(ended)
        .containsExactly(
            "core-01 before-resync-source",
            "core-02 before-resync-target",
            "core-02 after-resync-target");
    pair.assertEqualDisks();
  }

  /// The snapshot is made of what was there before, whatever the Primary writes meanwhile.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void theTargetIsUnmodifiedUntilItsHandlerHasEnded(String protocol) throws MetadataException {
    Pair pair = primary(new Pair.Setup().protocol(protocol));
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    pair.kill(1);
    pair.await(
        () -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss of the peer");
    pair.write(0, 1, 2);
    programs[1].set("before-resync-target", 0, 3 * SECOND);
    pair.start(1);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    pair.awaitConn(1, ConnectionState.WF_SYNC_UUID);
    long fresh = pair.startWrite(0, 5, 5, false);
    long same = pair.startWrite(0, 1, 6, false);
    pair.run(2_000);
    assertThat(ended).doesNotContain("core-02 before-resync-target");
    assertThat(pair.onDisk(1, 1)).isEqualTo(1);
    assertThat(pair.onDisk(1, 5)).isZero();
    assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.WF_SYNC_UUID);
    pair.done(fresh);
    pair.done(same);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, 1)).isEqualTo(6);
    assertThat(pair.onDisk(1, 5)).isEqualTo(5);
    pair.assertEqualDisks();
  }

  @ParameterizedTest
  @CsvSource({
    "1, before-resync-target, 1, false",
    "1, before-resync-target, 3, false",
    "0, before-resync-source, 1, false",
    "0, before-resync-source, 3, true"
  })
  void aHandlerMayRefuseTheResync(int node, String handler, int exitCode, boolean goesOn)
      throws MetadataException {
    Pair pair = behind();
    programs[node].set(handler, exitCode, SECOND);
    pair.start(1);
    if (goesOn) {
      pair.awaitUpToDate();
      pair.assertEqualDisks();
      return;
    }
    pair.awaitConn(node, ConnectionState.STAND_ALONE);
    assertThat(pair.onDisk(1, 1)).isEqualTo(1);
    assertThat(ended).doesNotContain("core-02 after-resync-target");
    pair.write(0, 2, 4); // the Primary goes on alone
    programs[node].set(handler, 0, 0);
    pair.connect(node);
    pair.run(5_000);
    if (pair.state(1 - node).conn() == ConnectionState.STAND_ALONE) {
      pair.connect(1 - node);
    }
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// What the program says counts only for the connection that it was asked about.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void aHandlerThatOutlivesTheConnectionDecidesNothing(int exitCode) throws MetadataException {
    Pair pair = behind();
    programs[1].set("before-resync-target", exitCode, 60 * SECOND);
    pair.start(1);
    pair.awaitConn(1, ConnectionState.WF_SYNC_UUID);
    pair.network.breakConnection();
    pair.await(
        () -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss of the peer");
    programs[1].set("before-resync-target", 0, SECOND);
    pair.awaitConn(1, ConnectionState.WF_SYNC_UUID);
    pair.run(70_000);
    assertThat(ended).filteredOn(it -> it.equals("core-02 before-resync-target")).hasSize(2);
    assertThat(pair.state(1).conn()).isNotEqualTo(ConnectionState.STAND_ALONE);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// A target whose disk fails while its handler runs is no target any more.
  @Test
  void aDiskThatIsLostWhileTheHandlerRunsIsNotSynced() throws MetadataException {
    Pair pair = behind();
    programs[1].set("before-resync-target", 0, 5 * SECOND);
    pair.start(1);
    pair.awaitConn(1, ConnectionState.WF_SYNC_UUID);
    pair.ok(1, new AdminCommand.Detach(0, true));
    pair.run(6_000);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    assertThat(pair.onDisk(1, 1)).isEqualTo(1);
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  // ---- disk errors

  /// One call for a disk, however many of its requests fail; the peer hears of it afterwards.
  @ParameterizedTest
  @ValueSource(strings = {"WRITES", "READS", "METADATA", "EVERYTHING"})
  void anErrorIsToldOnceAndBeforeThePeerHears(SimDrive.Failing kind) throws MetadataException {
    Pair pair = primary(new Pair.Setup().disk(Option.ON_IO_ERROR, "call-local-io-error"));
    pair.write(0, 1, 1);
    programs[0].set("local-io-error", 0, 4 * SECOND);
    pair.nodes[0].drive(0).health().failing(kind);
    List<Long> writes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      // Far apart: each needs an extent of the activity log.
      writes.add(pair.startWrite(0, 1 + (i % 2) * 1024, 2, false));
    }
    long read = pair.start(0, it -> readOf(it, 1));
    pair.await(() -> pair.state(0).disk() == DiskState.FAILED, "the failed disk");
    pair.run(3_000);
    assertThat(ended).isEmpty();
    assertThat(pair.state(1).pdsk()).isEqualTo(DiskState.UP_TO_DATE);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.DISKLESS);
    writes.forEach(pair::done);
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppReadDone.class);
    assertThat(ended).containsExactly("core-01 local-io-error");
    assertThat(pair.read(0, 1)).isEqualTo(2);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  private static Event readOf(long cookie, long block) {
    return new Event.AppRead(0, cookie, new Extent(block * 8, Pair.BLOCK));
  }

  /// Whoever resets the machine in the handler leaves a node that crashed: the peer takes over with
  /// all that was answered.
  @Test
  void aResetInTheHandlerLosesNothing() throws MetadataException {
    Pair pair = primary(new Pair.Setup().disk(Option.ON_IO_ERROR, "call-local-io-error"));
    programs[0].set("local-io-error", 0, 4 * SECOND);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    long write = pair.startWrite(0, 9, 9, false);
    pair.await(() -> pair.state(0).disk() == DiskState.FAILED, "the failed disk");
    pair.run(1_000);
    assertThat(pair.answer(write)).as("the peer's generation is the old one").isNull();
    pair.powerCut(0);
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.start(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @ParameterizedTest
  @ValueSource(strings = {"detach", "pass_on"})
  void otherPoliciesCallNobody(String policy) throws MetadataException {
    Pair pair = primary(new Pair.Setup().disk(Option.ON_IO_ERROR, policy));
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.write(0, 1, 2);
    pair.run(1_000);
    assertThat(ended).isEmpty();
    DiskState disk = policy.equals("detach") ? DiskState.DISKLESS : DiskState.INCONSISTENT;
    assertThat(pair.state(0).disk()).isEqualTo(disk);
  }

  // ---- no data

  @Test
  void aPrimaryThatLosesTheLastDataSaysSoOnce() throws MetadataException {
    Pair pair = primary(new Pair.Setup());
    pair.ok(0, new AdminCommand.Detach(0, true));
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    assertThat(ended).doesNotContain("core-01 pri-on-incon-degr");
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.run(5_000);
    assertThat(ended).containsOnlyOnce("core-01 pri-on-incon-degr");
    pair.start(1);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    pair.kill(1);
    pair.run(20_000);
    assertThat(ended).filteredOn(it -> it.endsWith("pri-on-incon-degr")).hasSize(2);
  }

  // ---- verify

  @Test
  void aVerifyThatFindsDifferencesSaysSoOnBothSides() throws MetadataException {
    Pair pair = primary(new Pair.Setup().net(Option.VERIFY_ALG, "crc32c"));
    pair.write(0, 3, 3);
    pair.awaitQuiet();
    pair.nodes[1].drive(0).data().write(3 * Pair.BLOCK, new byte[Pair.BLOCK], 0, Pair.BLOCK, true);
    pair.ok(0, new AdminCommand.Verify(0, OptionalLong.empty(), OptionalLong.empty()));
    pair.await(() -> ended.size() == 2, "out-of-sync at both nodes");
    assertThat(ended).containsExactlyInAnyOrder("core-01 out-of-sync", "core-02 out-of-sync");
    for (ResourceStatus.VolumeStatus status : List.of(pair.volume(0), pair.volume(1))) {
      assertThat(status.outOfSyncBlocks()).isEqualTo(1);
    }
  }
}
