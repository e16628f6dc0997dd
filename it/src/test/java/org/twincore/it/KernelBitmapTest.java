package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.PacketType;

/// A bitmap that does not fit into one packet, from a real kernel DRBD node and to it, in either
/// encoding: each node's chunks come together as the other's bitmap.
///
/// An online verify marks two blocks in each eight on both nodes, which is too much for one
/// compressed packet and still less than the plain bits. Then each node in turn is alone and
/// writes, and all that is marked is copied.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelBitmapTest {
  private static final int DISK_MIB = 300;
  private static final int STEP = 8;
  private static final int MARKED = 2;

  /// Of 76,800 bits: a plain packet holds 32,704 of them.
  private static final int PLAIN_PACKETS = 3;

  @TempDir private Path folder;
  private KernelPair pair;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @BeforeEach
  void tapTheWire() throws IOException {
    pair = new KernelPair(folder, DISK_MIB);
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "no"})
  void theBitmapComesInChunks(String rle, TestInfo test) throws Exception {
    pair.net("verify-alg crc32c; use-rle " + rle + ";");
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel =
            pair.boot("--net-opts", "--ping-timeout=30 --verify-alg=crc32c --use-rle=" + rle)) {
      kernel.run("wait_cs Connected 30");
      node.awaitState("Connected", "Inconsistent/Inconsistent");
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");

      int marked = verifiedApart(node, kernel, 2);
      node.drbdadm("primary", "r0");
      node.drbdadm("disconnect", "r0");
      KernelPair.write(node, 4, 1, 1);
      forget();
      node.drbdadm("connect", "r0");
      assertCopied(node, kernel, pair.oursSays(), marked + 1, rle);
      node.drbdadm("secondary", "r0");

      marked = verifiedApart(node, kernel, 6);
      kernel.run("drbdsetup-84 primary $MINOR; peer_disconnect");
      kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=1 seek=4 oflag=direct conv=fsync");
      forget();
      kernel.run("peer_connect");
      assertCopied(node, kernel, pair.kernelSays(), marked + 1, rle);
      kernel.powerOff();
    }
    pair.dissect();
  }

  private void forget() {
    pair.oursSays().forget();
    pair.kernelSays().forget();
  }

  /// How many blocks a verify has marked on both, from that one on in each eight; what
  /// [KernelPair#rot] puts there is nowhere what a new disk has.
  private int verifiedApart(NodeProcess node, KernelPeer kernel, int from) throws IOException {
    int marked = 0;
    for (int block = from; block + STEP <= pair.dataBlocks(); block += STEP) {
      pair.rot(block, MARKED);
      marked += MARKED;
    }
    int expected = marked;
    node.drbdadm("verify", "r0");
    node.awaitVolume(expected + " blocks marked", it -> it.outOfSyncBlocks() == expected);
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 90");
    assertThat(kernel.run("field oos").strip()).isEqualTo(String.valueOf(4 * expected));
    return expected;
  }

  private void assertCopied(
      NodeProcess node, KernelPeer kernel, Speaker source, int blocks, String rle)
      throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 90");
    kernel.run("wait_ds UpToDate/UpToDate 90");
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    assertThat(source.saidBytes(PacketType.RS_DATA_REPLY))
        .isEqualTo((long) blocks * KernelPair.BLOCK);
    pair.assertEqualDisks();
    for (Speaker each : List.of(pair.oursSays(), pair.kernelSays())) {
      if (rle.equals("yes")) {
        assertThat(each.said(PacketType.COMPRESSED_BITMAP)).isGreaterThan(1);
        assertThat(each.said(PacketType.BITMAP)).isZero();
      } else {
        assertThat(each.said(PacketType.BITMAP)).isEqualTo(PLAIN_PACKETS);
        assertThat(each.said(PacketType.COMPRESSED_BITMAP)).isZero();
      }
    }
  }
}
