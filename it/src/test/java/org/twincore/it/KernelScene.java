package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.twincore.drbd.wire.PacketType;

/// One real kernel DRBD node and one of ours for many short scenarios: each begins with new
/// metadata on both sides and equal disks, and ends with equal disks.
final class KernelScene {
  static final int DISK_MIB = 8;
  private static final String KERNEL = "--ping-timeout=30";

  final KernelPair pair;
  final NodeProcess node;
  final KernelPeer kernel;
  private int writes;

  private KernelScene(KernelPair pair, NodeProcess node, KernelPeer kernel) {
    this.pair = pair;
    this.node = node;
    this.kernel = kernel;
  }

  /// Skips the calling test, aloud, where no guest can be booted; `more` are options of drbd-peer.
  static KernelScene boot(Path folder, String... more) throws IOException, InterruptedException {
    KernelPeer.require();
    KernelPair pair = new KernelPair(folder, DISK_MIB);
    NodeProcess node = pair.node();
    String[] words =
        List.of(List.of("--no-connect"), List.of(more)).stream()
            .flatMap(List::stream)
            .toArray(String[]::new);
    KernelPeer kernel = pair.boot(words);
    kernel.run(KernelPair.FRESH);
    return new KernelScene(pair, node, kernel);
  }

  /// Ends both; how many packets of each type they said, read by Wireshark as by us.
  Map<PacketType, Integer> end() throws IOException, InterruptedException {
    node.drbdadm("down", "r0");
    kernel.powerOff();
    node.close();
    return pair.dissect();
  }

  /// New metadata on both sides, both up with these options.
  void fresh(String protocol, String ours, String theirs) throws IOException {
    node.drbdadm("down", "r0");
    node.ignoreLogSoFar();
    kernel.run("dmesg -c >/dev/null");
    pair.protocol(protocol).net(ours).configure();
    node.drbdadm("create-md", "--force", "r0");
    node.drbdadm("up", "r0");
    kernel.run("fresh " + protocol + " " + KERNEL + " " + theirs);
  }

  /// As above, connected, and both UpToDate without a sync: the disks are equal from before.
  void inStep(String protocol, String ours, String theirs) throws IOException {
    fresh(protocol, ours, theirs);
    kernel.run("wait_cs Connected 30");
    node.awaitState("Connected", "Inconsistent/Inconsistent");
    node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    both();
  }

  void both() throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 30");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }

  void oursIsPrimary() throws IOException {
    kernel.run("drbdsetup-84 secondary $MINOR");
    node.awaitVolume("no Primary beside it", it -> !it.peerRole().equals("Primary"));
    node.drbdadm("primary", "r0");
    kernel.run("wait_role Secondary/Primary 10");
  }

  void kernelIsPrimary() throws IOException {
    node.drbdadm("secondary", "r0");
    kernel.run("drbdsetup-84 primary $MINOR");
  }

  /// The kernel's node writes blocks that nobody else has.
  void kernelWrites(int block, int blocks) throws IOException {
    kernelWrites(block, blocks, KernelPair.BLOCK);
  }

  /// The same in blocks of that size; what it writes is never the same.
  void kernelWrites(int block, int blocks, int blockBytes) throws IOException {
    writes++;
    kernel.run(
        "yes write-%d | dd of=$DEV bs=%d count=%d seek=%d iflag=fullblock oflag=direct conv=fsync"
            .formatted(writes, blockBytes, blocks, block));
  }

  /// What the first block of the kernel's last write holds.
  byte[] lastWrite() {
    byte[] line = ("write-" + writes + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] bytes = new byte[KernelPair.BLOCK];
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = line[at % line.length];
    }
    return bytes;
  }

  void assertEqual() throws IOException {
    both();
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    pair.assertEqualDisks();
  }

  /// What the kernel has logged since the scenario began.
  String kernelLog() throws IOException {
    return kernel.run("dmesg");
  }
}
