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

/// Digests beside a real kernel DRBD node: online verify from either side, resync by checksums in
/// both directions, data that goes with its digest.
@Tag("interop")
@Tag("full")
class KernelChecksumsTest {
  private static final String OURS = "verify-alg sha1; csums-alg crc32c; data-integrity-alg md5;";
  private static final String KERNELS =
      "--ping-timeout=30 --verify-alg=sha1 --csums-alg=crc32c --data-integrity-alg=md5";

  /// What the kernel asks for with one checksum; 20 blocks may lie in two such pieces.
  private static final int ASKED_BYTES_MAX = 1 << 20;

  @TempDir private Path folder;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @Test
  void eitherVerifiesAndIsFilledByChecksums(TestInfo test) throws Exception {
    KernelPair pair = new KernelPair(folder).net(OURS);
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--net-opts", KERNELS)) {
      kernel.run("wait_cs Connected 30");
      node.drbdadm("primary", "--force", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      KernelPair.write(node, 500, 40, 3);

      // Ours asks.
      pair.rot(510, 3);
      node.drbdadm("verify", "r0");
      node.awaitLog("Online verify found 3 4k block out of sync!");
      node.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isEqualTo(3);
      assertThat(kernel.run("field oos").strip()).isEqualTo("12");

      // The kernel asks, and finds one more.
      pair.rot(9000, 1);
      kernel.run("drbdsetup verify $MINOR");
      kernel.run("wait_cs Connected 60");
      node.awaitVolume("4 blocks out of sync", it -> it.outOfSyncBlocks() == 4);
      node.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(kernel.run("field oos").strip()).isEqualTo("16");

      // Ours is filled: it asks with checksums.
      node.drbdadm("secondary", "r0");
      kernel.run("drbdsetup primary $MINOR");
      kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=50 seek=2000 oflag=direct");
      node.drbdadm("invalidate", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      node.awaitLog("had equal checksums");
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();

      // The kernel is filled: ours answers its checksums, and sends what differs.
      kernel.run("drbdsetup secondary $MINOR");
      pair.rotTheirs(2100, 20);
      pair.rotTheirs(12000, 1);
      pair.oursSays().forget();
      kernel.run("drbdsetup invalidate $MINOR");
      kernel.run("wait_ds UpToDate/UpToDate 90");
      node.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(pair.oursSays().said(PacketType.RS_IS_IN_SYNC)).isPositive();
      assertThat(pair.oursSays().saidBytes(PacketType.RS_DATA_REPLY))
          .isBetween(21L * KernelPair.BLOCK, 3L * ASKED_BYTES_MAX);
      pair.assertEqualDisks();

      // Nothing is left to be found.
      node.drbdadm("verify", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      node.drbdadm("verify", "--start=8000", "--stop=16000", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      kernel.run("wait_cs Connected 30");
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
      assertThat(kernel.run("field oos").strip()).isEqualTo("0");
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    assertThat(pair.dissect())
        .containsKeys(
            PacketType.OV_REQUEST,
            PacketType.OV_REPLY,
            PacketType.OV_RESULT,
            PacketType.CSUM_RS_REQUEST,
            PacketType.RS_IS_IN_SYNC);
  }
}
