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
import java.util.Map;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;
import org.twincore.testkit.PcapWriter;

/// A node of ours, `ours`, and a real kernel DRBD 8.4 node as the two halves of `r0`, on disks of
/// their own. All that they say to each other goes through [WireTap]s into a capture.
final class KernelPair {
  static final int BLOCK = 4096;
  private static final String NET = "ping-timeout 30;";

  /// For the guest's shell: `fresh PROTOCOL OPTION...` gives its node new metadata and connects it.
  static final String FRESH =
      "fresh() { p=$1; shift; peer_disconnect --force >/dev/null 2>&1;"
          + " drbdsetup-84 down $RES >/dev/null 2>&1;"
          + " drbdmeta --force $MINOR v08 /dev/vda internal create-md >/dev/null 2>&1 </dev/null"
          + " && drbdsetup-84 new-resource $RES && drbdsetup-84 new-minor $RES $MINOR 0"
          + " && drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M"
          + " --c-max-rate=400M --c-fill-target=8M"
          + " && PROTOCOL=$p NET_OPTS=\"$*\" && peer_connect; }";

  private final Path folder;
  private final int diskMib;
  private final int ourPort;
  private final int kernelPort;
  private final PcapWriter capture;
  private final WireTap toOurs;
  private final WireTap toKernel;
  private String net = NET;
  private String disk = "";
  private String protocol = "C";

  KernelPair(Path folder) throws IOException {
    this(folder, 64);
  }

  /// With disks of that size, metadata included.
  KernelPair(Path folder, int diskMib) throws IOException {
    this.folder = folder;
    this.diskMib = diskMib;
    List<Integer> ports = FreePorts.find(2);
    ourPort = ports.get(0);
    kernelPort = ports.get(1);
    capture = new PcapWriter(folder.resolve("traffic.pcap"));
    toOurs = new WireTap(loopback(ourPort), capture);
    toKernel = new WireTap(loopback(kernelPort), capture);
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }

  /// More text for the net section of ours.
  KernelPair net(String text) {
    net = NET + " " + text;
    return this;
  }

  /// More text for the disk section of ours.
  KernelPair disk(String text) {
    disk = text;
    return this;
  }

  KernelPair protocol(String letter) {
    protocol = letter;
    return this;
  }

  Path ours() {
    return folder.resolve("ours.disk");
  }

  Path theirs() {
    return folder.resolve("theirs.disk");
  }

  /// Our node on a fresh disk, up.
  NodeProcess node() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ours().toFile(), "rw")) {
      file.setLength((long) diskMib << 20);
    }
    NodeProcess node = new NodeProcess("ours", folder.resolve("node"), configure());
    node.drbdadm("create-md", "r0");
    node.start();
    node.drbdadm("up", "r0");
    return node;
  }

  /// Writes drbd.conf of ours as it is to be from now on.
  Path configure() throws IOException {
    return Files.writeString(
        folder.resolve("drbd.conf"),
        """
        resource r0 {
          protocol %s;
          disk { c-fill-target 8M; resync-rate 100M; c-max-rate 400M; %s }
          net { %s }
          on ours {
            device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal;
          }
          on kernel {
            device /dev/drbd0; disk /dev/vda; address 127.0.0.1:%d; meta-disk internal;
          }
        }
        """
            .formatted(protocol, disk, net, ours(), ourPort, toKernel.address().getPort()));
  }

  /// Boots the kernel's node; `more` are options of drbd-peer.
  KernelPeer boot(String... more) throws IOException {
    int port = toOurs.address().getPort();
    Path console = folder.resolve("console-" + System.nanoTime());
    return KernelPeer.boot(kernelPort, port, diskMib, theirs(), console, more);
  }

  private long dataBytes() throws IOException {
    long bytes = (long) diskMib << 20;
    try {
      return 512
          * MetadataLayout.of(new MetadataLayout.Kind.Internal(), bytes, bytes).usableSectors();
    } catch (MetadataException impossible) {
      throw new IOException(impossible);
    }
  }

  /// Nothing is under way, or both nodes are gone: both disks hold the same.
  void assertEqualDisks() throws IOException {
    assertThat(KernelPeer.differingBlocks(ours(), theirs(), dataBytes())).isEmpty();
  }

  boolean hasEqualDisks() throws IOException {
    return KernelPeer.differingBlocks(ours(), theirs(), dataBytes()).isEmpty();
  }

  /// Both nodes are gone: everything they said is read by Wireshark as by us. How many packets of
  /// each type there were.
  Map<PacketType, Integer> dissect() throws IOException, InterruptedException {
    toOurs.close();
    toKernel.close();
    return Dissection.check(capture.finish());
  }

  // ---- data

  /// Writes blocks whose content follows from number and value, and flushes.
  static void write(NodeProcess node, int firstBlock, int blocks, int value) throws IOException {
    try (NbdClient client = node.nbd()) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        client.pwrite(content(block, value), (long) block * BLOCK);
      }
      client.flush();
    }
    awaitClosed(node);
  }

  /// The node hears a little later than its client that nobody has the volume open.
  static void awaitClosed(NodeProcess node) throws IOException {
    node.awaitVolume("closed", it -> it.openers() == 0);
  }

  static void assertHolds(NodeProcess node, int firstBlock, int blocks, int value)
      throws IOException {
    byte[] read = new byte[BLOCK];
    try (NbdClient client = node.nbd()) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        client.pread(read, (long) block * BLOCK);
        assertThat(Arrays.equals(read, content(block, value))).as("block " + block).isTrue();
      }
    } finally {
      awaitClosed(node);
    }
  }

  static String sha256(NodeProcess node, int firstBlock, int blocks) throws Exception {
    byte[] read = new byte[blocks * BLOCK];
    try (NbdClient client = node.nbd()) {
      client.pread(read, (long) firstBlock * BLOCK);
    }
    awaitClosed(node);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(read));
  }

  static byte[] content(int block, int value) {
    byte[] bytes = new byte[BLOCK];
    Arrays.fill(bytes, (byte) (block * 7 + value));
    return bytes;
  }

  /// Changes blocks of our disk behind the node's back.
  void rot(int firstBlock, int blocks) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ours().toFile(), "rw")) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        file.seek((long) block * BLOCK);
        file.write(content(block, 201));
      }
    }
  }
}
