package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// A disk that hangs under a running node: nothing is answered and nothing fails, until an admin
/// gives it up by `drbdadm detach --force`, or its `disk-timeout` is over.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK is on the peer's disk, and
/// what the hanging disk carries out late is overwritten when it comes back.
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class StalledDiskTest {
  private static final int DISK_BYTES = 32 << 20;
  private static final int BLOCKS = 4_000;

  /// With a `disk-timeout` no client's thread waits for the disk itself; ten minutes are not over
  /// in these tests.
  private static final String NO_WAITS = "disk-timeout 6000;";

  @TempDir private Path folder;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<JavaProcess> servers = new ArrayList<>();

  @BeforeEach
  void requireBlockDevices() throws IOException {
    Root.requireBlockDevices();
  }

  /// `options` is the text of the disk section's rest.
  private void startNodes(String options) throws Exception {
    Path mounted = Files.createFile(folder.resolve("disk-0"));
    JavaProcess disk =
        JavaProcess.start(
            StallingDisk.class,
            List.of(mounted.toString(), sparse(folder.resolve("backing")).toString()));
    servers.add(disk);
    assertThat(disk.readLine()).isEqualTo("ready");
    Path config = configure(options, mounted, sparse(folder.resolve("disk-1")));
    for (String name : List.of("one", "two")) {
      NodeProcess node = new NodeProcess(name, folder.resolve(name), config);
      nodes.add(node);
      node.drbdadm("create-md", "r0");
      node.start();
      node.drbdadm("up", "r0");
    }
    one().awaitState("Connected", "Inconsistent/Inconsistent");
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    for (JavaProcess server : servers) {
      server.ask("go"); // or no process that waits for it can end
    }
    nodes.forEach(NodeProcess::close);
    for (JavaProcess server : servers) {
      server.close();
      Tool.run("umount", "--lazy", folder.resolve("disk-0").toString());
    }
  }

  private static Path sparse(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(DISK_BYTES);
    }
    return file;
  }

  private Path configure(String options, Path first, Path second) throws IOException {
    List<Integer> ports = FreePorts.find(2);
    return Files.writeString(
        folder.resolve("drbd.conf"),
        """
        resource r0 {
          disk { resync-rate 200M; c-max-rate 400M; c-fill-target 8M; %s }
          net { ping-timeout 30; }
          on one { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(options, first, ports.get(0), second, ports.get(1)));
  }

  private JavaProcess disk() {
    return servers.getFirst();
  }

  private NodeProcess one() {
    return nodes.get(0);
  }

  private NodeProcess two() {
    return nodes.get(1);
  }

  /// The hanging disk is `one`'s, under the Primary or under the Secondary.
  private void giveUpAndComeBack(NodeProcess primary) throws Exception {
    primary.drbdadm("primary", "--force", "r0");
    primary.awaitState("Connected", "UpToDate/UpToDate");
    NumberedLoad load = new NumberedLoad(BLOCKS, new Random(5));
    load.begin(primary.nbdAddress());
    load.awaitWrites(500);
    disk().ask("stall");
    CompletableFuture<String> waits = inBackground("detach", "r0");
    one().awaitVolume("the detach to wait", it -> it.disk().equals("Failed"));
    assertThat(disk().ask("held")).isNotEqualTo("0");
    assertThat(waits).isNotDone();

    one().drbdadm("detach", "--force", "r0");
    load.awaitWrites(500);
    assertThat(load.isUndisturbed()).isTrue();
    assertThat(waits).as("it waits for the disk").isNotDone();
    assertThat(one().drbdadm("status", "r0"))
        .contains("disk:Failed")
        .contains("peer-disk:UpToDate");
    assertThat(one().drbdadm("dstate", "r0")).isEqualTo("Failed/UpToDate\n");
    two().awaitState("Connected", "UpToDate/Failed");

    disk().ask("go");
    assertThat(waits.get(60, TimeUnit.SECONDS)).isEmpty();
    attachAgain(primary, load);
  }

  /// The same without an admin: from when the disk hangs two seconds are too long for it.
  private void timesOutAndComesBack(NodeProcess primary) throws Exception {
    primary.drbdadm("primary", "--force", "r0");
    primary.awaitState("Connected", "UpToDate/UpToDate");
    NumberedLoad load = new NumberedLoad(BLOCKS, new Random(6));
    load.begin(primary.nbdAddress());
    load.awaitWrites(500);
    disk().ask("stall");
    one().awaitVolume("a request in the disk", _ -> !held().equals("0"));
    one().drbdadm("disk-options", "--disk-timeout=20", "r0");
    one().awaitState("Connected", "Failed/UpToDate");
    two().awaitState("Connected", "UpToDate/Failed");
    one().awaitLog("disk-timeout");
    load.awaitWrites(500);
    assertThat(load.isUndisturbed()).isTrue();
    assertThat(one().drbdadm("dstate", "r0")).as("until it answers").isEqualTo("Failed/UpToDate\n");
    assertThatThrownBy(() -> one().drbdadm("attach", "r0")).hasMessageContaining("exit code");

    disk().ask("go");
    attachAgain(primary, load);
  }

  private void attachAgain(NodeProcess primary, NumberedLoad load) throws Exception {
    one().awaitState("Connected", "Diskless/UpToDate");
    load.awaitWrites(100);
    one().drbdadm("attach", "r0");
    one().awaitState("Connected", "UpToDate/UpToDate");
    load.awaitWrites(100);
    assertThat(load.isUndisturbed()).isTrue();
    load.end();
    assertThat(load.lost(primary.nbdAddress())).isEmpty();
    assertReplicasAreEqual(primary);
  }

  private CompletableFuture<String> inBackground(String... words) {
    CompletableFuture<String> said = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            said.complete(one().drbdadm(words));
          } catch (IOException | AssertionError failed) {
            said.completeExceptionally(failed);
          }
        });
    return said;
  }

  private void assertReplicasAreEqual(NodeProcess primary) throws IOException {
    primary.awaitVolume("no opener", it -> it.openers() == 0);
    long dataBytes = primary.volume().orElseThrow().sizeSectors() * 512;
    long at = Files.mismatch(folder.resolve("backing"), folder.resolve("disk-1"));
    assertThat(at < 0 || at >= dataBytes).as("first difference at %d", at).isTrue();
  }

  @Test
  void thePrimarysDisk() throws Exception {
    startNodes(NO_WAITS);
    giveUpAndComeBack(one());
  }

  @Test
  void theSecondarysDisk() throws Exception {
    startNodes(NO_WAITS);
    giveUpAndComeBack(two());
  }

  @Test
  void thePrimarysDiskUntilItsTimeIsOver() throws Exception {
    startNodes(NO_WAITS);
    timesOutAndComesBack(one());
  }

  @Test
  void theSecondarysDiskUntilItsTimeIsOver() throws Exception {
    startNodes(NO_WAITS);
    timesOutAndComesBack(two());
  }

  /// A client's own thread may be in the disk; every other client goes on.
  @Test
  void withoutDiskTimeoutOtherClientsGoOn() throws Exception {
    startNodes("");
    one().drbdadm("primary", "--force", "r0");
    one().awaitState("Connected", "UpToDate/UpToDate");
    byte[] data = new byte[4096];
    try (NbdClient stuck = one().nbd()) {
      stuck.pwrite(data, 0);
      disk().ask("stall");
      CompletableFuture<Boolean> answered = new CompletableFuture<>();
      stuck.pwriteAsync(
          data, 0, data.length, 0, false, failed -> answered.complete(failed == null));
      one().awaitVolume("the write", _ -> !held().equals("0"));
      one().drbdadm("detach", "--force", "r0");
      Arrays.fill(data, (byte) 7);
      try (NbdClient other = one().nbd()) {
        other.pwriteDurably(data, 1 << 20);
        other.pread(data, 0);
        assertThat(data).containsOnly(0);
      }
      disk().ask("go");
      assertThat(answered.get(60, TimeUnit.SECONDS)).isTrue();
      stuck.pread(data, 1 << 20);
      assertThat(data).containsOnly(7);
    }
    one().awaitState("Connected", "Diskless/UpToDate");
    one().drbdadm("attach", "r0");
    one().awaitState("Connected", "UpToDate/UpToDate");
    assertReplicasAreEqual(one());
  }

  private String held() {
    try {
      return disk().ask("held");
    } catch (IOException gone) {
      throw new UncheckedIOException(gone);
    }
  }
}
