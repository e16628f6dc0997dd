package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.daemon.Main;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// Disks and ports that are not as the configuration says: a clear refusal, and the node goes on.
class BadDiskTest {
  private static final long DISK_BYTES = 8 << 20;

  @TempDir private Path folder;
  private Path disk;
  private Path config;
  private List<Integer> ports;

  @BeforeEach
  void configure() throws IOException {
    disk = folder.resolve("disk");
    config = folder.resolve("drbd.conf");
    ports = FreePorts.find(2);
    size(disk, DISK_BYTES);
    Files.writeString(
        config,
        """
        resource r0 {
          on one { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(disk, ports.get(0), disk, ports.get(1)));
  }

  private static void size(Path file, long bytes) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(bytes);
    }
  }

  private NodeProcess node(String name) throws IOException {
    NodeProcess node = new NodeProcess(name, folder.resolve("node-" + name), config);
    node.start();
    return node;
  }

  private void refused(NodeProcess node, String word, String... words) {
    assertThatThrownBy(() -> node.drbdadm(words))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("exit code")
        .hasMessageContaining(word);
    assertThat(node.isAnswering()).isTrue();
  }

  @Test
  void aDiskThatAnotherNodeHoldsIsRefused() throws IOException {
    try (NodeProcess one = node("one");
        NodeProcess two = node("two")) {
      one.drbdadm("create-md", "r0");
      one.drbdadm("up", "r0");
      refused(two, "in use by a node", "up", "r0");
      refused(two, "in use by a node", "create-md", "--force", "r0");
    }
  }

  @Test
  void aDiskWithoutMetadataIsRefused() throws IOException {
    try (NodeProcess one = node("one")) {
      refused(one, "No valid meta-data", "up", "r0");
    }
  }

  @Test
  void aDiskTooSmallIsRefused() throws IOException {
    size(disk, 32 << 10);
    try (NodeProcess one = node("one")) {
      refused(one, "not enough", "create-md", "r0");
    }
  }

  @Test
  void aDiskThatIsMissingIsRefusedAndComesLater() throws IOException {
    Files.delete(disk);
    try (NodeProcess one = node("one")) {
      refused(one, disk.toString(), "up", "r0");
      size(disk, DISK_BYTES);
      one.drbdadm("create-md", "r0");
      one.drbdadm("adjust", "r0");
      one.awaitVolume("attached", it -> it.disk().equals("Inconsistent"));
    }
  }

  @Test
  void aDiskThatGrewIsFollowedAndOneThatShrankIsRefused() throws IOException {
    byte[] written = new byte[4096];
    Arrays.fill(written, (byte) 7);
    try (NodeProcess one = node("one")) {
      one.drbdadm("create-md", "r0");
      one.drbdadm("up", "r0");
      one.drbdadm("primary", "--force", "r0");
      try (NbdClient client = one.nbd()) {
        client.pwrite(written, 0);
      }
      one.awaitVolume("no opener", it -> it.openers() == 0);
      one.drbdadm("down", "r0");

      size(disk, DISK_BYTES + (4 << 20));
      one.drbdadm("up", "r0");
      assertThatItServes(one, written);
      one.drbdadm("down", "r0");

      byte[] whole = Files.readAllBytes(disk);
      size(disk, DISK_BYTES);
      refused(one, "No valid meta-data", "up", "r0");
      one.drbdadm("down", "r0");
      Files.write(disk, whole);
      one.drbdadm("up", "r0");
      assertThatItServes(one, written);
    }
  }

  private static void assertThatItServes(NodeProcess node, byte[] written) throws IOException {
    node.drbdadm("primary", "r0");
    byte[] read = new byte[written.length];
    try (NbdClient client = node.nbd()) {
      client.pread(read, 0);
    }
    assertThat(read).isEqualTo(written);
    node.awaitVolume("no opener", it -> it.openers() == 0);
  }

  @Test
  void aReadOnlyDiskIsRefused() throws IOException {
    Root.require();
    Tool.require("util-linux", "/sbin/losetup");
    try (NodeProcess one = node("one")) {
      one.drbdadm("create-md", "r0");
      // The superuser may write to a read-only file all the same, but not to such a device.
      String loop = Tool.ok("losetup", "--read-only", "--find", "--show", disk.toString()).strip();
      try {
        Files.writeString(
            config, Files.readString(config).replace("disk " + disk + ";", "disk " + loop + ";"));
        refused(one, loop, "up", "r0");
      } finally {
        Tool.ok("losetup", "--detach", loop);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// For NBD it would be no use to go on: the node says so and does not start.
  @Test
  void anNbdPortInUseEndsTheStart() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Path settings = folder.resolve("settings");
      Files.writeString(settings, "nbd-listen = 127.0.0.1:" + other.getLocalPort() + "\n");
      Tool start =
          Tool.run(
              ProcessHandle.current().info().command().orElseThrow(),
              "-cp",
              System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
              Main.class.getName(),
              "--name",
              "one",
              "--settings",
              settings.toString(),
              "--run",
              folder.toString(),
              "--state",
              folder.resolve("state").toString());
      assertThat(start.exitCode()).isEqualTo(1);
      assertThat(start.output()).contains("127.0.0.1:" + other.getLocalPort(), "in use");
      assertThat(folder.resolve("one.sock")).doesNotExist();
    }
  }

  @Test
  @SuppressWarnings("try") // closed in the middle: that is the test
  void aPortInUseIsReportedAndTakenLater() throws IOException {
    ServerSocket other = new ServerSocket(ports.get(0), 1, InetAddress.ofLiteral("127.0.0.1"));
    try (NodeProcess one = node("one")) {
      one.drbdadm("create-md", "r0");
      one.drbdadm("up", "r0");
      one.awaitLog("Address already in use");
      assertThat(one.isAnswering()).isTrue();
      other.close();
      one.awaitVolume("looking for the peer", it -> it.connection().equals("WFConnection"));
    } finally {
      other.close();
    }
  }
}
