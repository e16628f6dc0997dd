package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.TestInfo;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;
import org.twincore.testkit.PcapFile;
import org.twincore.testkit.PcapWriter;

/// A node of ours, `ours`, and a real kernel DRBD 8.4 node as the two halves of `r0`, on disks of
/// their own. All that they say to each other goes through [WireTap]s into a capture.
final class KernelPair {
  static final int BLOCK = 4096;

  /// What [#rot] puts there is [#content] of this value.
  static final int ROT = 201;

  private static final String NET = "ping-timeout 30;";

  /// What is said before a scenario begins.
  private static final String BEFORE = "";

  /// Nobody listens there.
  private static final InetSocketAddress NOWHERE = loopback(1);

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
  private final List<Capture> captures = new ArrayList<>();
  private final BitFlip flip = new BitFlip();
  private final Speaker oursSays = new Speaker();
  private final Speaker kernelSays = new Speaker();
  private final HeldEnds ends = new HeldEnds();
  private final WireTap toOurs;
  private final WireTap toKernel;
  private String net = NET;
  private String disk = "";
  private String protocol = "C";
  private String more = "";
  private String oursSecond = "";
  private String theirSecond = "";

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
    Capture first = capture(BEFORE);
    toOurs = new WireTap(loopback(ourPort), first.writer, flip, kernelSays, oursSays, ends);
    toKernel = new WireTap(loopback(kernelPort), first.writer, flip, oursSays, kernelSays, ends);
  }

  private record Capture(String scenario, Path path, PcapWriter writer) {}

  private Capture capture(String scenario) throws IOException {
    Path path = folder.resolve("traffic-" + captures.size() + ".pcap");
    Capture capture = new Capture(scenario, path, new PcapWriter(path));
    captures.add(capture);
    return capture;
  }

  /// A scenario of that name begins, on connections of its own.
  void begin(String scenario) throws IOException {
    if (Recording.folder().isPresent()) {
      split(scenario);
    }
  }

  /// What is said from now on, on connections of its own, is a capture of its own: what Wireshark
  /// makes of one has to fit into memory.
  void split(String scenario) throws IOException {
    Capture capture = capture(scenario);
    toOurs.writeTo(capture.writer);
    toKernel.writeTo(capture.writer);
  }

  /// The capture at hand keeps only the first so many bytes of what is said.
  void limitCapture(long bytes) {
    captures.getLast().writer.limit(bytes);
  }

  /// The same, called as the test is.
  void begin(TestInfo test) throws IOException {
    begin(scenario(test));
  }

  /// The name of a test's scenario.
  static String scenario(TestInfo test) {
    String method = test.getTestMethod().orElseThrow().getName();
    String shown = test.getDisplayName();
    String words = shown.startsWith(method) ? method : method + " " + shown;
    return test.getTestClass().orElseThrow().getSimpleName()
        + "-"
        + words.replaceAll("[^A-Za-z0-9]+", "-").replaceAll("-+$", "");
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

  /// A volume 1 on that disk of ours, which is there, and the kernel's `/dev/vdb`.
  void secondVolume(Path ourDisk) {
    oursSecond = "volume 1 { device /dev/drbd1; disk %s; meta-disk internal; }".formatted(ourDisk);
    theirSecond = "volume 1 { device /dev/drbd1; disk /dev/vdb; meta-disk internal; }";
  }

  /// Sections besides those.
  KernelPair sections(String text) {
    more = text;
    return this;
  }

  /// The nodes do not reach each other any more.
  void part() throws IOException {
    toOurs.redirect(NOWHERE);
    toKernel.redirect(NOWHERE);
    toOurs.cut();
    toKernel.cut();
  }

  /// They do again.
  void join() {
    toOurs.redirect(loopback(ourPort));
    toKernel.redirect(loopback(kernelPort));
  }

  /// Changes what one node says to the other.
  BitFlip flip() {
    return flip;
  }

  /// What ours says.
  Speaker oursSays() {
    return oursSays;
  }

  /// What the kernel's node says.
  Speaker kernelSays() {
    return kernelSays;
  }

  /// When a node hears that the other has gone.
  HeldEnds ends() {
    return ends;
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

  /// Both nodes are down: each gets the other's disk.
  void swapDisks() throws IOException {
    Path held = folder.resolve("held.disk");
    Files.move(ours(), held);
    Files.move(theirs(), ours());
    Files.move(held, theirs());
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
          %s
          on ours {
            address 127.0.0.1:%d;
            volume 0 { device /dev/drbd0; disk %s; meta-disk internal; }
            %s
          }
          on kernel {
            address 127.0.0.1:%d;
            volume 0 { device /dev/drbd0; disk /dev/vda; meta-disk internal; }
            %s
          }
        }
        """
            .formatted(
                protocol,
                disk,
                net,
                more,
                ourPort,
                ours(),
                oursSecond,
                toKernel.address().getPort(),
                theirSecond));
  }

  /// Boots the kernel's node; `more` are options of drbd-peer.
  KernelPeer boot(String... more) throws IOException {
    int port = toOurs.address().getPort();
    Path console = folder.resolve("console-" + System.nanoTime());
    KernelPeer kernel = KernelPeer.boot(kernelPort, port, diskMib, theirs(), console, more);
    if (Recording.folder().isPresent()) {
      kernel.run(Recording.IN_THE_GUEST);
    }
    return kernel;
  }

  /// What of a disk of that size is not metadata.
  static long dataBytes(int mib) throws IOException {
    long bytes = (long) mib << 20;
    try {
      return 512
          * MetadataLayout.of(new MetadataLayout.Kind.Internal(), bytes, bytes).usableSectors();
    } catch (MetadataException impossible) {
      throw new IOException(impossible);
    }
  }

  /// Nothing is under way, or both nodes are gone: both disks hold the same.
  void assertEqualDisks() throws IOException {
    assertThat(differingBlocks()).isEmpty();
  }

  /// The same, but the last writes may be answered before the other node has them, as in protocol
  /// A.
  void awaitEqualDisks() throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20L * Patience.FACTOR);
    while (!hasEqualDisks() && System.nanoTime() < until) {
      Thread.sleep(50);
    }
    assertEqualDisks();
  }

  boolean hasEqualDisks() throws IOException {
    return differingBlocks().isEmpty();
  }

  List<Integer> differingBlocks() throws IOException {
    return KernelPeer.differingBlocks(ours(), theirs(), dataBytes(diskMib));
  }

  /// Both nodes are gone: everything they said is read by Wireshark as by us. How many packets of
  /// each type there were.
  Map<PacketType, Integer> dissect() throws IOException, InterruptedException {
    toOurs.close();
    toKernel.close();
    Map<PacketType, Integer> seen = new EnumMap<>(PacketType.class);
    for (Capture capture : captures) {
      PcapFile file = capture.writer.finish();
      if (!file.connections().isEmpty()) {
        if (!capture.scenario.equals(BEFORE)) {
          Recording.keep(capture.path, capture.scenario);
        }
        Dissection.check(file).forEach((type, count) -> seen.merge(type, count, Integer::sum));
      }
    }
    return seen;
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
    rot(ours(), firstBlock, blocks);
  }

  /// Changes blocks of the kernel's disk behind the node's back.
  void rotTheirs(int firstBlock, int blocks) throws IOException {
    rot(theirs(), firstBlock, blocks);
  }

  private static void rot(Path disk, int firstBlock, int blocks) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      for (int block = firstBlock; block < firstBlock + blocks; block++) {
        file.seek((long) block * BLOCK);
        file.write(content(block, ROT));
      }
    }
  }

  /// Puts other data onto each disk behind the nodes' backs; not a block of them is equal. It packs
  /// well: captures hold much of it.
  void fillApart() throws IOException {
    fill(ours(), 1);
    fill(theirs(), 2);
  }

  private void fill(Path disk, int seed) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength((long) diskMib << 20);
    }
    fill(disk, 0, dataBlocks(), seed);
  }

  /// Puts data onto these blocks of a disk; with another seed it is other data.
  static void fill(Path disk, int firstBlock, int blocks, int seed) throws IOException {
    Random random = new Random(seed);
    byte[] block = new byte[BLOCK];
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.seek((long) firstBlock * BLOCK);
      for (int number = firstBlock; number < firstBlock + blocks; number++) {
        Arrays.fill(block, (byte) random.nextInt());
        ByteBuffer.wrap(block).putInt(number).putInt(seed);
        file.write(block);
      }
    }
  }

  int dataBlocks() throws IOException {
    return (int) (dataBytes(diskMib) / BLOCK);
  }

  /// What a block of a disk holds, read behind the node's back.
  static byte[] block(Path disk, int block) throws IOException {
    byte[] bytes = new byte[BLOCK];
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "r")) {
      file.seek((long) block * BLOCK);
      file.readFully(bytes);
    }
    return bytes;
  }
}
