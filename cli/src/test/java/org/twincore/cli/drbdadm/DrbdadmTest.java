package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminVersion;

/// Whole command lines against a scripted node: what is asked, said and returned.
class DrbdadmTest {
  private static final String CONFIG =
      """
      global { disable-ip-verification; }
      resource r0 {
        device minor 4; disk %s/disk; meta-disk internal;
        on alice { address 10.0.0.1:7788; } on bob { address 10.0.0.2:7788; }
      }
      resource r1 {
        device minor 5; disk %s/disk1; meta-disk internal;
        on alice { address 10.0.0.1:7789; } on bob { address 10.0.0.2:7789; }
      }
      """;

  @TempDir Path folder;
  private String out = "";
  private String err = "";

  @BeforeEach
  void writesTheConfiguration() throws IOException {
    Files.writeString(folder.resolve("drbd.conf"), CONFIG.formatted(folder, folder));
  }

  private int run(String line) {
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    String[] words = ("-c " + folder.resolve("drbd.conf") + " " + line).split(" ");
    int code =
        Drbdadm.run(
            words,
            Map.of("TWINCORE_NODE", "alice", "TWINCORE_RUN", folder.toString()),
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(outBytes, true, StandardCharsets.UTF_8),
            new PrintStream(errBytes, true, StandardCharsets.UTF_8));
    out = outBytes.toString(StandardCharsets.UTF_8);
    err = errBytes.toString(StandardCharsets.UTF_8);
    return code;
  }

  private ScriptedNode node(Function<AdminRequest, AdminAnswer> script) throws IOException {
    return new ScriptedNode(folder, "alice", script);
  }

  private static AdminAnswer state(int number) {
    return new AdminAnswer.Result(Kind.STATE, number, "said the node");
  }

  @Test
  void givesDrbdsetupsExitCodes() throws Exception {
    int[][] codes = {{1, 0}, {2, 0}, {-1, 11}, {-2, 17}, {-4, 16}, {-12, 11}, {-16, 5}, {0, 11}};
    for (int[] pair : codes) {
      try (ScriptedNode _ = node(_ -> state(pair[0]))) {
        assertThat(run("primary r0")).as(Arrays.toString(pair)).isEqualTo(pair[1]);
        assertThat(err.isEmpty()).isEqualTo(pair[1] == 0);
      }
      Files.delete(folder.resolve("alice.sock"));
    }
  }

  /// Tools of a version that was just installed, and a node that still runs the last one.
  @Test
  void namesBothVersionsWhereTheNodeDoesNotKnowTheRequest() throws Exception {
    AdminVersion old = new AdminVersion("0.0.9", 1);
    try (ScriptedNode _ =
        node(request ->
            request instanceof AdminRequest.Hello
                ? new AdminAnswer.Info("alice", old, 1, 0, List.of())
                : new AdminAnswer.Failed("unknown request \"why\""))) {
      assertThat(run("why r0")).isEqualTo(20);
    }
    assertThat(err)
        .startsWith(
            "unknown request \"why\"\nThe node runs twincore 0.0.9 (admin protocol 1), this")
        .contains(AdminVersion.OWN.toString(), "docs/upgrading.md");
  }

  @Test
  void saysWhatFailedAndTheCommand() throws Exception {
    try (ScriptedNode _ = node(_ -> state(-2))) {
      run("primary r0");
    }
    assertThat(err)
        .isEqualTo(
            """
            4: State change failed: (-2) said the node
            Command 'drbdsetup-84 primary 4' terminated with exit code 17
            """);
  }

  @Test
  void waitsForTheNodeOnlyAsLongAsTheConfigurationSays() throws Exception {
    Path file = folder.resolve("drbd.conf");
    String limited = "global { cmd-timeout-short 1; cmd-timeout-medium 0;";
    Files.writeString(file, Files.readString(file).replace("global {", limited));
    CountDownLatch isOver = new CountDownLatch(1);
    try (ScriptedNode node =
        node(request -> {
          if (request instanceof AdminRequest.Disconnect) {
            awaitOrEnd(isOver);
          }
          return state(1);
        })) {
      assertThat(run("disconnect r0")).isEqualTo(20);
      assertThat(err)
          .startsWith("Command 'drbdsetup-84 disconnect ")
          .endsWith(" did not terminate within 1 seconds\n");
      assertThat(node.asked()).hasSize(1);
    } finally {
      isOver.countDown();
    }
  }

