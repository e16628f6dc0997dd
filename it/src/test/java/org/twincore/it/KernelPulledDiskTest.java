package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;

/// Our disk is pulled under a kernel node that is Primary, and comes back as it was when last
/// flushed.
///
/// Promise kept (docs/durability.md): a disk that comes back is not taken for equal where it lacks
/// what it had answered. We take back what it had not flushed with late P_NEG_ACKs, and the kernel
/// marks those blocks.
@Tag("interop")
@Tag("full")
class KernelPulledDiskTest {
  private static final int ROUNDS = 4;
  private static final long LOAD_SECTORS = 50_000;

  @TempDir private Path folder;

  @Test
  @Timeout(value = 400, unit = TimeUnit.SECONDS)
  void theKernelMarksWhatOurDiskHadNotFlushed(TestInfo test) throws Exception {
    KernelPeer.require();
    KernelPair pair = new KernelPair(folder, 16);
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--no-connect")) {
      kernel.run("peer_connect");
      node.awaitState("Connected", "Inconsistent/Inconsistent");
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      kernel.run("wait_ds UpToDate/UpToDate 30");
      kernel.run("drbdsetup-84 primary $MINOR");
      kernel.run("for i in 0 1; do dd if=/dev/urandom of=/tmp/data$i bs=1M count=8; done");
      for (int round = 0; round < ROUNDS; round++) {
        pullUnderLoad(pair, node, kernel);
      }
      kernel.run("drbdsetup-84 secondary $MINOR");
      node.drbdadm("down", "r0");
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    Map<PacketType, Integer> packets = pair.dissect();
    assertThat(packets.get(PacketType.PROTOCOL)).as("one connection").isEqualTo(2);
    assertThat(packets.get(PacketType.NEG_ACK)).as("taken back").isGreaterThan(ROUNDS);
  }

  /// Each time at another moment between two flushes of our disk: at most what one epoch holds is
  /// unflushed then, and that may be one write.
  private static void pullUnderLoad(KernelPair pair, NodeProcess node, KernelPeer kernel)
      throws IOException, InterruptedException {
    node.drbdadm("detach", "r0");
    Path held;
    try (Enclosure enclosure = Enclosure.around(pair.ours())) {
      attach(node, kernel);
      // Each writes its part over and over, with other data each time, till it hears of the loss.
      kernel.run(
          "rm -f /tmp/stopped*; for w in 0 1 2 3; do"
              + " (i=0; while field ds | grep -q UpToDate/UpToDate; do"
              + " dd if=/tmp/data$i of=$DEV bs=512K count=4 skip=$((w * 4)) seek=$((w * 4))"
              + " oflag=direct; i=$((1 - i)); done; touch /tmp/stopped$w) >/dev/null 2>&1 &"
              + " done; true");
      long before = node.volume().orElseThrow().counters().receivedSectors();
      node.awaitVolume("load", it -> it.counters().receivedSectors() > before + LOAD_SECTORS);
      enclosure.pull();
      node.awaitState("Connected", "Diskless/UpToDate");
      kernel.run("for w in 0 1 2 3; do while [ ! -e /tmp/stopped$w ]; do sleep 0.1; done; done");
      kernel.run("wait_ds UpToDate/Diskless 30");
      held = enclosure.remove();
    }
    Files.move(held, pair.ours(), StandardCopyOption.REPLACE_EXISTING);
    attach(node, kernel);
  }

  private static void attach(NodeProcess node, KernelPeer kernel) throws IOException {
    node.drbdadm("attach", "r0");
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }
}
