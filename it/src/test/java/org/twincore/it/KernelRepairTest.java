package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;

/// `drbdadm repair` beside a real kernel DRBD node: what a verify marked is copied from ours to the
/// kernel's disk and from the kernel's to ours, without leaving the connection.
@Tag("interop")
@Tag("full")
class KernelRepairTest {
  private static final String OURS = "verify-alg sha1;";
  private static final String KERNELS = "--ping-timeout=30 --verify-alg=sha1";

  @TempDir private Path folder;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @Test
  void eitherSideIsRepairedFromTheOther(TestInfo test) throws Exception {
    KernelPair pair = new KernelPair(folder, 24).net(OURS);
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--net-opts", KERNELS)) {
      kernel.run("wait_cs Connected 30");
      node.drbdadm("primary", "--force", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      KernelPair.write(node, 500, 40, 3);
      String written = KernelPair.sha256(node, 500, 40);
      KernelPair.awaitClosed(node);
      node.drbdadm("secondary", "r0");

      // Ours has rotted; the kernel's blocks are right.
      pair.rot(510, 3);
      verified(node, kernel, 3);
      node.drbdadm("repair", "--source=kernel", "r0");
      repaired(node, kernel);
      node.drbdadm("primary", "r0");
      assertThat(KernelPair.sha256(node, 500, 40)).isEqualTo(written);

      // What rots here is declared right, and goes to the kernel.
      KernelPair.awaitClosed(node);
      pair.rot(4000, 2);
      verified(node, kernel, 2);
      node.drbdadm("repair", "--source=ours", "r0");
      repaired(node, kernel);
      node.drbdadm("secondary", "r0");
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    assertThat(pair.dissect()).containsKeys(PacketType.OV_RESULT, PacketType.RS_DATA_REPLY);
  }

  private static void verified(NodeProcess node, KernelPeer kernel, int blocks) throws Exception {
    node.drbdadm("verify", "r0");
    node.awaitVolume(blocks + " blocks out of sync", it -> it.outOfSyncBlocks() == blocks);
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    assertThat(kernel.run("field oos").strip()).isEqualTo(Integer.toString(4 * blocks));
  }

  private static void repaired(NodeProcess node, KernelPeer kernel) throws Exception {
    node.awaitVolume("no block out of sync", it -> it.outOfSyncBlocks() == 0);
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    kernel.run("wait_ds UpToDate/UpToDate 60");
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
  }
}
