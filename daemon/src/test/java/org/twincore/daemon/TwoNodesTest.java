package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Result;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.VolumeVerb;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.admin.settings.NodeSettings;
import org.twincore.admin.settings.SettingsParser;
import org.twincore.host.nbd.NbdAddress;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.nbd.NbdException;
import org.twincore.host.net.FreePorts;

/// Two whole nodes in this process, each with its socket, its file and its port.
@Tag("slow")
@Timeout(60)
class TwoNodesTest {
  private static final int DISK_BYTES = 16 << 20;
  private static final int RESOURCES = 64;
  private static final int VOLUMES = 16;
  private static final List<String> NAMES = List.of("a", "b");

  /// Held, since the JDK forgets a logger nobody holds, and its level with it.
  private static final Logger LOG = Logger.getLogger("org.twincore");

  @TempDir Path folder;

  @BeforeAll
  static void logErrorsOnly() {
    LOG.setLevel(Level.SEVERE);
  }

  private record Side(Node node, AdminTestClient client, Path disk, String address) {
    AdminAnswer ask(AdminRequest request) throws Exception {
      return client.ask(request);
    }

    void done(AdminRequest request) throws Exception {
      AdminAnswer answer = client.ask(request);
      assertThat(answer).isInstanceOf(Result.class);
      assertThat(((Result) answer).isSuccess()).as(request + " -> " + answer).isTrue();
    }

    VolumeView volume() throws Exception {
      AdminAnswer answer = client.ask(new AdminRequest.Status(Optional.of("r0")));
      return ((AdminAnswer.Status) answer).resources().getFirst().volumes().getFirst();
    }

    void await(AdminRequest.Goal goal) throws Exception {
      assertThat(client.ask(new AdminRequest.Await("r0", goal, 30, 30, 30)))
          .isEqualTo(new Result(AdminAnswer.Kind.WAIT, 0, ""));
    }
  }

