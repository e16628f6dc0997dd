package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What our node and a real kernel DRBD node say about the same moment, in `/proc/drbd` and in
/// `drbdsetup status`: each the other's words seen from the other side.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelStatusTest {
  private static final Pattern WORD = Pattern.compile("([a-z-]+):(\\S+)");
  private static final Map<String, String> SEEN_FROM_THE_OTHER_SIDE =
      Map.of(
          "SyncSource", "SyncTarget",
          "SyncTarget", "SyncSource",
          "PausedSyncS", "PausedSyncT",
          "PausedSyncT", "PausedSyncS",
          "VerifyS", "VerifyT",
          "VerifyT", "VerifyS",
          "user", "peer",
          "peer", "user");

  @TempDir private static Path folder;
  private static KernelScene scene;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  @Test
  void bothSayTheSameInEveryState() throws IOException {
    scene.inStep("B", "verify-alg sha1;", "--verify-alg=sha1");
    assertAgreement("Established");
    scene.oursIsPrimary();
    KernelPair.write(scene.node, 100, 40, 3);
    assertAgreement("Established");
    scene.kernelIsPrimary();
    scene.kernelWrites(300, 20);
    assertAgreement("Established");
    assertCounters();
    scene.kernel.run("drbdsetup-84 secondary $MINOR");

    // Found out of sync by a verify, and left so.
    scene.pair.rot(110, 3);
    scene.node.drbdadm("verify", "r0");
    scene.node.awaitVolume("3 blocks", it -> it.outOfSyncBlocks() == 3);
    scene.both();
    assertAgreement("Established");

    scene.node.drbdadm("pause-sync", "r0");
    scene.node.drbdadm("invalidate", "r0");
    scene.node.awaitVolume("PausedSyncT", it -> it.connection().equals("PausedSyncT"));
    scene.kernel.run("wait_cs PausedSyncS 20");
    assertAgreement("PausedSyncT");
    scene.node.drbdadm("resume-sync", "r0");
    scene.both();
    scene.kernel.run("drbdsetup-84 pause-sync $MINOR");
    scene.kernel.run("drbdsetup-84 invalidate $MINOR");
    scene.node.awaitVolume("PausedSyncS", it -> it.connection().equals("PausedSyncS"));
    scene.kernel.run("wait_cs PausedSyncT 20");
    assertAgreement("PausedSyncS");
    scene.kernel.run("drbdsetup-84 resume-sync $MINOR");
    scene.both();

    scene.node.drbdadm("detach", "r0");
    scene.kernel.run("wait_ds UpToDate/Diskless 10");
    assertAgreement("Established");
    scene.node.drbdadm("attach", "r0");
    scene.both();
    scene.kernel.run("drbdsetup-84 detach $MINOR");
    scene.node.awaitState("Connected", "UpToDate/Diskless");
    assertAgreement("Established");
    scene.kernel.run(
        "drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null");
    scene.kernel.run("drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M");
    scene.both();
    assertAgreement("Established");
    scene.assertEqual();
  }

  /// Line by line the same objects with the same words in the same order.
  @Test
  void eventsAreToldInTheSameWords() throws IOException {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    for (String more : new String[] {"", " --statistics"}) {
      String words = "events2 --now" + more;
      List<String> kernels = shape(scene.kernel.run("drbdsetup-84 " + words));
      assertThat(shape(scene.node.drbdsetup(words.split(" ")))).isEqualTo(kernels);
      assertThat(kernels).as(more).hasSize(5).anyMatch(it -> it.startsWith("exists peer-device"));
    }
    scene.node.drbdadm("secondary", "r0");
  }

  private static List<String> shape(String events) {
    return events
        .lines()
        .map(line -> line.replaceAll(":\\S+", ":").replaceAll(" (yes|no)\\b", " "))
        .toList();
  }

  private static void assertAgreement(String replication) throws IOException {
    Map<String, String> ours = status(scene.node.drbdadm("status", "r0"));
    Map<String, String> kernels = status(scene.kernel.run("drbdsetup-84 status $RES"));
    assertThat(ours).containsEntry("replication", replication);
    assertThat(mirrored(kernels)).isEqualTo(ours);
    Map<String, String> ourProc = proc(scene.node.drbdadm("proc"));
    Map<String, String> kernelProc = proc(scene.kernel.run("show"));
    for (String same : new String[] {"oos", "wo", "protocol"}) {
      assertThat(ourProc.get(same)).as(same).isEqualTo(kernelProc.get(same));
    }
    for (String swapped : new String[] {"ro", "ds"}) {
      String[] two = Objects.requireNonNull(kernelProc.get(swapped)).split("/");
      assertThat(ourProc.get(swapped)).as(swapped).isEqualTo(two[1] + "/" + two[0]);
    }
    assertThat(ourProc.get("cs")).isEqualTo(seen(Objects.requireNonNull(kernelProc.get("cs"))));
    assertThat(ourProc.keySet()).isEqualTo(kernelProc.keySet());
  }

  /// What the one has sent the other has received.
  private static void assertCounters() throws IOException {
    Map<String, String> ours = proc(scene.node.drbdadm("proc"));
    Map<String, String> kernels = proc(scene.kernel.run("show"));
    assertThat(ours.get("ns")).isEqualTo(kernels.get("nr"));
    assertThat(ours.get("nr")).isEqualTo(kernels.get("ns"));
    assertThat(ours.get("dw")).isEqualTo(kernels.get("dw"));
  }

  /// The words of `status`; those below `peer` that are there twice begin with `peer-`.
  private static Map<String, String> status(String text) {
    Map<String, String> words = new TreeMap<>();
    boolean isPeer = false;
    for (String line : text.lines().toList()) {
      isPeer |= line.strip().startsWith("peer ");
      Matcher word = WORD.matcher(line);
      while (word.find()) {
        boolean isPeers = isPeer && word.group(1).equals("role");
        words.put(isPeers ? "peer-role" : word.group(1), word.group(2));
      }
    }
    return words;
  }

  private static Map<String, String> mirrored(Map<String, String> words) {
    Map<String, String> seen = new TreeMap<>();
    words.forEach((word, value) ->
        seen.put(
            switch (word) {
              case "role" -> "peer-role";
              case "peer-role" -> "role";
              case "disk" -> "peer-disk";
              case "peer-disk" -> "disk";
              default -> word;
            },
            seen(value)));
    return seen;
  }

  private static String seen(String value) {
    return SEEN_FROM_THE_OTHER_SIDE.getOrDefault(value, value);
  }

  /// The words of volume 0 in /proc/drbd, and its protocol.
  private static Map<String, String> proc(String text) {
    Map<String, String> words = new TreeMap<>();
    Matcher volume = Pattern.compile("(?s)\\n *0: (.*?)(\\n *1: .*)?$").matcher(text);
    assertThat(volume.find()).as(text).isTrue();
    Matcher word = WORD.matcher(volume.group(1));
    while (word.find()) {
      words.put(word.group(1), word.group(2));
    }
    Matcher protocol = Pattern.compile("ds:\\S+ ([ABC]) ").matcher(volume.group(1));
    words.put("protocol", protocol.find() ? protocol.group(1) : "");
    return words;
  }
}
