package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminRequest;

/// What `service drbd start` shows: the progress of old, and the wait for the peers with its
/// countdown.
class StartUpTest {
  private static final String CONFIG =
      """
      global { disable-ip-verification; dialog-refresh 1; }
      common { startup { wfc-timeout 120; degr-wfc-timeout 60; become-primary-on alice; } }
      resource r0 {
        device minor 0; disk %s/disk; meta-disk internal;
        on alice { address 10.0.0.1:7788; } on bob { address 10.0.0.2:7788; }
      }
      resource r1 {
        device minor 1; disk %s/disk1; meta-disk internal;
        on alice { address 10.0.0.1:7789; } on bob { address 10.0.0.2:7789; }
      }
      """;

  @TempDir Path folder;
  private String out = "";
  private String err = "";

  private int run(String line, String input) throws IOException {
    Files.writeString(folder.resolve("drbd.conf"), CONFIG.formatted(folder, folder));
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    int code =
        Drbdadm.run(
            ("-c " + folder.resolve("drbd.conf") + " " + line).split(" "),
            Map.of("TWINCORE_NODE", "alice", "TWINCORE_RUN", folder.toString()),
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(outBytes, true, StandardCharsets.UTF_8),
            new PrintStream(errBytes, true, StandardCharsets.UTF_8));
    out = outBytes.toString(StandardCharsets.UTF_8);
    err = errBytes.toString(StandardCharsets.UTF_8);
    return code;
  }

  private ScriptedNode node(Function<AdminRequest, AdminAnswer> script) throws IOException {
    return new ScriptedNode(folder, "alice", script);
  }

  private static AdminAnswer waited(int number) {
    return new AdminAnswer.Result(Kind.WAIT, number, "");
  }

  @Test
  void theProgressOfOldHasALetterAndAMinorEach() throws Exception {
    try (ScriptedNode _ =
        node(request ->
            request instanceof AdminRequest.Report
                ? new AdminAnswer.Text("")
                : AdminAnswer.Result.DONE)) {
      assertThat(run("adjust-with-progress --minors all", "")).as(err).isZero();
    }
    assertThat(out).isEqualTo("[ d0 d1 s0 s1 n0 n1 ]");
  }

  @Test
  void nothingIsSaidWherePeersAreThereAtOnce() throws Exception {
    try (ScriptedNode node = node(_ -> waited(0))) {
      assertThat(run("wait-con-int", "")).isZero();
      assertThat(node.asked())
          .containsExactlyInAnyOrder(
              new AdminRequest.Await("r0", AdminRequest.Goal.CONNECTED, 120, 60, 0),
              new AdminRequest.Await("r1", AdminRequest.Goal.CONNECTED, 120, 60, 0));
    }
    assertThat(out).isEmpty();
  }

  @Test
  void aPeerThatDidNotComeIsCode5() throws Exception {
    try (ScriptedNode _ =
        node(request ->
            waited(
                request instanceof AdminRequest.Await it && it.resource().equals("r0") ? 5 : 0))) {
      assertThat(run("wait-con-int", "")).isEqualTo(5);
    }
  }

  /// The node never answers; whoever sits there says `no`, which is nothing, and then `yes`.
  @Test
  void aPersonMayEndTheWait() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    try (ScriptedNode _ =
        node(_ -> {
          try {
            never.await();
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
          return waited(0);
        })) {
      assertThat(run("wait-con-int", "no\nyes\n")).isEqualTo(5);
    } finally {
      never.countDown();
    }
    assertThat(out)
        .contains("wfc-timeout degr-wfc-timeout outdated-wfc-timeout")
        .contains("120               60                    0  r0")
        .contains("To abort waiting enter 'yes' [   1]:");
  }

  /// The other node's promotion may stand in the way for a moment.
  @Test
  void aPromotionAtStartIsTriedAgain() throws Exception {
    try (ScriptedNode node = new ScriptedNode(folder, "alice", refusedTimes(2))) {
      assertThat(run("sh-b-pri r0", "")).as(err).isZero();
      assertThat(err).isEmpty();
      assertThat(node.asked()).hasSize(3);
    }
  }

  @Test
  void aPromotionAtStartIsNotTriedForEver() throws Exception {
    try (ScriptedNode node = new ScriptedNode(folder, "alice", refusedTimes(100))) {
      assertThat(run("sh-b-pri r0", "")).isEqualTo(11);
      assertThat(err).contains("0: State change failed: (-10) refused");
      assertThat(node.asked()).hasSize(5);
    }
  }

  private static Function<AdminRequest, AdminAnswer> refusedTimes(int times) {
    AtomicInteger asked = new AtomicInteger();
    return _ ->
        asked.incrementAndGet() > times
            ? AdminAnswer.Result.DONE
            : new AdminAnswer.Result(Kind.STATE, -10, "refused");
  }
}
