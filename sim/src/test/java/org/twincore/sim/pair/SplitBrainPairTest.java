package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimNode;

/// Both nodes wrote without the other, and what the after-split-brain policies make of it: whose
/// data stands on both disks afterwards, who keeps its role, which handlers are called.
///
/// Promise kept (docs/durability.md): nothing is given up but what the admin's policy gives up.
class SplitBrainPairTest {
  private static final int FIRST = 10;
  private static final int SECOND = 12;

  /// What each node called, `core-01 split-brain`.
  private final List<String> called = new ArrayList<>();

  private Pair.Setup policies(String zero, String one, String two, String conflict) {
    return new Pair.Setup()
        .net(Option.AFTER_SB_0PRI, zero)
        .net(Option.AFTER_SB_1PRI, one)
        .net(Option.AFTER_SB_2PRI, two)
        .net(Option.RR_CONFLICT, conflict);
  }

  /// The first node, Primary, writes some blocks without the second, and the second one, promoted
  /// later, without the first. Then only these are Primary: `0`, `1`, `01` or nobody.
  private Pair split(Pair.Setup setup, int firstBlocks, int secondBlocks, String primaries)
      throws MetadataException {
    Pair pair = setup.primary();
    for (int id = 0; id < 2; id++) {
      String name = pair.nodes[id].name();
      pair.nodes[id].programs(
          SimNode.Programs.atOnce(handler -> {
            called.add(name + " " + handler);
            return 0;
          }));
    }
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.ok(1, new AdminCommand.Primary(0, false));
    write(pair, 0, FIRST, firstBlocks);
    write(pair, 1, SECOND, secondBlocks);
    for (int id = 0; id < 2; id++) {
      if (!primaries.contains("" + id)) {
        pair.ok(id, new AdminCommand.Secondary(0));
      }
    }
    return pair;
  }

  private static void write(Pair pair, int node, int from, int blocks) {
    for (int block = from; block < from + blocks; block++) {
      pair.write(node, block, node + 1);
    }
  }

  private static void meet(Pair pair) {
    pair.network.open(0, true);
  }