  private static void awaitOrEnd(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void returnsTheWorstCodeOfSeveralResources() throws Exception {
    try (ScriptedNode node =
        node(request ->
            request instanceof AdminRequest.Primary(int minor, boolean _) && minor == 4
                ? state(-2)
                : state(1))) {
      assertThat(run("primary all")).isEqualTo(17);
      assertThat(node.asked()).hasSize(2);
    }
  }

  @Test
  void leavesOutTheRestOfAResourceThatFailed() throws Exception {
    try (ScriptedNode node =
        node(request ->
            request instanceof AdminRequest.NewResource made && made.resource().equals("r0")
                ? new AdminAnswer.Result(Kind.CONFIG, 159, "there already")
                : AdminAnswer.Result.DONE)) {
      assertThat(run("up all")).isEqualTo(10);
      assertThat(node.asked().stream().map(request -> request.getClass().getSimpleName()))
          .containsExactly("NewResource", "NewResource", "NewMinor", "Attach", "Connect");
    }
  }

  @Test
  void asksDrbdmetaWhereTheNodeHasNoDisk() throws Exception {
    try (ScriptedNode _ = node(_ -> new AdminAnswer.Result(Kind.CONFIG, 127, "no such minor"))) {
      assertThat(run("outdate r0")).isNotZero();
      assertThat(err).contains(folder + "/disk").doesNotContain("(127)");
    }
  }

  @Test
  void printsTheStatusAsTheNodeHasIt() throws Exception {
    try (ScriptedNode node = node(_ -> new AdminAnswer.Text("r0 role:Primary\n"))) {
      assertThat(run("status")).isZero();
      assertThat(out).isEqualTo("r0 role:Primary\n");
      assertThat(node.asked().getFirst())
          .isEqualTo(
              new AdminRequest.Report(
                  AdminRequest.ReportKind.STATUS, java.util.Optional.empty(), java.util.List.of()));
    }
  }

  /// An admin who asks with a broken file hears that first, as from DRBD's.
  @Test
  void readsTheConfigurationBeforeItAsksForStatus() throws Exception {
    Files.writeString(folder.resolve("drbd.conf"), "broken");
    try (ScriptedNode node = node(_ -> new AdminAnswer.Text("r0 role:Primary\n"))) {
      assertThat(run("status")).isEqualTo(10);
      assertThat(node.asked()).isEmpty();
      assertThat(run("proc")).isZero();
      assertThat(run("-d proc")).isZero();
      assertThat(out).isEqualTo("r0 role:Primary\n");
    }
    Files.delete(folder.resolve("drbd.conf"));
    assertThat(run("status")).isEqualTo(20);
    assertThat(err).contains("no such file");
  }

  @Test
  void saysThatStateIsOld() {
    assertThat(run("-d state r0")).isZero();
    assertThat(out).isEqualTo("drbdsetup-84 role 4\n");
    assertThat(err).contains("deprecated").contains("role");
    run("-d role r0");
    assertThat(err).isEmpty();
  }

  @Test
  void tellsAnUndefinedResourceFromOneThatIsDown() throws Exception {
    try (ScriptedNode _ = node(_ -> new AdminAnswer.Result(Kind.CONFIG, 158, "No such resource"))) {
      assertThat(run("status r0")).isEqualTo(10);
      assertThat(run("status nix")).isEqualTo(1);
    }
  }

  @Test
  void failsWithTwentyWithoutANode() {
    assertThat(run("up r0")).isEqualTo(20);
    assertThat(err).contains("no node answers at");
  }

  @Test
  void refusesUnknownWordsBeforeItAsks() throws Exception {
    try (ScriptedNode node = node(_ -> AdminAnswer.Result.DONE)) {
      assertThat(run("-- --nonsense primary r0")).isEqualTo(20);
      assertThat(node.asked()).isEmpty();
    }
  }

  @Test
  void refusesAFileThatNoNodeCanRun() throws Exception {
    Files.writeString(
        folder.resolve("drbd.conf"),
        CONFIG
            .formatted(folder, folder)
            .replace("resource r0 {", "resource r0 { disk { on-io-error explode; }"));
    try (ScriptedNode node = node(_ -> AdminAnswer.Result.DONE)) {
      assertThat(run("up r0")).isEqualTo(10);
      assertThat(err).contains("drbd.conf:2: on-io-error: 'explode' is none of");
      assertThat(node.asked()).isEmpty();
    }
  }

  @Test
  void saysWhatItIsAndWhatItCanDo() {
    assertThat(run("--version")).isZero();
    assertThat(out).startsWith("DRBDADM_BUILDTAG=twincore\\ ").endsWith("_VERSION=9.22.0\n");
    assertThat(run("help primary")).isZero();
    assertThat(out).contains("USAGE: drbdadm primary").contains("EXAMPLE:\n  drbdadm primary");
    assertThat(run("version")).isEqualTo(1);
    assertThat(err).isEqualTo("drbdadm: Unknown command 'version'\n");
  }

  /// What is said about a failure goes to the logs of a start-up.
  @Test
  void namesNoSecretWhenAConnectFails() throws Exception {
    Files.writeString(
        folder.resolve("drbd.conf"),
        CONFIG
            .formatted(folder, folder)
            .replaceFirst(
                "resource r0 \\{",
                "resource r0 { net { cram-hmac-alg sha1; shared-secret \"unspoken\"; }"));
    try (ScriptedNode _ = node(_ -> new AdminAnswer.Result(Kind.CONFIG, 125, "said the node"))) {
      assertThat(run("-v connect r0")).isEqualTo(10);
    }
    assertThat(err).contains("terminated with exit code 10").contains("--shared-secret=...");
    assertThat(out + err).doesNotContain("unspoken");
  }

  /// "no" discards no data, and a word that is neither is refused before the node is asked.
  @Test
  void takesNoForAnAnswer() throws Exception {
    try (ScriptedNode node = node(_ -> state(1))) {
      assertThat(run("new-current-uuid --clear-bitmap=no r0")).as(err).isZero();
      assertThat(run("connect --discard-my-data --discard-my-data=no r0")).as(err).isZero();
      assertThat(run("new-current-uuid --clear-bitmap=yes r0")).as(err).isZero();
      assertThat(node.asked().get(0)).isEqualTo(new AdminRequest.NewCurrentUuid(4, false));
      assertThat(((AdminRequest.Connect) node.asked().get(1)).discardMyData()).isFalse();
      assertThat(node.asked().get(2)).isEqualTo(new AdminRequest.NewCurrentUuid(4, true));
      assertThat(run("new-current-uuid --clear-bitmap=maybe r0")).isEqualTo(20);
      assertThat(err).contains("--clear-bitmap: invalid value 'maybe'");
      assertThat(run("primary --force=maybe r0")).isEqualTo(20);
      assertThat(node.asked()).hasSize(3);
    }
  }
}
