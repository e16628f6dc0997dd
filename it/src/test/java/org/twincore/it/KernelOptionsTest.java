package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.PacketType;

/// Options of the connection that either admin changes while our node and a real kernel DRBD node
/// are connected: they hold at both at once, the connection stays, and what is written then
/// arrives.
@Tag("interop")
@Tag("full")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class KernelOptionsTest {
  private static final Pattern OPTION =
      Pattern.compile(
          "(?m)^\\s+(protocol|after-sb-\\dpri|verify-alg|allow-two-primaries)"
              + "\\s+\"?([\\w-]*)\"?;");
  private static final String KERNELS_CONNECTION =
      "ipv4:10.0.2.15:$GUEST_PORT ipv4:10.0.2.2:$PEER_PORT";

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static int changes;
  private static int value;

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
      // One for each change, from the node whose admin made it.
      assertThat(scene.end()).containsEntry(PacketType.PROTOCOL_UPDATE, changes);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void whatEitherAdminChangesHoldsAtBoth(String admin) throws Exception {
    scene.inStep("C", "", "");
    scene.kernel.run("dmesg -c >/dev/null");
    scene.node.ignoreLogSoFar();
    change(admin, "protocol", "A");
    bothWrite();
    change(admin, "protocol", "B");
    bothWrite();
    change(admin, "after-sb-0pri", "discard-zero-changes");
    change(admin, "after-sb-1pri", "consensus");
    change(admin, "after-sb-2pri", "violently-as0p");
    change(admin, "verify-alg", "sha1");
    eachVerifies();
    change(admin, "verify-alg", "crc32c");
    eachVerifies();
    change(admin, "protocol", "C");
    change(admin, "allow-two-primaries", "yes");
    bothArePrimary();
    change(admin, "allow-two-primaries", "no");
    onlyOneMayBePrimary();
    bothWrite();
    assertThat(scene.kernelLog()).doesNotContain("WFConnection");
    assertThat(scene.node.newLog()).doesNotContain("WFConnection");
  }

  private static void change(String admin, String option, String wanted) throws IOException {
    String words = "--" + option + "=" + wanted;
    if (admin.equals("ours")) {
      scene.node.drbdadm("net-options", words, "r0");
    } else {
      scene.kernel.run("drbdsetup-84 net-options " + KERNELS_CONNECTION + " " + words);
    }
    changes++;
    String toldTo = admin.equals("ours") ? "kernel" : "ours";
    awaitOption(toldTo, option, wanted);
    Map<String, String> ours = shown("ours");
    assertThat(ours).hasSize(6).containsEntry(option, wanted).isEqualTo(shown("kernel"));
  }

  private static Map<String, String> shown(String side) throws IOException {
    String text =
        side.equals("ours")
            ? scene.node.drbdsetup("show", "--show-defaults", "r0")
            : scene.kernel.run("drbdsetup-84 show --show-defaults $RES");
    Map<String, String> options = new TreeMap<>();
    Matcher option = OPTION.matcher(text);
    while (option.find()) {
      options.put(option.group(1), option.group(2));
    }
    return options;
  }

  /// What one node is told comes a little later than the other one's command ends.
  private static void awaitOption(String side, String option, String wanted) throws IOException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20L * Patience.FACTOR);
    while (!wanted.equals(shown(side).get(option)) && System.nanoTime() < until) {
      scene.kernel.run("sleep 0.1");
    }
  }

  private static void bothWrite() throws Exception {
    value += 40;
    scene.oursIsPrimary();
    KernelPair.write(scene.node, 100, 50, value);
    scene.kernelIsPrimary();
    scene.kernelWrites(120, 50);
    scene.oursIsPrimary();
    KernelPair.assertHolds(scene.node, 100, 20, value);
    scene.both();
    scene.pair.awaitEqualDisks();
  }

  /// Both compare by the same digest, or each block would differ.
  private static void eachVerifies() throws IOException {
    scene.kernel.run("dmesg -c >/dev/null");
    scene.node.drbdadm("verify", "r0");
    scene.node.awaitLog("cs:VerifyS");
    scene.both();
    scene.kernel.run("drbdsetup-84 verify $MINOR");
    scene.both();
    assertThat(scene.kernelLog())
        .contains("Connected -> VerifyT", "Connected -> VerifyS", "Online verify done");
    scene.assertEqual();
  }

  private static void bothArePrimary() throws IOException {
    scene.node.drbdadm("primary", "r0");
    scene.kernel.run("drbdsetup-84 primary $MINOR");
    scene.kernel.run("drbdsetup-84 secondary $MINOR");
  }

  private static void onlyOneMayBePrimary() throws IOException {
    scene.oursIsPrimary();
    scene.kernel.run("! drbdsetup-84 primary $MINOR 2>/dev/null");
  }
}
