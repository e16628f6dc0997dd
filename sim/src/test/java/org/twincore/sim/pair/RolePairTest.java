package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;
import org.twincore.sim.world.Simulation;

/// Roles that change while writes are on their way, and crashes right after.
class RolePairTest {
  private static final int BLOCKS = 30;

  /// What the old Primary wrote stands on both disks before the new one may write.
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void theNewPrimaryWritesAfterTheOldOne(String protocol) throws MetadataException {
    Pair pair = new Pair.Setup().protocol(protocol).primary();
    stall(pair, 2);
    List<Long> writes = writes(pair, 0, 1);
    pair.run(20);
    pair.ok(0, new AdminCommand.Secondary(0));
    writes.forEach(pair::done);
    pair.ok(1, new AdminCommand.Primary(0, false));
    writes(pair, 1, 2).forEach(pair::done);
    pair.ok(1, new AdminCommand.Secondary(0));
    assertHas(pair, 2);
    pair.assertEqualDisks();
  }

  /// The peer is gone, but what it sent is still on its way to this disk.
  @Test
  void aSurvivorWritesAfterWhatTheDeadPrimarySent() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    stall(pair, 2);
    writes(pair, 0, 1);
    pair.run(20);
    pair.kill(0);
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.ok(1, new AdminCommand.Primary(0, false));
    writes(pair, 1, 2).forEach(pair::done);
    assertHas(pair, 2);
  }

  /// Whoever hears that a node is Primary may count on its generation, also after a power cut: else
  /// the old Primary's would win, and what was decided on the strength of the answer be undone.
  @Test
  void aPromotionIsAnsweredWhenItsGenerationIsDurable() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.kill(0);
    pair.await(() -> pair.state(1).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    pair.withheld.hold(pair.nodes[1], Withheld::isMetadata);
    List<AdminResult> answer = pair.begin(1, new AdminCommand.Primary(0, false));
    pair.await(() -> pair.state(1).role() == Role.PRIMARY, "the role");
    pair.run(500);
    assertThat(answer).isEmpty();
    pair.withheld.release(pair.nodes[1]);
    pair.await(() -> !answer.isEmpty(), "the answer");
    assertThat(answer.getFirst().isSuccess()).isTrue();
  }

  /// An extent may still be hot from an earlier time as Primary: the mark of a Primary has to be on
  /// disk before a write.
  @Test
  void aCrashRightAfterAPromotionLeavesNoUnmarkedDifference() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 5, 1);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.run(500);
    pair.withheld.lose(pair.nodes[0], Withheld::isMetadata);
    pair.begin(0, new AdminCommand.Primary(0, false));
    pair.await(() -> pair.state(0).role() == Role.PRIMARY, "the role");
    pair.network.open(0, false);
    pair.startWrite(0, 5, 2, false);
    pair.run(30);
    pair.kill(0);
    pair.withheld.release(pair.nodes[0]);
    pair.network.open(0, true);
    pair.start(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  /// The same for the disk that a diskless Primary uses.
  @Test
  void aCrashOfTheOnlyDiskLeavesNoUnmarkedDifference() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.write(0, 5, 1);
    pair.attach(0);
    pair.awaitUpToDate();
    pair.run(500);
    pair.withheld.lose(pair.nodes[1], Withheld::isMetadata);
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.startWrite(0, 5, 2, false);
    pair.run(30);
    pair.kill(0);
    pair.kill(1);
    pair.withheld.release(pair.nodes[1]);
    pair.start(0);
    pair.start(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void aCrashRightAfterADemotionLeavesNoUnmarkedDifference() throws MetadataException {
    for (int writes = 0; writes < 8; writes++) {
      Pair pair = new Pair.Setup().primary();
      pair.kill(1);
      pair.awaitConn(0, ConnectionState.WF_CONNECTION);
      pair.write(0, 5, 1);
      int[] seen = {0};
      int last = writes;
      pair.withheld.lose(pair.nodes[0], effect -> Withheld.isMetadata(effect) && seen[0]++ >= last);
      List<AdminResult> demotion = pair.begin(0, new AdminCommand.Secondary(0));
      pair.run(50);
      pair.nodes[0].end(SimNode.Ending.POWER_CUT, SimStore.Keep.NOTHING);
      pair.withheld.release(pair.nodes[0]);
      pair.start(0);
      pair.start(1);
      pair.awaitUpToDate();
      pair.assertEqualDisks();
      assertThat(pair.onDisk(1, 5)).as("demotion answered %s", demotion).isIn(0, 1);
    }
  }

  private static void stall(Pair pair, int seconds) {
    pair.nodes[1]
        .drive(0)
        .health()
        .stallUntil(pair.simulation.nowNanos() + seconds * Simulation.SECOND);
  }

  private static List<Long> writes(Pair pair, int node, int value) {
    List<Long> writes = new ArrayList<>();
    for (int block = 0; block < BLOCKS; block++) {
      writes.add(pair.startWrite(node, block, value, false));
    }
    return writes;
  }

  private static void assertHas(Pair pair, int value) {
    for (int block = 0; block < BLOCKS; block++) {
      assertThat(pair.onDisk(1, block)).as("block %d", block).isEqualTo(value);
    }
  }
}