  private Side side(String name) throws Exception {
    NodeSettings settings =
        SettingsParser.parse(
            "test", List.of("nbd-listen = unix:" + folder.resolve(name + ".nbd")), name);
    Node node = new Node(name, new NodeFolders(folder, folder), settings);
    AdminTestClient client = AdminTestClient.connect(folder.resolve(name + ".sock"));
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Side(node, client, disk(name), "ipv4:127.0.0.1:" + free.getLocalPort());
    }
  }

  private Path disk(String name) throws Exception {
    return TestDisk.make(folder.resolve(name + ".disk"), DISK_BYTES);
  }

  private static void up(Side own, Side peer, int nodeId) throws Exception {
    own.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
    own.done(new AdminRequest.NewMinor("r0", nodeId, 0));
    own.done(attach(own, nodeId));
    own.done(connect(own, peer, nodeId));
  }

  private static AdminRequest attach(Side own, int minor) {
    return new AdminRequest.Attach(
        minor,
        own.disk.toString(),
        own.disk.toString(),
        "internal",
        Map.of("resync-rate", "102400"));
  }

  private static AdminRequest connect(Side own, Side peer, int nodeId) {
    return new AdminRequest.Connect(
        "r0", own.address, peer.address, "peer", nodeId, Map.of(), false, false);
  }

  private NbdClient nbd(String name) throws IOException {
    return NbdClient.connect(NbdAddress.parse("unix:" + folder.resolve(name + ".nbd")), "r0", 5000);
  }

  @Test
  void carriesWritesToTheOtherNodeAndSwapsRoles() throws Exception {
    Side a = side("a");
    Side b = side("b");
    up(a, b, 0);
    up(b, a, 1);
    a.await(AdminRequest.Goal.CONNECTED);
    a.done(new AdminRequest.Primary(0, true));
    a.await(AdminRequest.Goal.SYNCED);
    b.await(AdminRequest.Goal.SYNCED);

    byte[] written = new byte[256 << 10];
    new Random(1).nextBytes(written);
    try (NbdClient client = nbd("a")) {
      client.pwrite(written, 1 << 20);
      client.flush();
      Result held = (Result) a.ask(new AdminRequest.Change(VolumeVerb.SECONDARY, 0));
      assertThat(held.number()).isEqualTo(-12);
    }
    awaitNoOpener(a);
    a.done(new AdminRequest.Change(VolumeVerb.SECONDARY, 0));
    b.done(new AdminRequest.Primary(1, false));
    try (NbdClient client = nbd("b")) {
      byte[] read = new byte[written.length];
      client.pread(read, 1 << 20);
      assertThat(read).isEqualTo(written);
    }
    VolumeView seen = a.volume();
    assertThat(seen.disk() + "/" + seen.peerDisk()).isEqualTo("UpToDate/UpToDate");
    assertThat(seen.role() + "/" + seen.peerRole()).isEqualTo("Secondary/Primary");

    assertThat(a.node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
    assertThat(b.node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
    long dataBytes = seen.sizeSectors() * 512;
    assertThat(Arrays.copyOf(Files.readAllBytes(a.disk), (int) dataBytes))
        .isEqualTo(Arrays.copyOf(Files.readAllBytes(b.disk), (int) dataBytes));
    assertThat(NAMES).allSatisfy(n -> assertThat(folder.resolve(n + ".sock")).doesNotExist());
  }

  @Test
  void isNoPeerOfItself() throws Exception {
    Side a = side("a");
    a.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
    Result refused = (Result) a.ask(connect(a, a, 0));
    assertThat(refused.number()).isEqualTo(103);
    assertThat(refused.text()).contains("this node's own");
    assertThat(a.node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
  }

  private Path small(String name) throws Exception {
    return TestDisk.make(folder.resolve(name), 256 << 10);
  }

  /// 64 resources, the first with 16 volumes, every other over IPv6; all connect, sync and end.
  @Test
  void carriesManyResourcesAndVolumesAtOnce() throws Exception {
    Side a = side("a");
    Side b = side("b");
    int[] ports = FreePorts.find(2 * RESOURCES).stream().mapToInt(Integer::intValue).toArray();
    for (int r = 0; r < RESOURCES; r++) {
      String name = "r" + r;
      String host = r % 2 == 0 ? "ipv4:127.0.0.1:" : "ipv6:[::1]:";
      List<String> ends = List.of(host + ports[2 * r], host + ports[2 * r + 1]);
      for (Side side : List.of(a, b)) {
        int nodeId = side == a ? 0 : 1;
        side.done(new AdminRequest.NewResource(name, Map.of(), Map.of()));
        for (int v = 0; v < (r == 0 ? VOLUMES : 1); v++) {
          int minor = v == 0 ? r : RESOURCES + v;
          String disk = small(nodeId + "-" + r + "-" + v).toString();
          side.done(new AdminRequest.NewMinor(name, minor, v));
          side.done(new AdminRequest.Attach(minor, disk, disk, "internal", Map.of()));
        }
        side.done(
            new AdminRequest.Connect(
                name,
                ends.get(nodeId),
                ends.get(1 - nodeId),
                "peer",
                nodeId,
                Map.of(),
                false,
                false));
      }
    }
    for (int r = 0; r < RESOURCES; r++) {
      AdminRequest.Await connected =
          new AdminRequest.Await("r" + r, AdminRequest.Goal.CONNECTED, 30, 30, 30);
      assertThat(number(a, connected)).isZero();
      a.done(new AdminRequest.Primary(r, true));
    }
    for (int v = 1; v < VOLUMES; v++) {
      a.done(new AdminRequest.Primary(RESOURCES + v, true));
    }
    for (int r = 0; r < RESOURCES; r++) {
      AdminRequest.Await synced =
          new AdminRequest.Await("r" + r, AdminRequest.Goal.SYNCED, 30, 30, 30);
      assertThat(number(a, synced)).isZero();
    }
    AdminAnswer.Status status =
        (AdminAnswer.Status) a.ask(new AdminRequest.Status(Optional.empty()));
    assertThat(status.resources()).hasSize(RESOURCES);
    assertThat(status.resources().stream().flatMap(r -> r.volumes().stream()))
        .hasSize(RESOURCES + VOLUMES - 1)
        .allMatch(v -> v.disk().equals("UpToDate") && v.peerDisk().equals("UpToDate"));
    assertThat(a.node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
    assertThat(b.node.stop(TimeUnit.SECONDS.toNanos(10))).isTrue();
  }

  /// Held open until all are known, so that none comes twice.

  private static void awaitNoOpener(Side side) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (side.volume().openers() > 0 && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void refusesWhatMakesNoSense() throws Exception {
    Side a = side("a");
    try {
      a.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
      a.done(new AdminRequest.NewMinor("r0", 0, 0));
      assertThat(number(a, new AdminRequest.NewMinor("r0", 0, 1))).isEqualTo(161);
      assertThat(number(a, new AdminRequest.NewMinor("r0", 1, 0))).isEqualTo(161);
      assertThat(number(a, new AdminRequest.NewMinor("r1", 1, 0))).isEqualTo(158);
      assertThat(((Result) a.ask(new AdminRequest.NewMinor("r1", 1, 0))).text())
          .as("the tools put the name in front")
          .isEqualTo("No such resource");
      assertThat(number(a, new AdminRequest.Primary(7, false))).isEqualTo(127);
      assertThat(number(a, new AdminRequest.NewResource("r0", Map.of(), Map.of()))).isEqualTo(159);
      assertThat(a.ask(new AdminRequest.NewResource("r1", Map.of("timeout", "5"), Map.of())))
          .isInstanceOf(AdminAnswer.Failed.class);
      Path nowhere = folder.resolve("nowhere");
      assertThat(
              number(
                  a,
                  new AdminRequest.Attach(
                      0, nowhere.toString(), nowhere.toString(), "internal", Map.of())))
          .isEqualTo(104);
      assertThat(number(a, new AdminRequest.DeleteResource("r0"))).isEqualTo(159);
      assertThat(number(a, new AdminRequest.Primary(0, false))).isEqualTo(-2);
      a.done(attach(a, 0));
      assertThat(number(a, attach(a, 0))).isEqualTo(124);
    } finally {
      a.node.stop(TimeUnit.SECONDS.toNanos(5));
    }
  }

  private static int number(Side side, AdminRequest request) throws Exception {
    return ((Result) side.ask(request)).number();
  }

  @Test
  void keepsADiskForItselfAndGivesItBack() throws Exception {
    Side a = side("a");
    Side b = side("b");
    try {
      for (Side side : List.of(a, b)) {
        side.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
        side.done(new AdminRequest.NewMinor("r0", 0, 0));
      }
      a.done(attach(a, 0));
      assertThat(number(b, attach(a, 0))).isEqualTo(114);
      a.done(new AdminRequest.Detach(0, false));
      b.done(attach(a, 0));
      b.done(new AdminRequest.Down("r0"));
      a.done(attach(a, 0));
    } finally {
      a.node.stop(TimeUnit.SECONDS.toNanos(5));
      b.node.stop(TimeUnit.SECONDS.toNanos(5));
    }
  }

  @Test
  void tellsWhoSubscribedWhatHappens() throws Exception {
    Side a = side("a");
    try (AdminTestClient listener = AdminTestClient.connect(folder.resolve("a.sock"))) {
      listener.sendLine("{\"request\":\"subscribe\"}");
      assertThat(listener.receive()).isEqualTo(new AdminAnswer.Line("exists -"));
      a.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
      assertThat(listener.receive())
          .isEqualTo(new AdminAnswer.Line("create resource name:r0 role:Secondary suspended:no"));
      a.done(new AdminRequest.NewMinor("r0", 0, 0));
      assertThat(listener.receive())
          .isEqualTo(new AdminAnswer.Line("create device name:r0 volume:0 minor:0 disk:Diskless"));
      a.done(attach(a, 0));
      assertThat(listener.receive())
          .isEqualTo(new AdminAnswer.Line("change device name:r0 volume:0 minor:0 disk:Attaching"));
      assertThat(listener.receive())
          .isEqualTo(
              new AdminAnswer.Line("change device name:r0 volume:0 minor:0 disk:Inconsistent"));
      a.node.stop(TimeUnit.SECONDS.toNanos(5));
      AdminAnswer last = listener.receive();
      while (last instanceof AdminAnswer.Line) {
        last = listener.receive();
      }
      assertThat(last).isEqualTo(new AdminAnswer.End());
    }
  }

  @Test
  void refusesNbdClientsOfASecondary() throws Exception {
    Side a = side("a");
    try {
      a.done(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
      a.done(new AdminRequest.NewMinor("r0", 0, 0));
      a.done(attach(a, 0));
      assertThatExceptionOfType(NbdException.class).isThrownBy(() -> nbd("a").close());
    } finally {
      a.node.stop(TimeUnit.SECONDS.toNanos(5));
    }
  }

  @Test
  void allowsOneNodeOfAName() throws Exception {
    Side a = side("a");
    try {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> new Node("a", new NodeFolders(folder, folder), NodeSettings.DEFAULTS))
          .withMessageContaining("runs already");
    } finally {
      a.node.stop(TimeUnit.SECONDS.toNanos(5));
    }
    Side again = side("a");
    assertThat(again.node.stop(TimeUnit.SECONDS.toNanos(5))).isTrue();
  }
}
