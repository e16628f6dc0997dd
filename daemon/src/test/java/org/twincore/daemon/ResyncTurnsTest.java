package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.host.net.FreePorts;

/// `resync-after` across the resources of two whole nodes.
@Tag("slow")
@Timeout(120)
class ResyncTurnsTest {
  private static final Map<String, String> SLOW = Map.of("resync-rate", "64", "c-plan-ahead", "0");
  private static final Map<String, String> FAST =
      Map.of("resync-rate", "102400", "c-plan-ahead", "0");
  private static final Map<String, String> AFTER_R0 =
      Map.of("resync-rate", "102400", "c-plan-ahead", "0", "resync-after", "0");

  /// Held, since the JDK forgets a logger nobody holds, and its level with it.
  private static final Logger LOG = Logger.getLogger("org.twincore");

  @TempDir Path folder;

  @BeforeAll
  static void logErrorsOnly() {
    LOG.setLevel(Level.SEVERE);
  }

  /// The first resync is so slow that it ends only when it is told to hurry; the second, which
  /// would be done at once, waits on both nodes and goes on by itself.
  @Test
  void theSecondResourceWaitsForTheFirst() throws Exception {
    List<Integer> ports = FreePorts.find(4);
    List<String> seen = new ArrayList<>();
    try (TestNode a = new TestNode(folder, "a", 0);
        TestNode b = new TestNode(folder, "b", 1);
        AdminTestClient events = AdminTestClient.connect(b.socket())) {
      for (TestNode node : List.of(a, b)) {
        node.up(0, ports.subList(0, 2), SLOW);
        node.up(1, ports.subList(2, 4), AFTER_R0);
      }
      events.sendLine("{\"request\":\"subscribe\"}");
      for (int r = 0; r < 2; r++) {
        a.await(r, AdminRequest.Goal.CONNECTED);
        a.done(new AdminRequest.Primary(r, true));
      }
      awaitConnection(a, "PausedSyncS");
      awaitConnection(b, "PausedSyncT");
      assertThat(a.volume(0).connection()).isEqualTo("SyncSource");
      assertThat(b.volume(1).disk()).isEqualTo("Inconsistent");

      for (TestNode node : List.of(a, b)) {
        node.done(new AdminRequest.DiskOptions(0, FAST, true));
      }
      for (int r = 0; r < 2; r++) {
        b.await(r, AdminRequest.Goal.SYNCED);
        assertThat(b.volume(r).disk()).isEqualTo("UpToDate");
      }
      do {
        seen.add(((AdminAnswer.Line) events.receive()).text());
      } while (last(seen, "r1", "SyncTarget") < 0
          || last(seen, "r1", "Established") < last(seen, "r1", "SyncTarget"));
    }
    assertThat(last(seen, "r0", "Established"))
        .as(String.join("\n", seen))
        .isBetween(last(seen, "r0", "SyncTarget"), last(seen, "r1", "SyncTarget"));
  }

  private static void awaitConnection(TestNode node, String state) throws Exception {
    while (!node.volume(1).connection().equals(state)) {
      Thread.onSpinWait();
    }
  }

  private static int last(List<String> lines, String resource, String replication) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).contains("name:" + resource + " ")
          && lines.get(i).contains("replication:" + replication)) {
        return i;
      }
    }
    return -1;
  }

  /// As the kernel numbers them; what is refused changes nothing.
  @Test
  void whatWouldWaitForItselfIsRefused() throws Exception {
    List<Integer> ports = FreePorts.find(4);
    try (TestNode a = new TestNode(folder, "a", 0)) {
      a.up(0, ports.subList(0, 2), FAST);
      a.up(1, ports.subList(2, 4), AFTER_R0);
      assertThat(after(a, 0, "1048576")).isEqualTo(132);
      assertThat(after(a, 0, "-2")).isEqualTo(132);
      assertThat(after(a, 0, "r1")).isEqualTo(132);
      assertThat(after(a, 0, "0")).isEqualTo(133);
      assertThat(after(a, 0, "1")).isEqualTo(133);
      a.done(new AdminRequest.DiskOptions(1, FAST, true));
      a.done(new AdminRequest.DiskOptions(0, Map.of("resync-after", "1"), true));
      assertThat(after(a, 1, "0")).isEqualTo(133);
      a.done(new AdminRequest.DiskOptions(0, Map.of("resync-after", "77"), true));
      a.done(new AdminRequest.DiskOptions(1, Map.of("resync-after", "0"), true));
    }
  }

  private static int after(TestNode node, int minor, String text) throws Exception {
    return node.number(new AdminRequest.DiskOptions(minor, Map.of("resync-after", text), true));
  }
}
