package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// `on-congestion pull-ahead` and `read-balancing` beside a real kernel DRBD node: each of the two
/// pulls ahead of the other and lets it catch up, and each reads from the other's disk.
@Tag("interop")
@Tag("full")
class KernelCongestionTest {
  private static final String KERNELS =
      "--ping-timeout=30 --on-congestion=pull-ahead --congestion-fill=64";

  @TempDir private Path folder;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @Test
  void eitherPullsAheadOfTheOther(TestInfo test) throws Exception {
    KernelPair pair =
        new KernelPair(folder)
            .protocol("A")
            .net("on-congestion pull-ahead; congestion-fill 64s;")
            .disk("read-balancing prefer-remote;");
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--protocol", "A", "--net-opts", KERNELS)) {
      kernel.run("wait_cs Connected 30");
      node.drbdadm("primary", "--force", "r0");
      both(node, kernel);

      // Ours is Primary, and too quick for the kernel.
      writeMuch(node, 1);
      node.awaitLog("pulls ahead: congestion-fill reached");
      both(node, kernel);
      kernel.run("dmesg | grep 'Connected -> Behind'");
      KernelPair.write(node, 3000, 20, 5);
      both(node, kernel);
      // Behind what was written, by the kernel's disk.
      KernelPair.assertHolds(node, 3000, 20, 5);

      // The other way round.
      node.drbdadm("secondary", "r0");
      kernel.run("drbdsetup-84 primary $MINOR");
      // Quicker than we flush: what is sent counts until its barrier is acknowledged.
      kernel.run("dd if=/dev/urandom of=/tmp/much bs=1M count=16");
      kernel.run(
          "for w in 0 1 2 3; do dd if=/tmp/much of=$DEV bs=64K count=64 skip=$((w * 64))"
              + " seek=$((w * 64 + 320)) oflag=direct & done; wait; rm /tmp/much");
      kernel.run("dmesg | grep 'Connected -> Ahead'");
      node.awaitLog("cs:Behind");
      both(node, kernel);
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
      assertThat(kernel.run("field oos").strip()).isEqualTo("0");

      kernel.run("drbdsetup-84 disk-options $MINOR --read-balancing=prefer-remote");
      String read = "dd if=$DEV bs=1M count=16 seek=0 skip=20 iflag=direct 2>/dev/null | sha256sum";
      String throughOurs = kernel.run(read).strip().split(" ")[0];
      kernel.run("drbdsetup-84 disk-options $MINOR --read-balancing=prefer-local");
      assertThat(throughOurs).isEqualTo(kernel.run(read).strip().split(" ")[0]);
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    assertThat(pair.dissect())
        .containsKeys(
            PacketType.OUT_OF_SYNC,
            PacketType.SYNC_UUID,
            PacketType.DATA_REQUEST,
            PacketType.DATA_REPLY);
  }

  /// More at once than may be in flight.
  private static void writeMuch(NodeProcess node, int value) throws IOException {
    byte[] data = new byte[1 << 20];
    Arrays.fill(data, (byte) value);
    try (NbdClient client = node.nbd()) {
      for (int mib = 0; mib < 16; mib++) {
        client.pwrite(data, (long) mib << 20);
      }
    }
    KernelPair.awaitClosed(node);
  }

  private static void both(NodeProcess node, KernelPeer kernel) throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }
}
