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
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimDrive;

/// I/O that is frozen by fencing, for lack of data, or by an admin: nothing is answered that may
/// turn out to be lost, and nothing is lost when it goes on.
class FreezePairTest {
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void aFencingPrimaryAnswersNothingUntilThePeerIsBack(String protocol) throws MetadataException {
    Pair pair = fencing(protocol);
    pair.write(0, 1, 1);
    pair.awaitQuiet();
    cut(pair);
    List<Long> early = new ArrayList<>();
    for (int block = 10; block < 20; block++) {
      early.add(pair.startWrite(0, block, block, false));
    }
    pair.await(() -> pair.state(0).suspFen(), "the freeze");
    long late = pair.startWrite(0, 30, 30, false);
    long flush = pair.startFlush(0, 0);
    pair.run(2000);
    assertThat(pair.answer(late)).isNull();
    assertThat(pair.answer(flush)).isNull();
    if (!protocol.equals("A")) {
      early.forEach(write -> assertThat(pair.answer(write)).isNull());
    }
    heal(pair);
    early.forEach(pair::done);
    pair.done(late);
    pair.done(flush);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// Its extent becomes active only when I/O is frozen already.
  @Test
  void aWriteThatWaitedForTheActivityLogIsFrozenToo() throws MetadataException {
    Pair pair = fencing("C");
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    long write = pair.startWrite(0, 1100, 7, false);
    cut(pair);
    pair.await(() -> pair.state(0).suspFen(), "the freeze");
    pair.withheld.release(pair.nodes[0]);
    pair.run(1000);
    assertThat(pair.answer(write)).isNull();
    assertThat(pair.onDisk(0, 1100)).isZero();
    heal(pair);
    pair.done(write);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// Whoever lets I/O go on alone begins a new generation first.
  @Test
  void resumingAloneBeginsANewGeneration() throws MetadataException {
    Pair pair = fencing("C");
    GenerationUuids before = pair.volume(0).uuids().orElseThrow();
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 5, 5, false);
    cut(pair);
    pair.await(() -> pair.state(0).suspFen(), "the freeze");
    pair.withheld.release(pair.nodes[0]);
    pair.run(500);
    assertThat(pair.answer(write)).isNull();
    assertThat(pair.volume(0).uuids()).hasValue(before);
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.run(500);
    assertThat(pair.answer(write)).as("the new generation is not durable").isNull();
    pair.withheld.release(pair.nodes[0]);
    pair.done(write);
    assertThat(pair.volume(0).uuids().orElseThrow().bitmap()).isEqualTo(before.current());
    heal(pair);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void anAdminsSuspendHoldsWhatThePeerLacks() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 4, 4);
    cut(pair);
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long write = pair.startWrite(0, 5, 5, false);
    pair.ok(0, new AdminCommand.SuspendIo(0));
    long late = pair.startWrite(0, 6, 6, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.withheld.release(pair.nodes[0]);
    pair.run(1000);
    assertThat(pair.answer(write)).isNull();
    heal(pair);
    pair.awaitUpToDate();
    assertThat(pair.onDisk(1, 5)).isEqualTo(5);
    assertThat(pair.answer(late)).isNull();
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.done(write);
    pair.done(late);
    pair.assertEqualDisks();
  }

  @Test
  void aDisklessPrimaryWaitsForItsPeer() throws MetadataException {
    Pair pair = withoutDataSuspends();
    pair.write(0, 5, 5);
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 6, 6);
    cut(pair);
    long write = pair.startWrite(0, 7, 7, false);
    pair.await(() -> pair.state(0).suspNod(), "the freeze");
    pair.run(1000);
    assertThat(pair.answer(write)).isNull();
    heal(pair);
    pair.done(write);
    assertThat(pair.read(0, 6)).isEqualTo(6);
    assertThat(pair.onDisk(1, 7)).isEqualTo(7);
  }

  @Test
  void aLonelyPrimaryWaitsForItsDisk() throws MetadataException {
    Pair pair = withoutDataSuspends();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 5, 5);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    long write = pair.startWrite(0, 6, 6, false);
    pair.await(() -> pair.state(0).suspNod(), "the freeze");
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the release");
    assertThat(pair.answer(write)).isNull();
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.done(write);
    assertThat(pair.read(0, 5)).isEqualTo(5);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void aLonelyPrimaryWithoutDiskFailsWhereNothingSuspends() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.EVERYTHING);
    long write = pair.startWrite(0, 6, 6, false);
    long flush = pair.startFlush(0, 0);
    pair.awaitAnswer(write);
    pair.awaitAnswer(flush);
    assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
    assertThat(pair.answer(flush)).isInstanceOf(Effect.AppFailed.class);
  }

  private static Pair fencing(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    pair.ok(
        0,
        new AdminCommand.DiskOptions(
            0, pair.diskOptions().with(Option.FENCING, "resource-and-stonith")));
    return pair;
  }

  private static Pair withoutDataSuspends() throws MetadataException {
    Pair.Setup setup = new Pair.Setup();
    setup.resource = setup.resource.with(Option.ON_NO_DATA_ACCESSIBLE, "suspend-io");
    return setup.primary();
  }

  private static void cut(Pair pair) {
    pair.network.open(0, false);
    pair.network.open(1, false);
  }

  private static void heal(Pair pair) {
    pair.network.open(0, true);
    pair.network.open(1, true);
  }

  /// Seed 15898: a write that was handed to the network waited for the peer's new generation, was
  /// frozen when the peer was lost instead, and went out again as zeroes.
  @Test
  void aWriteThatIsSentAgainStillHasItsData() throws MetadataException {
    Pair.Setup setup = new Pair.Setup().protocol("A");
    setup.resource = setup.resource.with(Option.ON_NO_DATA_ACCESSIBLE, "suspend-io");
    Pair pair = setup.primary();
    pair.network.open(0, false);
    pair.network.open(1, false);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.READS);
    pair.start(0, it -> new Event.AppRead(0, it, new Extent(9 * 8, Pair.BLOCK)));
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the loss of the disk");
    long write = pair.startWrite(0, 7, 72, false);
    pair.await(() -> pair.state(0).isSuspended(), "the loss of the peer");
    pair.network.open(0, true);
    pair.network.open(1, true);
    pair.done(write);
    assertThat(pair.read(0, 7)).isEqualTo(72);
  }

  /// Seed 2384: the disk failed under a Primary alone, and without an activity log nothing said
  /// what the peer lacked when it came back.
  @Test
  void withoutAnActivityLogAFrozenPrimaryMarksAll() throws MetadataException {
    Pair.Setup setup = new Pair.Setup().disk(Option.AL_UPDATES, false);
    setup.resource = setup.resource.with(Option.ON_NO_DATA_ACCESSIBLE, "suspend-io");
    Pair pair = setup.primary();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 7, 72);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.READS);
    pair.start(0, it -> new Event.AppRead(0, it, new Extent(9 * 8, Pair.BLOCK)));
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the loss of the disk");
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }
}
