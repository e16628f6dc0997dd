package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Result;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.RequestCodec;
import org.twincore.admin.settings.NodeSettings;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.host.net.FreePorts;

/// Which of the three timeouts of `wait-connect` counts, by what the disk's metadata say of the
/// time before: the one that counts is a second, the two others would outlast the test.
@Tag("slow")
@Timeout(60)
class NodeWaitTest {
  private static final int DISK_BYTES = 256 << 10;
  private static final int GOOD = MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE;
  private static final int LONG = 600;

  /// Held, since the JDK forgets a logger nobody holds, and its level with it.
  private static final Logger LOG = Logger.getLogger("org.twincore");

  @TempDir Path folder;
  private Node node;

  @BeforeAll
  static void logErrorsOnly() {
    LOG.setLevel(Level.SEVERE);
  }

  @BeforeEach
  void start() throws Exception {
    node = new Node("a", new NodeFolders(folder, folder), NodeSettings.DEFAULTS);
  }

  @AfterEach
  void stop() throws Exception {
    assertThat(node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
  }

  /// What the disk tells, and the timeouts: the short one is to count.
  private record Case(int flags, int timeout, int degraded, int outdated) {}

  @Test
  void theMetadataSayWhichTimeoutCounts() throws Exception {
    int alone = GOOD | MetadataFlags.PRIMARY_INDICATOR;
    List<Case> cases =
        List.of(
            new Case(GOOD, 1, LONG, LONG),
            new Case(GOOD | MetadataFlags.CONNECTED_INDICATOR, 1, LONG, LONG),
            new Case(alone | MetadataFlags.CONNECTED_INDICATOR, 1, LONG, LONG),
            new Case(alone, LONG, 1, LONG),
            new Case(GOOD | MetadataFlags.PEER_OUTDATED, LONG, LONG, 1),
            new Case(alone | MetadataFlags.PEER_OUTDATED, LONG, LONG, 1));
    List<AdminTestClient> waiting = new ArrayList<>();
    for (int i = 0; i < cases.size(); i++) {
      waiting.add(wait(i, cases.get(i)));
    }
    for (AdminTestClient client : waiting) {
      assertThat(client.receive()).isEqualTo(new Result(AdminAnswer.Kind.WAIT, 5, ""));
      client.close();
    }
  }

  private AdminTestClient wait(int number, Case what) throws Exception {
    String name = "r" + number;
    String disk = TestDisk.make(folder.resolve(name + ".disk"), DISK_BYTES, what.flags).toString();
    List<Integer> ports = FreePorts.find(2);
    AdminTestClient client = AdminTestClient.connect(folder.resolve("a.sock"));
    for (AdminRequest each :
        List.of(
            new AdminRequest.NewResource(name, Map.of(), Map.of()),
            new AdminRequest.NewMinor(name, number, 0),
            new AdminRequest.Attach(number, disk, disk, "internal", Map.of()),
            new AdminRequest.Connect(
                name,
                "ipv4:127.0.0.1:" + ports.getFirst(),
                "ipv4:127.0.0.1:" + ports.getLast(),
                "peer",
                0,
                Map.of(),
                false,
                false))) {
      assertThat(client.ask(each)).matches(it -> it instanceof Result done && done.isSuccess());
    }
    client.sendLine(
        RequestCodec.encode(
            new AdminRequest.Await(
                name, AdminRequest.Goal.CONNECTED, what.timeout, what.degraded, what.outdated)));
    return client;
  }
}
