package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.it.KernelSplit.Side;

/// The policies after a split brain beside a real kernel DRBD node: whose data wins, on both disks,
/// or that both stay apart; and which handlers each calls.
///
/// Where a policy looks at something else than the number of changed blocks, these say the
/// opposite.
@Tag("interop")
@Tag("full")
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class KernelSplitBrainTest {
  private static final String INITIAL = "initial-split-brain";
  private static final String UNSOLVED = "split-brain";
  private static final List<String> HANDLERS =
      List.of(INITIAL, UNSOLVED, "pri-lost-after-sb", "pri-lost");
  private static final Pattern KERNELS_HANDLER = Pattern.compile("/bin/true (\\S+) minor-0\n");

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelPair pair;
  private static NodeProcess node;
  private static KernelPeer kernel;
  private static KernelSplit split;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
    pair = scene.pair;
    node = scene.node;
    kernel = scene.kernel;
    split = new KernelSplit(scene);
    StringBuilder handlers = new StringBuilder("handlers {");
    for (String handler : HANDLERS) {
      handlers.append(" %s \"echo %s >>%s\";".formatted(handler, handler, called()));
    }
    pair.sections(handlers + " }");
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.begin(test);
    Files.deleteIfExists(called());
  }

  @AfterEach
  void endsAreEnds() {
    pair.ends().letGo();
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  private static Path called() {
    return folder.resolve("called");
  }

  /// Both in step, with this text for the net section of ours and these options for the kernel.
  private static void inStep(String ours, String theirs) throws IOException {
    scene.inStep("C", ours, theirs);
    kernel.run("dmesg -c >/dev/null");
    node.ignoreLogSoFar();
  }

  /// The same policies on both, as `after-sb-0pri X` and so on.
  private static void inStep(List<String> settings) throws IOException {
    inStep(
        String.join("; ", settings) + ";",
        String.join(" ", settings.stream().map(it -> "--" + it.replace(' ', '=')).toList()));
  }

  // ---- both Secondary

  /// `older` is who was Primary when they parted; nobody if it is empty, and then the policy has to
  /// find something else.
  @ParameterizedTest
  @CsvSource({
    "discard-younger-primary,discard-younger-primary,OURS,5,30,OURS",
    "discard-younger-primary,discard-younger-primary,KERNEL,30,5,KERNEL",
    "discard-older-primary,discard-older-primary,OURS,30,5,KERNEL",
    "discard-older-primary,discard-older-primary,KERNEL,5,30,OURS",
    "discard-younger-primary,discard-younger-primary,,5,30,KERNEL",
    "discard-older-primary,discard-older-primary,,30,5,OURS",
    "discard-older-primary,discard-older-primary,,0,5,KERNEL",
    "discard-zero-changes,discard-zero-changes,,0,5,KERNEL",
    "discard-zero-changes,discard-zero-changes,,5,0,OURS",
    "discard-least-changes,discard-least-changes,,5,30,KERNEL",
    "discard-least-changes,discard-least-changes,,30,5,OURS",
    "discard-local,discard-remote,,30,5,KERNEL",
    "discard-remote,discard-local,,5,30,OURS",
    "discard-node-ours,discard-remote,,30,5,KERNEL",
    "discard-node-kernel,discard-local,,5,30,OURS",
  })
  void aPolicySettlesIt(
      String ours, String theirs, @Nullable Side older, int ourBlocks, int theirBlocks, Side winner)
      throws Exception {
    inStep("after-sb-0pri " + ours + ";", "--after-sb-0pri=" + theirs);
    if (older == null) {
      split.part(ourBlocks, theirBlocks);
    } else {
      split.partBesidePrimary(older, ourBlocks, theirBlocks);
    }
    split.meetAgain();
    split.assertWon(winner);
    assertHandlers(Side.OURS, INITIAL);
    assertHandlers(Side.KERNEL, INITIAL);
  }

  /// Nothing is on either side: who has what the other took by chance decides, the same on both.
  @ParameterizedTest
  @CsvSource({
    "discard-least-changes,10",
    "discard-younger-primary,10",
    "discard-older-primary,10",
    "discard-zero-changes,0"
  })
  void whereNothingDecidesBothDecideTheSame(String policy, int blocks) throws Exception {
    inStep(List.of("after-sb-0pri " + policy));
    split.part(blocks, blocks);
    split.meetAgain();
    scene.assertEqual();
    boolean kernelWon = scene.kernelLog().contains("automatically solved. Sync from this node");
    split.assertWon(kernelWon ? Side.KERNEL : Side.OURS);
  }

  // ---- one Primary

  @ParameterizedTest
  @CsvSource({
    "discard-secondary,OURS,5,30",
    "discard-secondary,KERNEL,30,5",
    "consensus,OURS,30,5",
    "consensus,KERNEL,5,30",
    "violently-as0p,OURS,30,5",
    "violently-as0p,KERNEL,5,30",
    "call-pri-lost-after-sb,OURS,30,5",
    "call-pri-lost-after-sb,KERNEL,5,30",
  })
  void thePrimaryWins(String policy, Side primary, int ourBlocks, int theirBlocks)
      throws Exception {
    inStep(List.of("after-sb-0pri discard-least-changes", "after-sb-1pri " + policy));
    split.part(ourBlocks, theirBlocks);
    split.promote(primary);
    split.meetAgain();
    split.assertWon(primary);
    split.demote(primary);
    assertHandlers(Side.OURS, INITIAL);
    assertHandlers(Side.KERNEL, INITIAL);
  }

  // ---- nobody wins

  /// Each hears all that the other says, decides that nothing is decided, and goes StandAlone.
  @ParameterizedTest
  @CsvSource({
    "disconnect,disconnect,disconnect,,5,30",
    "discard-zero-changes,disconnect,disconnect,,5,30",
    "discard-least-changes,disconnect,disconnect,OURS,30,5",
    "discard-least-changes,disconnect,disconnect,KERNEL,5,30",
    "discard-least-changes,consensus,disconnect,OURS,5,30",
    "discard-least-changes,consensus,disconnect,KERNEL,30,5",
    "discard-least-changes,discard-secondary,disconnect,both,5,30",
  })
  void bothStayApart(
      String none, String one, String two, @Nullable String primary, int ourBlocks, int theirBlocks)
      throws Exception {
    inStep(
        List.of(
            "after-sb-0pri " + none,
            "after-sb-1pri " + one,
            "after-sb-2pri " + two,
            "allow-two-primaries yes"));
    split.part(ourBlocks, theirBlocks);
    for (Side side : Side.values()) {
      if (side.name().equals(primary) || "both".equals(primary)) {
        split.promote(side);
      }
    }
    assertStayApart();
    settle(ourBlocks < theirBlocks ? Side.OURS : Side.KERNEL);
  }

  /// Nothing but an ancestor is left in common: the policies are asked only with `always-asbp`, and
  /// then all is copied.
  @ParameterizedTest
  @CsvSource({"no,5,30,KERNEL", "yes,5,30,KERNEL", "yes,30,5,OURS"})
  void whatIsAmbiguousIsSettledWhereItIsAlways(
      String always, int ourBlocks, int theirBlocks, Side winner) throws Exception {
    inStep(List.of("after-sb-0pri discard-least-changes", "always-asbp " + always));
    split.part(ourBlocks, theirBlocks);
    kernel.run("drbdsetup-84 new-current-uuid $MINOR");
    if (always.equals("no")) {
      assertStayApart();
      settle(winner.other());
      return;
    }
    if (winner == Side.OURS) {
      pair.rotTheirs(1200, 100);
    } else {
      pair.rot(1200, 100);
    }
    split.meetAgain();
    split.assertWon(winner);
    assertThat(scene.kernelLog()).contains("Doing a full sync");
  }

  private static void assertStayApart() throws Exception {
    split.meetInVain();
    assertHandlers(Side.OURS, INITIAL, UNSOLVED);
    assertHandlers(Side.KERNEL, INITIAL, UNSOLVED);
  }

  /// By hand, so that the next scenario finds equal disks; where there is a policy for two
  /// Secondaries, it is who loses by that.
  private static void settle(Side loser) throws IOException {
    split.leaveBoth();
    split.meetDiscarding(loser);
    split.assertWon(loser.other());
  }

  // ---- a Primary loses

  /// Split, with the loser Primary, alone or beside the winner: it wrote less. Both hear all that
  /// the other says.
  private static void thePrimaryWroteLess(Side loser, int primaries, String policy, String conflict)
      throws IOException {
    inStep(
        List.of(
            "after-sb-0pri discard-least-changes",
            "after-sb-" + primaries + "pri " + policy,
            "rr-conflict " + conflict,
            "allow-two-primaries " + (primaries == 2 ? "yes" : "no")));
    split.part(loser == Side.OURS ? 5 : 30, loser == Side.OURS ? 30 : 5);
    split.promote(loser);
    if (primaries == 2) {
      split.promote(loser.other());
    }
    pair.ends().hold();
    split.meetAgain();
  }

  /// The losing Primary goes StandAlone; the winner, which has heard all of it, waits for it.
  private static void loserLeaves(Side loser, String ourWords) throws Exception {
    if (loser == Side.OURS) {
      node.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
      assertThat(node.newLog()).contains(ourWords);
      kernel.run("wait_cs WFBitMapS 90");
      pair.ends().letGo();
      kernel.run("wait_cs WFConnection 90");
    } else {
      kernel.run("wait_cs StandAlone 90");
      node.awaitLog("becoming SyncSource");
      pair.ends().letGo();
      node.awaitState("WFConnection", "UpToDate/DUnknown");
    }
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isPositive();
  }

  /// While a connection is being made no Primary can give up its role, neither here nor there: its
  /// handler is called and it goes StandAlone, until it is Secondary and connects again.
  @ParameterizedTest
  @CsvSource({"OURS,1", "KERNEL,1", "OURS,2", "KERNEL,2"})
  void theLosingPrimaryCallsItsHandler(Side loser, int primaries) throws Exception {
    thePrimaryWroteLess(loser, primaries, "call-pri-lost-after-sb", "violently");
    loserLeaves(loser, "the losing Primary cannot give up its role");
    assertHandlers(loser, INITIAL, "pri-lost-after-sb", UNSOLVED);
    assertHandlers(loser.other(), INITIAL);
    split.leaveBoth();
    split.meetAgain();
    split.assertWon(loser.other());
  }

  /// As the chapter has it: the Primary goes on with the data of the other one.
  @ParameterizedTest
  @CsvSource({"OURS,1", "KERNEL,1", "OURS,2", "KERNEL,2"})
  void theLosingPrimaryIsOverwrittenWhereItIsTold(Side loser, int primaries) throws Exception {
    thePrimaryWroteLess(loser, primaries, "violently-as0p", "violently");
    split.assertWon(loser.other());
    String others = primaries == 2 ? "Primary" : "Secondary";
    assertThat(kernel.run("field ro").strip())
        .isEqualTo(loser == Side.OURS ? others + "/Primary" : "Primary/" + others);
    assertHandlers(Side.OURS, INITIAL);
    assertHandlers(Side.KERNEL, INITIAL);
    split.demote(Side.OURS);
    split.demote(Side.KERNEL);
  }

  /// With any other `rr-conflict` it is nobody's data; the winner goes on alone.
  @ParameterizedTest
  @CsvSource({
    "call-pri-lost,OURS,1",
    "call-pri-lost,KERNEL,1",
    "disconnect,OURS,1",
    "disconnect,KERNEL,1",
    "disconnect,OURS,2",
    "disconnect,KERNEL,2",
  })
  void theLosingPrimaryPartsWhereItIsNotTold(String conflict, Side loser, int primaries)
      throws Exception {
    thePrimaryWroteLess(loser, primaries, "violently-as0p", conflict);
    loserLeaves(loser, "I shall become SyncTarget, but I am primary");
    if (loser == Side.KERNEL) {
      assertThat(scene.kernelLog()).contains("I shall become SyncTarget, but I am primary");
    }
    boolean isCalled = conflict.equals("call-pri-lost");
    assertHandlers(loser, isCalled ? new String[] {INITIAL, "pri-lost"} : new String[] {INITIAL});
    assertHandlers(loser.other(), INITIAL);
    settle(loser);
  }

  // ---- handlers

  /// Which of [#HANDLERS] a side has called since the scenario began; of ours in any order, for
  /// they run beside each other.
  private static void assertHandlers(Side side, String... expected) throws Exception {
    if (side == Side.KERNEL) {
      List<String> calls =
          KERNELS_HANDLER
              .matcher(scene.kernelLog())
              .results()
              .map((MatchResult it) -> it.group(1))
              .filter(HANDLERS::contains)
              .toList();
      assertThat(calls).containsExactly(expected);
      return;
    }
    for (int tries = 0; tries < 300 && ours().size() < expected.length; tries++) {
      Thread.sleep(100);
    }
    assertThat(ours()).containsExactlyInAnyOrder(expected);
  }

  private static List<String> ours() throws IOException {
    return Files.exists(called()) ? Files.readAllLines(called()) : List.of();
  }
}
