package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Our node and a kernel DRBD node, both Primary as `become-primary-on both` has it, write to the
/// same blocks at once.
///
/// A true conflict may end in a reconnect, where the kernel is the node that resolves it: it never
/// finishes the epoch of a write that it has discarded (drbd-wire section 9). Both are Primary
/// then, so they part as after a split brain, which a policy settles once one of them is Secondary.
@Tag("interop")
@Tag("full")
class KernelDualTest {
  private static final String POLICIES =
      "after-sb-0pri discard-least-changes; after-sb-1pri discard-secondary;";
  private static final String KERNEL =
      "--ping-timeout=30 --allow-two-primaries=yes --after-sb-0pri=discard-least-changes"
          + " --after-sb-1pri=discard-secondary --ko-count=1";

  @TempDir private Path folder;

  @Test
  @Timeout(value = 300, unit = TimeUnit.SECONDS)
  void bothWriteAndEndEqual(TestInfo test) throws Exception {
    KernelPeer.require();
    KernelPair pair =
        new KernelPair(folder, 8)
            .net("allow-two-primaries yes; ko-count 1; " + POLICIES)
            .sections("startup { become-primary-on both; }");
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--no-connect")) {
      kernel.run("PROTOCOL=C NET_OPTS='" + KERNEL + "' && peer_connect");
      node.awaitState("Connected", "Inconsistent/Inconsistent");
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      kernel.run("wait_ds UpToDate/UpToDate 30");
      node.drbdadm("sh-b-pri", "r0"); // as `service drbd start` does
      kernel.run("drbdsetup-84 primary $MINOR");
      node.awaitVolume("Primary/Primary", it -> it.peerRole().equals("Primary"));

      // Apart: what each wrote the other reads.
      KernelPair.write(node, 500, 20, 3);
      kernel.run("dd if=$DEV of=/dev/null bs=4096 count=20 skip=500 iflag=direct");
      kernel.run("dd if=/dev/zero of=$DEV bs=4096 count=10 seek=500 oflag=direct conv=fsync");
      KernelPair.assertHolds(node, 510, 10, 3);
      assertThat(node.volume().orElseThrow().connection()).isEqualTo("Connected");

      // Together, on the same blocks.
      BlockHistory told = new BlockHistory();
      told.start(node, 1, 1_500);
      told.start(node, 2, 1_500);
      kernel.run(
          "i=0; while [ $i -lt 250 ]; do dd if=/dev/urandom of=$DEV bs=4096 count=1"
              + " seek=$((i % 16)) oflag=direct 2>/dev/null || true; i=$((i+1)); done");
      assertThat(told.await()).isEmpty();
      settle(node, kernel);
      node.drbdadm("down", "r0");
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    assertThat(pair.dissect()).isNotEmpty();
  }

  /// Both Secondary and connected, after a split brain too.
  private static void settle(NodeProcess node, KernelPeer kernel) throws IOException {
    KernelPair.awaitClosed(node);
    node.drbdadm("secondary", "r0");
    kernel.run("drbdsetup-84 secondary $MINOR");
    String conn = node.volume().orElseThrow().connection();
    if (!conn.equals("Connected")) {
      node.drbdadm("disconnect", "--force", "r0");
      kernel.run("peer_disconnect --force >/dev/null 2>&1; true");
      kernel.run("peer_connect");
      node.drbdadm("connect", "r0");
    }
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }
}
