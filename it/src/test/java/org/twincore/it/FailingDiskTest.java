package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// Disks that fail under two running nodes: they are given up, the other's serves on, and when none
/// is left the application gets an error and both nodes still answer.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// disk.
@Timeout(120)
class FailingDiskTest {
  private static final int DISK_BYTES = 32 << 20;
  private static final String DETACHED = "Diskless/UpToDate";

  @TempDir private Path folder;
  private final List<Path> disks = new ArrayList<>();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final byte[] data = new byte[4 << 20];
  private Path config;

  @BeforeEach
  void makeDisks() throws IOException {
    new SplittableRandom(17).nextBytes(data);
    config = folder.resolve("drbd.conf");
    for (int side = 0; side < 2; side++) {
      disks.add(sparse(folder.resolve("disk-" + side)));
    }
  }

  @AfterEach
  void endNodes() {
    nodes.forEach(NodeProcess::close);
  }

  private static Path sparse(Path file) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(DISK_BYTES);
    }
    return file;
  }

  private void configure() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    Files.writeString(
        config,
        """
        resource r0 {
          disk { resync-rate 200M; c-max-rate 400M; c-fill-target 8M; }
          net { ping-timeout 30; }
          on one { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(disks.get(0), ports.get(0), disks.get(1), ports.get(1)));
  }

  /// Both up, `one` is Primary, both disks UpToDate.
  private void start() throws IOException {
    configure();
    for (String name : List.of("one", "two")) {
      NodeProcess node = new NodeProcess(name, folder.resolve(name), config);
      nodes.add(node);
      node.drbdadm("create-md", "r0");
      node.start();
      node.drbdadm("up", "r0");
    }
    one().awaitState("Connected", "Inconsistent/Inconsistent");
    one().drbdadm("primary", "--force", "r0");
    one().awaitState("Connected", "UpToDate/UpToDate");
  }

  private NodeProcess one() {
    return nodes.get(0);
  }

  private NodeProcess two() {
    return nodes.get(1);
  }

  private void holdsData(NbdClient client, long at) throws IOException {
    byte[] back = new byte[data.length];
    client.pread(back, at);
    assertThat(Arrays.equals(back, data)).isTrue();
  }

  /// `two` has it all when it goes on alone.
  private void twoAloneHoldsData(long at) throws IOException {
    one().awaitVolume("no opener", it -> it.openers() == 0);
    one().drbdadm("secondary", "r0");
    two().drbdadm("primary", "r0");
    try (NbdClient client = two().nbd()) {
      holdsData(client, at);
    }
    assertThat(one().isAnswering()).isTrue();
  }

  @Test
  void aFullDiskIsGivenUpAndThePeersServes() throws Exception {
    Root.require();
    Path small = Files.createDirectory(folder.resolve("small"));
    Tool.ok("mount", "-t", "tmpfs", "-o", "size=12m", "twincore-test", small.toString());
    try {
      disks.set(0, sparse(small.resolve("disk")));
      start();
      byte[] filling = new byte[20 << 20];
      Arrays.fill(filling, (byte) 7);
      try (NbdClient client = one().nbd()) {
        client.pwrite(data, 0);
        client.pwriteDurably(filling, 8 << 20);
        one().awaitState("Connected", DETACHED);
        one().awaitLog("no space left (ENOSPC); on-io-error is detach");
        holdsData(client, 0);
        client.pwriteDurably(data, 4 << 20);
      }
      twoAloneHoldsData(4 << 20);
    } finally {
      nodes.forEach(NodeProcess::close);
      Tool.ok("umount", small.toString());
    }
  }

  private JavaProcess volatileDisk(int side) throws IOException {
    Path mounted = Files.createFile(folder.resolve("volatile-" + side));
    JavaProcess server =
        JavaProcess.start(
            VolatileDisk.class, List.of(mounted.toString(), disks.get(side).toString()));
    assertThat(server.readLine()).isEqualTo("ready");
    disks.set(side, mounted);
    return server;
  }

  /// The disk's server dies: every request to it fails from then on.
  @Test
  void disksThatVanishOneAfterTheOther() throws Exception {
    Root.requireBlockDevices();
    try (JavaProcess first = volatileDisk(0);
        JavaProcess second = volatileDisk(1)) {
      start();
      try (NbdClient client = one().nbd()) {
        client.pwriteDurably(data, 0);
        first.kill();
        client.pwriteDurably(data, 8 << 20);
        one().awaitState("Connected", DETACHED);
        holdsData(client, 0);
        holdsData(client, 8 << 20);
        second.kill();
        assertThatThrownBy(() -> client.pwriteDurably(data, 0)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> client.pread(new byte[4096], 0)).isInstanceOf(IOException.class);
        two().awaitVolume("no disk left", it -> it.disk().equals("Diskless"));
      }
      assertThat(one().isAnswering() && two().isAnswering()).isTrue();
    } finally {
      nodes.forEach(NodeProcess::close);
      unmountVolatile();
    }
  }

  /// The Secondary's disk vanishes: the Primary does not notice but in its status.
  @Test
  void aSecondarysDiskVanishes() throws Exception {
    Root.requireBlockDevices();
    try (JavaProcess second = volatileDisk(1)) {
      start();
      try (NbdClient client = one().nbd()) {
        client.pwriteDurably(data, 0);
        second.kill();
        client.pwriteDurably(data, 8 << 20);
        one().awaitState("Connected", "UpToDate/Diskless");
        two().awaitVolume("no disk left", it -> it.disk().equals("Diskless"));
        assertThat(two().drbdadm("dstate", "r0")).isEqualTo("Diskless/UpToDate\n");
        holdsData(client, 0);
        holdsData(client, 8 << 20);
      }
      assertThat(two().isAnswering()).isTrue();
    } finally {
      nodes.forEach(NodeProcess::close);
      unmountVolatile();
    }
  }

  private void unmountVolatile() throws IOException, InterruptedException {
    for (Path disk : disks) {
      if (disk.getFileName().toString().startsWith("volatile")) {
        Tool.run("umount", "--lazy", disk.toString());
      }
    }
  }

  /// A FLUSH on one connection covers what another one wrote: a power cut of the disk shows it.
  @Test
  void aFlushCoversTheWritesOfAllConnections() throws Exception {
    Root.requireBlockDevices();
    Path backing = disks.get(0);
    try (JavaProcess first = volatileDisk(0)) {
      start();
      try (NbdClient writer = one().nbd();
          NbdClient flusher = one().nbd()) {
        writer.pwrite(data, 1 << 20);
        assertThat(startsWith(backing, 1 << 20, data)).isFalse();
        flusher.flush();
        first.kill();
      }
      assertThat(startsWith(backing, 1 << 20, data)).isTrue();
    } finally {
      nodes.forEach(NodeProcess::close);
      unmountVolatile();
    }
  }

  private static boolean startsWith(Path file, long at, byte[] expected) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(expected.length);
    try (FileChannel channel = FileChannel.open(file)) {
      channel.read(found, at);
    }
    return Arrays.equals(found.array(), expected);
  }

  /// Cut short while it is attached: what is gone is not read as zeroes.
  @Test
  void aDiskThatShrinksUnderTheNodeIsGivenUp() throws Exception {
    start();
    try (NbdClient client = one().nbd()) {
      client.pwriteDurably(data, 16 << 20);
      try (RandomAccessFile cut = new RandomAccessFile(disks.get(0).toFile(), "rw")) {
        cut.setLength(8 << 20);
      }
      holdsData(client, 16 << 20);
      one().awaitState("Connected", DETACHED);
    }
    twoAloneHoldsData(16 << 20);
  }

  /// A disk of other data under the resource's name: nobody's data is overwritten.
  @Test
  void aDiskOfAnotherResourceIsNotSynced() throws Exception {
    start();
    try (NbdClient client = one().nbd()) {
      client.pwriteDurably(data, 0);
    }
    one().awaitVolume("no opener", it -> it.openers() == 0);
    two().drbdadm("down", "r0");
    String right = Files.readString(config);
    Path foreign = sparse(folder.resolve("foreign"));
    String wrong = right.replace("disk " + disks.get(1) + ";", "disk " + foreign + ";");
    configure(); // with other ports: out of the peer's reach
    Files.writeString(
        config,
        Files.readString(config).replace("disk " + disks.get(1) + ";", "disk " + foreign + ";"));
    two().drbdadm("create-md", "r0");
    two().drbdadm("up", "r0");
    two().drbdadm("primary", "--force", "r0");
    try (NbdClient client = two().nbd()) {
      client.pwriteDurably(pattern(), 0);
    }
    two().awaitVolume("no opener", it -> it.openers() == 0);
    two().drbdadm("down", "r0");
    Files.writeString(config, wrong);
    two().drbdadm("up", "r0");
    whoRefuses().awaitLog("Unrelated data");
    assertThat(List.of(connection(one()), connection(two()))).doesNotContain("Connected");
    try (NbdClient client = one().nbd()) {
      holdsData(client, 0);
    }
    assertThat(startsWith(foreign, 0, pattern())).isTrue();

    two().drbdadm("down", "r0");
    Files.writeString(config, right);
    two().drbdadm("up", "r0");
    if (connection(one()).equals("StandAlone")) {
      one().drbdadm("connect", "r0");
    }
    one().awaitState("Connected", "UpToDate/UpToDate");
  }

  private static String connection(NodeProcess node) throws IOException {
    return node.volume().orElseThrow().connection();
  }

  /// The first node that knows what the other one has hangs up; that one may never hear why.
  private NodeProcess whoRefuses() throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60L * Patience.FACTOR);
    while (System.nanoTime() < until) {
      for (NodeProcess node : List.of(one(), two())) {
        if (connection(node).equals("StandAlone")) {
          return node;
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    throw new AssertionError("both nodes go on trying");
  }

  private static byte[] pattern() {
    byte[] bytes = new byte[8192];
    Arrays.fill(bytes, (byte) 0x5a);
    return bytes;
  }
}
