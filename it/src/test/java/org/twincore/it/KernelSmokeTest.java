package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.testkit.PcapWriter;

/// Our node beside a real kernel DRBD 8.4 node: each is source and target, Primary and Secondary,
/// is away and loses its power; in the end both disks are equal.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// node.
class KernelSmokeTest {
  private static final long DISK_BYTES = 64 << 20;
  private static final long DATA_BYTES = 67067904;
  private static final int BLOCK = 4096;

  @TempDir private Path folder;
  private int ourPort;
  private int kernelPort;
  private PcapWriter capture;
  private WireTap toOurs;
  private WireTap toKernel;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @BeforeEach
  void tapTheWire() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    ourPort = ports.get(0);
    kernelPort = ports.get(1);
    capture = new PcapWriter(folder.resolve("traffic.pcap"));
    toOurs = new WireTap(loopback(ourPort), capture);
    toKernel = new WireTap(loopback(kernelPort), capture);
  }

  @Test
  void theKernelIsSourceThenRolesSwapThenOursWasAlone() throws Exception {
    Path ours = folder.resolve("ours.disk");
    Path theirs = folder.resolve("theirs.disk");
    try (NodeProcess node = node(ours);
        KernelPeer kernel = boot(theirs)) {
      kernel.run("wait_cs Connected 30");
      kernel.run("drbdsetup primary $MINOR --force");
      kernel.run("wait_ds UpToDate/UpToDate 90");
      kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=200 seek=100 oflag=direct");
      kernel.run("dd if=/dev/urandom of=$DEV bs=512 count=3 seek=77777 oflag=direct");
      kernel.run("drbdsetup secondary $MINOR");
      node.drbdadm("primary", "r0");
      kernel.run("wait_role Secondary/Primary 10");
      write(node, 3000, 60, 1);
      node.drbdadm("disconnect", "r0");
      write(node, 9000, 25, 2);
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isEqualTo(25);
      node.drbdadm("connect", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(kernel.run("show")).contains("oos:0").contains("UpToDate/UpToDate");
      try (NbdClient client = node.nbd()) {
        client.trim(1 << 20, 4 << 20);
        client.flush();
      }
      node.drbdadm("secondary", "r0");
      kernel.powerOff();
    }
    assertThat(KernelPeer.differingBlocks(ours, theirs, DATA_BYTES)).isEmpty();
    checkTraffic();
  }

  @Test
  void eitherIsLostAsSecondaryAndAsPrimary() throws Exception {
    Path ours = folder.resolve("ours.disk");
    Path theirs = folder.resolve("theirs.disk");
    String writtenByTheKernel;
    try (NodeProcess node = node(ours)) {
      try (KernelPeer kernel = boot(theirs)) {
        kernel.run("wait_cs Connected 30");
        node.drbdadm("primary", "--force", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        write(node, 500, 40, 3);
        kernel.cutPower();
      }
      write(node, 700, 30, 4);
      node.awaitState("WFConnection", "UpToDate/DUnknown");
      try (KernelPeer kernel = boot(theirs, "--no-create-md")) {
        node.awaitState("Connected", "UpToDate/UpToDate");
        write(node, 800, 30, 5);
        node.kill();
        kernel.run("wait_cs WFConnection 30");
        kernel.run("drbdsetup primary $MINOR");
        kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=50 seek=2000 oflag=direct");
        node.start();
        node.drbdadm("up", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        kernel.run("wait_ds UpToDate/UpToDate 30");
        node.kill();
        kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=20 seek=4000 oflag=direct");
        node.start();
        node.drbdadm("up", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        kernel.run("dd if=/dev/urandom of=/tmp-x bs=4096 count=30");
        kernel.run("dd if=/tmp-x of=$DEV bs=4096 seek=5000 oflag=direct conv=fsync");
        writtenByTheKernel = kernel.run("sha256sum </tmp-x").strip();
        kernel.cutPower();
      }
      node.awaitState("WFConnection", "UpToDate/DUnknown");
      node.drbdadm("primary", "r0");
      assertThat(sha256(node, 5000, 30)).isEqualTo(writtenByTheKernel.split(" ")[0]);
      write(node, 6000, 10, 6);
      try (KernelPeer kernel = boot(theirs, "--no-create-md")) {
        node.awaitState("Connected", "UpToDate/UpToDate");
        assertHolds(node, 500, 40, 3);
        assertHolds(node, 700, 30, 4);
        assertHolds(node, 800, 30, 5);
        node.drbdadm("secondary", "r0");
        kernel.powerOff();
      }
    }
    assertThat(KernelPeer.differingBlocks(ours, theirs, DATA_BYTES)).isEmpty();
    checkTraffic();
  }

  // ---- the two nodes

  private NodeProcess node(Path disk) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    Path config = folder.resolve("drbd.conf");
    Files.writeString(
        config,
        """
        resource r0 {
          protocol C;
          disk { c-fill-target 8M; resync-rate 100M; c-max-rate 400M; }
          net { ping-timeout 30; }
          on ours {
            device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal;
          }
          on kernel {
            device /dev/drbd0; disk /dev/vda; address 127.0.0.1:%d; meta-disk internal;
          }
        }
        """
            .formatted(disk, ourPort, toKernel.address().getPort()));
    NodeProcess node = new NodeProcess("ours", folder.resolve("node"), config);
    node.drbdadm("create-md", "r0");
    node.start();
    node.drbdadm("up", "r0");
    return node;
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }

  private KernelPeer boot(Path disk, String... more) throws IOException {
    int port = toOurs.address().getPort();
    Path console = folder.resolve("console-" + System.nanoTime());
    return KernelPeer.boot(kernelPort, port, disk, console, more);
  }

  /// Both nodes are gone: everything they said is read by Wireshark as by us.
  private void checkTraffic() throws IOException, InterruptedException {
    toOurs.close();
    toKernel.close();
    assertThat(Dissection.check(capture.finish()))
        .containsKeys(PacketType.RS_DATA_REPLY, PacketType.DATA, PacketType.BARRIER_ACK);
  }

  // ---- data

  private static void write(NodeProcess node, int firstBlock, int blocks, int value)
      throws IOException {
    try (NbdClient client = node.nbd()) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        client.pwrite(content(block, value), (long) block * BLOCK);
      }
      client.flush();
    }
  }

  private static void assertHolds(NodeProcess node, int firstBlock, int blocks, int value)
      throws IOException {
    byte[] read = new byte[BLOCK];
    try (NbdClient client = node.nbd()) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        client.pread(read, (long) block * BLOCK);
        assertThat(Arrays.equals(read, content(block, value))).as("block " + block).isTrue();
      }
    }
  }

  private static String sha256(NodeProcess node, int firstBlock, int blocks) throws Exception {
    byte[] read = new byte[blocks * BLOCK];
    try (NbdClient client = node.nbd()) {
      client.pread(read, (long) firstBlock * BLOCK);
    }
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(read));
  }

  private static byte[] content(int block, int value) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) (block * 7 + value));
    return bytes;
  }
}
