package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.host.nbd.NbdClient;
import org.twincore.nbd.ZeroMode;

/// Many short scenarios of our node beside one real kernel DRBD node: each begins with new metadata
/// on both sides and equal disks, and ends with equal disks.
///
/// A scenario that is refused must be refused by both.
@Tag("interop")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KernelInteropTest {
  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelPair pair;
  private static NodeProcess node;
  private static KernelPeer kernel;
  private static int value = 50;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
    pair = scene.pair;
    node = scene.node;
    kernel = scene.kernel;
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  // ---- writes

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void writesInBothDirections(String protocol) throws IOException {
    scene.inStep(protocol, "", "");
    scene.oursIsPrimary();
    KernelPair.write(node, 100, 50, 1);
    scene.kernelIsPrimary();
    scene.kernelWrites(120, 50);
    scene.kernelWrites(3, 4, 1 << 20);
    scene.kernelWrites(9999, 7, 512);
    scene.oursIsPrimary();
    KernelPair.assertHolds(node, 100, 20, 1);
    scene.assertEqual();
  }

  @Tag("full")
  @Test
  void everySizeAndKindOfWrite() throws IOException {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    try (NbdClient client = node.nbd()) {
      for (int bytes = 512; bytes <= 1 << 20; bytes *= 2) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) bytes);
        data[0] = 7;
        client.pwrite(data, 5L * bytes);
        client.pwriteDurably(data, (6L << 20) + 512);
      }
      client.trim(1 << 20, 3 << 20);
      client.writeZeroes(4 << 20, (1 << 20) + 512, ZeroMode.MAY_PUNCH);
      client.writeZeroes(2 << 20, 1 << 20, ZeroMode.NO_HOLE);
      client.flush();
    }
    KernelPair.awaitClosed(node);
    scene.assertEqual();
  }

  // ---- resync

  @ParameterizedTest
  @CsvSource({"yes,ours", "no,ours", "yes,kernel", "no,kernel"})
  void whoWasAwayFetchesWhatChanged(String rle, String writer) throws IOException {
    scene.inStep("C", "use-rle " + rle + ";", "--use-rle=" + rle);
    boolean isOurs = writer.equals("ours");
    if (isOurs) {
      scene.oursIsPrimary();
      node.drbdadm("disconnect", "r0");
      KernelPair.write(node, 1000, 30, 9);
      KernelPair.write(node, 1500, 3, 9);
      node.drbdadm("connect", "r0");
    } else {
      scene.kernelIsPrimary();
      kernel.run("peer_disconnect");
      scene.kernelWrites(1000, 30);
      scene.kernelWrites(1500, 3);
      kernel.run("peer_connect");
    }
    scene.assertEqual();
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"invalidate", "invalidate-remote"})
  void eitherDeclaresDataWorthless(String command) throws IOException {
    scene.inStep("C", "", "");
    node.drbdadm(command, "r0");
    node.awaitVolume("a resync", it -> !it.connection().equals("Connected"));
    scene.assertEqual();
    kernel.run("drbdsetup-84 " + command + " $MINOR");
    scene.assertEqual();
  }

  @Tag("full")
  @Test
  void eitherPausesAResync() throws IOException {
    scene.inStep("C", "", "");
    node.drbdadm("pause-sync", "r0");
    node.drbdadm("invalidate", "r0");
    kernel.run("wait_cs PausedSyncS 20");
    node.awaitVolume("PausedSyncT", it -> it.connection().equals("PausedSyncT"));
    node.drbdadm("resume-sync", "r0");
    scene.assertEqual();
    kernel.run("drbdsetup-84 pause-sync $MINOR");
    kernel.run("drbdsetup-84 invalidate $MINOR");
    node.awaitVolume("PausedSyncS", it -> it.connection().equals("PausedSyncS"));
    kernel.run("drbdsetup-84 resume-sync $MINOR");
    scene.assertEqual();
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void theInitialSyncIsSkipped(String asks) throws IOException {
    scene.fresh("C", "", "");
    kernel.run("wait_cs Connected 30");
    if (asks.equals("ours")) {
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    } else {
      kernel.run("drbdsetup-84 new-current-uuid $MINOR --clear-bitmap");
    }
    scene.assertEqual();
  }

  // ---- disks

  @Test
  void oursGoesOnWithTheKernelsDisk() throws IOException {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    KernelPair.write(node, 300, 20, 4);
    node.drbdadm("detach", "r0");
    kernel.run("wait_ds UpToDate/Diskless 10");
    KernelPair.assertHolds(node, 300, 20, 4);
    KernelPair.write(node, 310, 20, 5);
    KernelPair.assertHolds(node, 310, 20, 5);
    node.drbdadm("attach", "r0");
    scene.assertEqual();
    KernelPair.assertHolds(node, 310, 20, 5);
  }

  @Test
  void theKernelGoesOnWithOurDisk() throws IOException {
    scene.inStep("C", "", "");
    scene.kernelIsPrimary();
    kernel.run("drbdsetup-84 detach $MINOR");
    node.awaitState("Connected", "UpToDate/Diskless");
    scene.kernelWrites(300, 20);
    kernel.run("dd if=$DEV of=/dev/null bs=4096 count=20 skip=300 iflag=direct");
    // As drbdadm does it.
    kernel.run("drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null");
    kernel.run("drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M");
    scene.assertEqual();
  }

  // ---- who may connect

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"md5", "sha1", "sha256"})
  void theSecretIsShared(String algorithm) throws IOException {
    scene.inStep(
        "C",
        "cram-hmac-alg " + algorithm + "; shared-secret between-us;",
        "--cram-hmac-alg=" + algorithm + " --shared-secret=between-us");
    scene.assertEqual();
  }

  @Tag("full")
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cram-hmac-alg sha1; shared-secret a; | --cram-hmac-alg=sha1 --shared-secret=b
          cram-hmac-alg sha1; shared-secret a; | --use-rle=yes
          cram-hmac-alg sha1; shared-secret a; | --cram-hmac-alg=md5 --shared-secret=a
          after-sb-0pri discard-zero-changes;  | --after-sb-0pri=disconnect
          after-sb-1pri consensus;             | --after-sb-1pri=disconnect
          after-sb-2pri violently-as0p;        | --after-sb-2pri=disconnect
          verify-alg sha1;                     | --verify-alg=md5
          csums-alg sha1;                      | --csums-alg=md5
          data-integrity-alg sha1;             | --data-integrity-alg=md5
          protocol B;                          | --use-rle=yes
          """)
  void differentSettingsStayApart(String ours, String theirs) throws Exception {
    scene.fresh("C", ours, theirs);
    node.awaitLog("connection lost"); // they have met
    Thread.sleep(2_000); // and whoever tries again has had the time to
    assertThat(node.volume().orElseThrow().connection()).isNotEqualTo("Connected");
    assertThat(kernel.run("field cs").strip()).isNotEqualTo("Connected");
  }

  // ---- split brain

  /// Both were Primary alone, one after the other. What ours wrote is new.
  private static void splitBrain(int ourBlocks, int theirBlocks) throws IOException {
    value++;
    node.drbdadm("disconnect", "r0");
    kernel.run("peer_disconnect --force");
    if (ourBlocks > 0) {
      node.drbdadm("primary", "r0");
      KernelPair.write(node, 700, ourBlocks, value);
      node.drbdadm("secondary", "r0");
    }
    if (theirBlocks > 0) {
      kernel.run("drbdsetup-84 primary $MINOR");
      scene.kernelWrites(710, theirBlocks);
      kernel.run("drbdsetup-84 secondary $MINOR");
    }
  }

  private static void meetAgain() throws IOException {
    kernel.run("peer_connect");
    node.drbdadm("connect", "r0");
  }

  @Test
  void aSplitBrainIsRefusedAndSettledByHand() throws IOException {
    scene.inStep("C", "", "");
    splitBrain(20, 20);
    meetAgain();
    node.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    kernel.run("wait_cs '[!C]*' 20");
    kernel.run("peer_disconnect --force >/dev/null 2>&1; true");
    kernel.run("peer_connect --discard-my-data");
    node.drbdadm("connect", "r0");
    scene.assertEqual();
    node.drbdadm("primary", "r0");
    KernelPair.assertHolds(node, 700, 20, value);
    node.drbdadm("secondary", "r0");

    splitBrain(5, 5);
    kernel.run("peer_connect");
    node.drbdadm("connect", "--discard-my-data", "r0");
    scene.assertEqual();
  }

  @Tag("full")
  @ParameterizedTest
  @CsvSource({
    "discard-least-changes,5,30,kernel",
    "discard-least-changes,30,5,ours",
    "discard-younger-primary,10,10,",
    "discard-older-primary,10,10,"
  })
  void aPolicySettlesIt(String policy, int ourBlocks, int theirBlocks, String winner)
      throws IOException {
    scene.inStep("C", "after-sb-0pri " + policy + ";", "--after-sb-0pri=" + policy);
    splitBrain(ourBlocks, theirBlocks);
    meetAgain();
    scene.assertEqual();
    if (winner != null) {
      node.drbdadm("primary", "r0");
      boolean hasOurs = holds(700, 4);
      assertThat(hasOurs).isEqualTo(winner.equals("ours"));
      node.drbdadm("secondary", "r0");
    }
  }

  private static boolean holds(int firstBlock, int blocks) throws IOException {
    try {
      KernelPair.assertHolds(node, firstBlock, blocks, value);
      return true;
    } catch (AssertionError other) {
      return false;
    }
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"discard-secondary", "consensus", "violently-as0p"})
  void aPolicySettlesItBesideAPrimary(String policy) throws IOException {
    scene.inStep(
        "C",
        "after-sb-0pri discard-least-changes; after-sb-1pri " + policy + ";",
        "--after-sb-0pri=discard-least-changes --after-sb-1pri=" + policy);
    splitBrain(30, 5);
    node.drbdadm("primary", "r0");
    meetAgain();
    scene.assertEqual();
    KernelPair.assertHolds(node, 700, 4, value);
    node.drbdadm("secondary", "r0");
  }

  private static final String LEAST =
      "after-sb-0pri discard-least-changes; after-sb-1pri %1$s; rr-conflict %2$s;";
  private static final String KERNELS_LEAST =
      "--after-sb-0pri=discard-least-changes --after-sb-1pri=%1$s --rr-conflict=%2$s";

  /// Split, with the Primary on the side that wrote less; the other one has to win.
  private static void thePrimaryWroteLess(String primary, String policy, String conflict)
      throws IOException {
    scene.inStep("C", LEAST.formatted(policy, conflict), KERNELS_LEAST.formatted(policy, conflict));
    kernel.run("dmesg -c >/dev/null");
    node.ignoreLogSoFar();
    boolean isOurs = primary.equals("ours");
    splitBrain(isOurs ? 5 : 30, isOurs ? 30 : 5);
    if (isOurs) {
      node.drbdadm("primary", "r0");
    } else {
      kernel.run("drbdsetup-84 primary $MINOR");
    }
    meetAgain();
  }

  private static void assertWinner(String winner) throws IOException {
    scene.assertEqual();
    scene.oursIsPrimary();
    assertThat(holds(700, 4)).isEqualTo(winner.equals("ours"));
    node.drbdadm("secondary", "r0");
  }

  /// The losing Primary goes StandAlone and says so in its log; of the kernel's it is the handler.
  private static void loserLeaves(String primary, String ourWords, String handler)
      throws IOException {
    if (primary.equals("ours")) {
      node.awaitLog(ourWords);
      node.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    } else {
      kernel.run("wait_cs StandAlone 90");
      assertThat(kernel.run("dmesg")).contains(handler + " minor-0");
    }
  }

  /// While a connection is being made no Primary can give up its role, neither here nor there: its
  /// handler is called and it goes StandAlone, until it is Secondary and connects again.
  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void theLosingPrimaryCallsItsHandler(String primary) throws IOException {
    thePrimaryWroteLess(primary, "call-pri-lost-after-sb", "violently");
    loserLeaves(primary, "the losing Primary cannot give up its role", "pri-lost-after-sb");
    kernel.run("drbdsetup-84 secondary $MINOR; peer_disconnect --force >/dev/null 2>&1; true");
    node.drbdadm("disconnect", "--force", "r0");
    node.drbdadm("secondary", "r0");
    meetAgain();
    assertWinner(primary.equals("ours") ? "kernel" : "ours");
  }

  /// As the chapter has it: the Primary goes on with the data of the other one.
  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void theLosingPrimaryIsOverwrittenWhereItIsTold(String primary) throws IOException {
    thePrimaryWroteLess(primary, "violently-as0p", "violently");
    scene.assertEqual();
    assertThat(kernel.run("field ro").strip())
        .isEqualTo(primary.equals("ours") ? "Secondary/Primary" : "Primary/Secondary");
    assertWinner(primary.equals("ours") ? "kernel" : "ours");
  }

  /// The same with `rr-conflict call-pri-lost`: the handler of the loser, and nobody's data; the
  /// winner goes on alone.
  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void theLosingPrimaryPartsWhereItIsNotTold(String primary) throws IOException {
    thePrimaryWroteLess(primary, "violently-as0p", "call-pri-lost");
    loserLeaves(primary, "I shall become SyncTarget, but I am primary", "pri-lost");
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isPositive();
    if (primary.equals("kernel")) {
      assertThat(scene.kernelLog()).contains("I shall become SyncTarget, but I am primary");
      node.awaitState("WFConnection", "UpToDate/DUnknown");
    }
    // By hand, so that the next scenario finds equal disks.
    kernel.run("drbdsetup-84 secondary $MINOR; peer_disconnect --force >/dev/null 2>&1; true");
    node.drbdadm("disconnect", "--force", "r0");
    node.drbdadm("secondary", "r0");
    kernel.run("peer_connect" + (primary.equals("kernel") ? " --discard-my-data" : ""));
    if (primary.equals("ours")) {
      node.drbdadm("connect", "--discard-my-data", "r0");
    } else {
      node.drbdadm("connect", "r0");
    }
    assertWinner(primary.equals("ours") ? "kernel" : "ours");
  }
}
