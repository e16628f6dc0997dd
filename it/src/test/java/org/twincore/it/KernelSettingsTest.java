package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.wire.PacketType;
import org.twincore.it.KernelSplit.Side;

/// Settings that do not match, ours one way and the kernel's the other, and the other way round.
///
/// Whoever hears of it says which setting it is and goes StandAlone; whoever only sees the
/// connection go waits for the peer. Two kernels do the same, and there it is chance who hears;
/// here each scenario is met three times: ours hears of it alone, the kernel does, both do.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelSettingsTest {
  private static final String LONG_SECRET = "a-secret-of-62-characters".repeat(3).substring(0, 62);

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelPair pair;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
    pair = scene.pair;
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.begin(test);
  }

  @AfterEach
  void everythingArrivesAgain() {
    pair.oursSays().speakFreely();
    pair.kernelSays().speakFreely();
    pair.ends().letGo();
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  /// The nodes are made to meet.
  private interface Meeting {
    void begin() throws IOException;
  }

  /// What each says of it.
  private record Words(String ours, String kernels) {}

  /// The setting, and two values that do not go together.
  @ParameterizedTest
  @CsvSource({
    "protocol,B,C",
    "protocol,C,A",
    "after-sb-0pri,discard-zero-changes,disconnect",
    "after-sb-0pri,disconnect,discard-younger-primary",
    "after-sb-0pri,discard-local,discard-local",
    "after-sb-1pri,consensus,disconnect",
    "after-sb-1pri,disconnect,discard-secondary",
    "after-sb-2pri,violently-as0p,disconnect",
    "after-sb-2pri,disconnect,violently-as0p",
    "allow-two-primaries,yes,no",
    "allow-two-primaries,no,yes",
    "data-integrity-alg,sha1,md5",
    "data-integrity-alg,crc32c,sha1",
  })
  void whatDoesNotMatchIsNamedByWhoeverHearsOfIt(String setting, String ours, String theirs)
      throws Exception {
    boolean isProtocol = setting.equals("protocol");
    threeTimes(
        PacketType.PROTOCOL,
        () ->
            scene.fresh(
                isProtocol ? theirs : "C",
                setting + " " + ours + ";",
                isProtocol ? "" : "--" + setting + "=" + theirs),
        new Words(setting + " differs", "incompatible " + setting + " settings"));
  }

  @ParameterizedTest
  @CsvSource({"verify-alg,sha1,md5", "verify-alg,md5,crc32c", "csums-alg,sha1,md5"})
  void soAreDigestsThatDiffer(String setting, String ours, String theirs) throws Exception {
    threeTimes(
        PacketType.SYNC_PARAM89,
        () -> scene.fresh("C", setting + " " + ours + ";", "--" + setting + "=" + theirs),
        new Words(
            setting + " differs: here '" + ours + "', at the peer '" + theirs + "'",
            "Different %s settings. me=\"%s\" peer=\"%s\"".formatted(setting, theirs, ours)));
  }

  // ---- who the peer is

  /// Another secret, none there (ours without one is refused by drbdadm), and one that differs in
  /// its 63rd character.
  @ParameterizedTest
  @CsvSource({"sha1,a,b", "sha1,a,", "sha256,a,b", "sha1,long-a,long-b"})
  void whoeverHearsAWrongAnswerIsGone(String algorithm, String ours, @Nullable String theirs)
      throws Exception {
    String kernels = theirs == null ? "" : " --shared-secret=" + secret(theirs);
    threeTimes(
        PacketType.AUTH_RESPONSE,
        () ->
            scene.fresh(
                "C",
                "cram-hmac-alg " + algorithm + "; shared-secret " + secret(ours) + ";",
                "--cram-hmac-alg=" + algorithm + kernels),
        new Words(
            "authentication failed: the peer does not know the shared-secret",
            "Authentication of peer failed\n"));
  }

  private static String secret(String word) {
    return word.replace("long-", LONG_SECRET);
  }

  /// Who asks for an answer gets none and is gone; who is asked does not know the question, and
  /// goes on trying.
  @ParameterizedTest
  @CsvSource({"OURS", "KERNEL"})
  void onlyOneAsksWhoThePeerIs(Side asks) throws Exception {
    boolean isOurs = asks == Side.OURS;
    pair.ends().hold();
    scene.fresh(
        "C",
        isOurs ? "cram-hmac-alg sha1; shared-secret a;" : "",
        isOurs ? "" : "--cram-hmac-alg=sha1 --shared-secret=a");
    awaitStandsAlone(asks);
    awaitWaits(asks.other());
    assertThat(scene.node.newLog())
        .contains(
            isOurs
                ? "expected P_AUTH_CHALLENGE, found P_PROTOCOL"
                : "connection lost (ProtocolError): P_AUTH_CHALLENGE: expected P_PROTOCOL");
    assertThat(scene.kernelLog())
        .contains(
            isOurs
                ? "Unexpected data packet AuthChallenge"
                : "expected AuthChallenge packet, received: ReportProtocol");
  }

  /// An answer of another length is no answer: both go on trying.
  @Test
  void anotherAlgorithmIsTriedAgainAndAgain() throws Exception {
    for (Side hearer : Side.values()) {
      says(hearer).cutShortAt(PacketType.AUTH_RESPONSE);
      scene.fresh(
          "C", "cram-hmac-alg sha1; shared-secret a;", "--cram-hmac-alg=md5 --shared-secret=a");
      awaitKernelSays("Authentication of peer failed, trying again", 3);
      String ourWords = "expected a P_AUTH_RESPONSE of 20 bytes, found 16";
      String kernelsWords = "expected AuthResponse payload of wrong size";
      assertThat(scene.node.newLog().contains(ourWords)).isEqualTo(hearer == Side.OURS);
      assertThat(scene.kernelLog().contains(kernelsWords)).isEqualTo(hearer == Side.KERNEL);
      assertThat(scene.node.newLog()).doesNotContain("connection lost (Disconnecting)");
      assertThat(scene.kernelLog()).doesNotContain("Discarding network configuration");
      says(hearer).speakFreely();
    }
  }

  // ---- who hears of it

  private static void threeTimes(PacketType heardIn, Meeting meeting, Words words)
      throws Exception {
    for (Side hearer : Side.values()) {
      says(hearer).cutShortAt(heardIn);
      meeting.begin();
      awaitStandsAlone(hearer);
      awaitWaits(hearer.other());
      assertHeard(hearer, words, true);
      assertHeard(hearer.other(), words, false);
      says(hearer).speakFreely();
    }
    pair.ends().hold();
    meeting.begin();
    for (Side each : Side.values()) {
      awaitStandsAlone(each);
      assertHeard(each, words, true);
    }
    pair.ends().letGo();
  }

  private static Speaker says(Side side) {
    return side == Side.OURS ? pair.oursSays() : pair.kernelSays();
  }

  private static void awaitStandsAlone(Side side) throws IOException {
    if (side == Side.OURS) {
      scene.node.awaitLog("connection lost (Disconnecting)");
      scene.node.awaitVolume("StandAlone", it -> it.connection().equals("StandAlone"));
    } else {
      awaitKernelSays("Connection closed", 1);
      scene.kernel.run("wait_cs StandAlone 60");
    }
  }

  /// It has lost a connection and waits for another.
  private static void awaitWaits(Side side) throws IOException {
    if (side == Side.OURS) {
      scene.node.awaitLog("connection lost (");
      scene.node.awaitVolume("WFConnection", it -> it.connection().equals("WFConnection"));
    } else {
      awaitKernelSays("Connection closed", 1);
      scene.kernel.run("wait_cs WFConnection 60");
    }
  }

  private static void awaitKernelSays(String words, int times) throws IOException {
    scene.kernel.run(
        "n=0; until [ $(dmesg | grep -c '%s') -ge %d ] || [ $n -gt 300 ]; do n=$((n+1)); sleep 0.2; done; [ $n -le 300 ]"
            .formatted(words, times));
  }

  private static void assertHeard(Side side, Words words, boolean heard) throws IOException {
    boolean isOurs = side == Side.OURS;
    String log = isOurs ? scene.node.newLog() : scene.kernelLog();
    String expected = isOurs ? words.ours : words.kernels;
    assertThat(log.contains(expected)).as("'%s' in %s", expected, log).isEqualTo(heard);
  }
}