  /// One of them gives the connection up, and the other one, if it has not come to its own verdict
  /// by then, waits for ever; its admin does not.
  private static void part(Pair pair) {
    pair.await(
        () ->
            pair.state(0).conn() == ConnectionState.STAND_ALONE
                || pair.state(1).conn() == ConnectionState.STAND_ALONE,
        "the refusal");
    pair.run(3_000);
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).conn().isBelow(ConnectionState.WF_REPORT_PARAMS)).isTrue();
      pair.ok(id, new AdminCommand.Disconnect(true));
    }
  }

  private static void assertStands(Pair pair, int winner, int firstBlocks, int secondBlocks) {
    int from = winner == 0 ? FIRST : SECOND;
    int blocks = winner == 0 ? firstBlocks : secondBlocks;
    for (int block = FIRST; block < SECOND + 40; block++) {
      int expected = block >= from && block < from + blocks ? winner + 1 : 0;
      assertThat(pair.onDisk(winner, block)).as("block %d", block).isEqualTo(expected);
    }
    pair.assertEqualDisks();
  }

  private static void assertApart(Pair pair, int firstBlocks, int secondBlocks) {
    for (int block = 0; block < firstBlocks; block++) {
      assertThat(pair.onDisk(0, FIRST + block)).isEqualTo(1);
    }
    for (int block = 0; block < secondBlocks; block++) {
      assertThat(pair.onDisk(1, SECOND + block)).isEqualTo(2);
    }
  }

  // ---- nobody is Primary

  @ParameterizedTest
  @CsvSource({
    "discard-younger-primary,9,4,0",
    "discard-younger-primary,4,9,0",
    "discard-older-primary,9,4,1",
    "discard-older-primary,4,9,1",
    "discard-zero-changes,6,0,0",
    "discard-zero-changes,0,6,1",
    "discard-least-changes,9,4,0",
    "discard-least-changes,4,9,1",
    "discard-least-changes,0,1,1",
  })
  void onePolicyWithoutAPrimary(String policy, int firstBlocks, int secondBlocks, int winner)
      throws MetadataException {
    Pair pair =
        split(
            policies(policy, "disconnect", "disconnect", "disconnect"),
            firstBlocks,
            secondBlocks,
            "");
    meet(pair);
    pair.awaitUpToDate();
    assertStands(pair, winner, firstBlocks, secondBlocks);
    assertThat(called)
        .filteredOn(it -> it.contains("split-brain"))
        .containsExactlyInAnyOrder("core-01 initial-split-brain", "core-02 initial-split-brain");
    pair.ok(1 - winner, new AdminCommand.Primary(0, false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"disconnect", "discard-zero-changes"})
  void onePolicyThatDoesNotDecide(String policy) throws MetadataException {
    Pair pair = split(policies(policy, "consensus", "disconnect", "violently"), 5, 3, "");
    meet(pair);
    part(pair);
    assertApart(pair, 5, 3);
    for (String name : List.of("core-01", "core-02")) {
      List<String> here = called.stream().filter(it -> it.startsWith(name)).toList();
      assertThat(here)
          .isIn(List.of(), List.of(name + " initial-split-brain", name + " split-brain"));
    }
    assertThat(called).isNotEmpty();
  }

  /// Each admin names the node in his own file: `discard-node-NAME` is `discard-local` there and
  /// `discard-remote` here.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void oneNodeIsNamed(int loser) throws MetadataException {
    Pair pair =
        split(policies("discard-zero-changes", "disconnect", "disconnect", "disconnect"), 5, 3, "");
    meet(pair);
    part(pair);
    for (int id = 0; id < 2; id++) {
      String word = id == loser ? "discard-local" : "discard-remote";
      pair.ok(
          id, new AdminCommand.Connect(pair.net().with(Option.AFTER_SB_0PRI, word), false, false));
    }
    pair.awaitUpToDate();
    assertStands(pair, 1 - loser, 5, 3);
  }

  /// The admins named different nodes: no data is touched.
  @Test
  void differentNodesAreNamed() throws MetadataException {
    Pair pair =
        split(policies("discard-zero-changes", "disconnect", "disconnect", "disconnect"), 5, 3, "");
    meet(pair);
    part(pair);
    for (int id = 0; id < 2; id++) {
      pair.ok(
          id,
          new AdminCommand.Connect(
              pair.net().with(Option.AFTER_SB_0PRI, "discard-local"), false, false));
    }
    part(pair);
    assertApart(pair, 5, 3);
  }

  /// Where nobody wrote anything one of them is taken, and nothing is copied.
  @Test
  void nobodyWrote() throws MetadataException {
    Pair pair =
        split(policies("discard-zero-changes", "disconnect", "disconnect", "disconnect"), 0, 0, "");
    meet(pair);
    pair.awaitUpToDate();
    assertThat(pair.volume(0).counters().receivedSectors()).isZero();
    assertThat(pair.volume(1).counters().receivedSectors()).isZero();
    pair.assertEqualDisks();
  }

  // ---- one Primary

  @ParameterizedTest
  @CsvSource({
    "discard-least-changes,consensus,9,4,0,0",
    "discard-least-changes,consensus,4,9,1,1",
    "discard-least-changes,violently-as0p,9,4,0,0",
    "disconnect,discard-secondary,4,9,0,0",
    "disconnect,discard-secondary,9,4,1,1",
    "discard-least-changes,call-pri-lost-after-sb,9,4,0,0",
    "discard-older-primary,call-pri-lost-after-sb,9,4,1,1",
  })
  void thePrimarysDataStays(
      String zero, String one, int firstBlocks, int secondBlocks, String primary, int winner)
      throws MetadataException {
    Pair pair =
        split(policies(zero, one, "disconnect", "disconnect"), firstBlocks, secondBlocks, primary);
    meet(pair);
    pair.awaitUpToDate();
    assertStands(pair, winner, firstBlocks, secondBlocks);
    assertThat(pair.state(winner).role()).isEqualTo(Role.PRIMARY);
    pair.write(winner, FIRST, 7);
    assertThat(pair.onDisk(1 - winner, FIRST)).isEqualTo(7);
    assertThat(called).noneMatch(it -> it.endsWith(" split-brain") || it.contains("pri-lost"));
  }

  /// The Primary would lose its data, and that is not to be: nothing is touched.
  @ParameterizedTest
  @CsvSource({
    "disconnect,disconnect,",
    "discard-least-changes,consensus,",
    "discard-least-changes,violently-as0p,disconnect",
    "discard-least-changes,violently-as0p,call-pri-lost",
    "discard-least-changes,call-pri-lost-after-sb,violently",
  })
  void thePrimaryIsNotOverwritten(String zero, String one, String conflict)
      throws MetadataException {
    Pair pair =
        split(
            policies(zero, one, "disconnect", conflict == null ? "violently" : conflict),
            4,
            9,
            "0");
    meet(pair);
    part(pair);
    assertApart(pair, 4, 9);
    assertThat(pair.state(0).role()).isEqualTo(Role.PRIMARY);
    pair.write(0, FIRST, 8);
    assertThat(called.contains("core-01 pri-lost")).isEqualTo("call-pri-lost".equals(conflict));
    assertThat(called.contains("core-01 pri-lost-after-sb"))
        .isEqualTo(one.equals("call-pri-lost-after-sb"));
    assertThat(called).doesNotContain("core-02 pri-lost", "core-02 pri-lost-after-sb");
  }

  /// The handler is to make the node Secondary, by a reboot as a rule: then the policy for no
  /// Primary does the rest.
  @Test
  void theLostPrimaryIsSecondaryWhenItComesBack() throws MetadataException {
    Pair pair =
        split(
            policies("discard-older-primary", "call-pri-lost-after-sb", "disconnect", "disconnect"),
            4,
            9,
            "0");
    pair.nodes[0].programs(
        SimNode.Programs.atOnce(handler -> {
          called.add(handler);
          if (handler.equals("pri-lost-after-sb")) {
            pair.simulation.after(0, () -> pair.kill(0));
          }
          return 0;
        }));
    meet(pair);
    pair.await(() -> called.contains("pri-lost-after-sb"), "the handler");
    pair.run(1_000);
    assertThat(pair.nodes[0].isRunning()).isFalse();
    pair.start(0);
    pair.awaitUpToDate();
    assertStands(pair, 1, 4, 9);
    assertThat(pair.state(0).role()).isEqualTo(Role.SECONDARY);
  }

  /// Dangerous, and asked for: the Primary goes on with the other node's data.
  @Test
  void thePrimaryIsOverwrittenWhereItIsTold() throws MetadataException {
    Pair pair =
        split(
            policies("discard-least-changes", "violently-as0p", "disconnect", "violently"),
            4,
            9,
            "0");
    meet(pair);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
    assertStands(pair, 1, 4, 9);
    assertThat(pair.state(0).role()).isEqualTo(Role.PRIMARY);
    assertThat(pair.read(0, FIRST)).isZero();
    assertThat(pair.read(0, SECOND + 8)).isEqualTo(2);
    pair.write(0, SECOND, 9);
    pair.awaitQuiet();
    assertThat(pair.onDisk(1, SECOND)).isEqualTo(9);
    pair.assertEqualDisks();
  }

  /// The chapter's combination, `allow-two-primaries` aside: one Primary, whichever wrote less.
  @ParameterizedTest
  @CsvSource({"9,4,0", "4,9,1"})
  void theChaptersCombination(int firstBlocks, int secondBlocks, int winner)
      throws MetadataException {
    Pair pair =
        split(
            policies("discard-least-changes", "violently-as0p", "violently-as0p", "violently"),
            firstBlocks,
            secondBlocks,
            "0");
    meet(pair);
    pair.awaitUpToDate();
    assertStands(pair, winner, firstBlocks, secondBlocks);
    assertThat(pair.state(0).role()).isEqualTo(Role.PRIMARY);
  }

  // ---- two Primaries

  /// Two Primaries of a resource that has one only: whatever the policy says, they part.
  @ParameterizedTest
  @ValueSource(strings = {"disconnect", "violently-as0p", "call-pri-lost-after-sb"})
  void twoPrimariesPartWhereOneIsAllowed(String two) throws MetadataException {
    Pair pair = split(policies("discard-least-changes", "consensus", two, "violently"), 4, 9, "01");
    meet(pair);
    part(pair);
    assertApart(pair, 4, 9);
    assertThat(called).contains("core-01 initial-split-brain");
    assertThat(called.contains("core-01 pri-lost-after-sb"))
        .isEqualTo(two.equals("call-pri-lost-after-sb"));
  }

  // ---- writes while they meet

  /// The peer knows of the blocks that it was told of. Marks that come later, as a Primary writes
  /// on, must not turn the verdict of one side only: else both are the source, or both the target.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void writesDuringTheHandshakeDoNotCount(int primary) throws MetadataException {
    for (int more = 0; more < 4; more++) {
      called.clear();
      Pair pair =
          split(
              policies("discard-least-changes", "violently-as0p", "disconnect", "violently"),
              primary == 0 ? 4 : 4 + more,
              primary == 0 ? 4 + more : 4,
              "" + primary);
      meet(pair);
      pair.awaitConn(primary, ConnectionState.WF_REPORT_PARAMS);
      List<Long> writes = new ArrayList<>();
      for (int block = 100; block < 110; block++) {
        writes.add(pair.startWrite(primary, block, 5, false));
      }
      pair.awaitUpToDate();
      writes.forEach(pair::awaitAnswer);
      pair.awaitQuiet();
      pair.assertEqualDisks();
      pair.write(primary, 100, 6);
      assertThat(pair.onDisk(1 - primary, 100)).isEqualTo(6);
    }
  }

  /// A write whose answer from the own disk is still out when its Primary becomes the target is one
  /// of those that are given up, wherever it stands by then: it fails, and the resync passes its
  /// block by until it is done.
  @Test
  void aWriteUnderWayAtATargetLeavesNoDifference() throws MetadataException {
    Pair pair =
        split(
            policies("discard-least-changes", "violently-as0p", "disconnect", "violently"),
            4,
            9,
            "0");
    pair.withheld.hold(pair.nodes[0], Withheld::isWrite);
    long held = pair.startWrite(0, 60, 6, false);
    long inTheWay = pair.startWrite(0, SECOND, 6, false);
    meet(pair);
    pair.run(2_000);
    pair.withheld.release(pair.nodes[0]);
    for (long each : List.of(held, inTheWay)) {
      pair.awaitAnswer(each);
      assertThat(pair.answer(each)).isInstanceOf(Effect.AppFailed.class);
    }
    pair.awaitUpToDate();
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, SECOND + 8)).isEqualTo(2);
  }

  // ---- by hand

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void theAdminDiscards(int loser) throws MetadataException {
    Pair pair = split(new Pair.Setup(), 5, 3, "");
    meet(pair);
    part(pair);
    pair.ok(loser, new AdminCommand.Connect(pair.net(), true, false));
    pair.ok(1 - loser, new AdminCommand.Connect(pair.net(), false, false));
    pair.awaitUpToDate();
    assertStands(pair, 1 - loser, 5, 3);
  }

  /// What was written after the command was not meant by it.
  @Test
  void whoBecomesPrimaryNoLongerDiscards() throws MetadataException {
    Pair pair = split(new Pair.Setup(), 5, 3, "");
    pair.ok(1, new AdminCommand.Disconnect(true));
    pair.ok(1, new AdminCommand.Connect(pair.net(), true, false));
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(1, SECOND + 1, 9);
    pair.ok(1, new AdminCommand.Secondary(0));
    meet(pair);
    part(pair);
    assertThat(pair.onDisk(1, SECOND + 1)).isEqualTo(9);
  }

  /// The peer's admin changed the policies while the nodes were connected: they hold at both.
  @Test
  void aChangedPolicyHoldsAtBoth() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.NetOptions(pair.net().with(Option.AFTER_SB_0PRI, "discard-local")));
    pair.run(1_000);
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.ok(1, new AdminCommand.Primary(0, false));
    write(pair, 0, FIRST, 5);
    write(pair, 1, SECOND, 3);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Secondary(0));
    meet(pair);
    pair.awaitUpToDate();
    assertStands(pair, 1, 5, 3);
  }

  /// The loser dies each time before it hears that the resync has begun; the kernel's two nodes
  /// call each other unrelated after the second time.
  @Test
  void aLoserThatDiesAgainAndAgainFollowsInTheEnd() throws MetadataException {
    Pair pair = split(policies("disconnect", "disconnect", "disconnect", "disconnect"), 3, 2, "0");
    meet(pair);
    part(pair);
    pair.connect(0);
    for (int death = 0; death < 4; death++) {
      pair.ok(1, new AdminCommand.Connect(pair.net(), true, false));
      pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
      assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.WF_SYNC_UUID);
      pair.kill(1);
      pair.startProcess(1);
      pair.attach(1);
      pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    }
    pair.ok(1, new AdminCommand.Connect(pair.net(), true, false));
    pair.awaitUpToDate();
    assertStands(pair, 0, 3, 2);
  }
}
