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
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.wire.PacketType;

/// A bitmap that does not fit into one packet, from a real kernel DRBD node and to it, in either
/// encoding: each node's chunks come together as the other's bitmap.
///
/// An online verify marks two blocks in each eight on both nodes, which is too much for one
/// compressed packet and still less than the plain bits. Then one node is alone and writes, and all
/// that is marked is copied.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelBitmapTest {
  private static final int DISK_MIB = 300;
  private static final int FIRST = 2;
  private static final int MARKED = 2;
  private static final int STEP = 8;

  /// Of 76,800 bits: a plain packet holds 32,704 of them, and an empty one ends them.
  private static final int PLAIN_PACKETS = 3 + 1;

  /// Of the verify, and of the resync behind the bitmaps: what Wireshark makes of all of it would
  /// not fit into memory.
  private static final long CAPTURE_BYTES = 1 << 20;

  private enum Writer {
    OURS,
    KERNEL
  }

  @TempDir private Path folder;
  private KernelPair pair;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @BeforeEach
  void tapTheWire() throws IOException {
    pair = new KernelPair(folder, DISK_MIB);
    pair.limitCapture(CAPTURE_BYTES);
  }

  @ParameterizedTest
  @CsvSource({"yes,OURS", "yes,KERNEL", "no,OURS", "no,KERNEL"})
  void theBitmapComesInChunks(String rle, Writer writer, TestInfo test) throws Exception {
    pair.net("verify-alg crc32c; use-rle " + rle + ";");
    try (NodeProcess node = pair.node();
        KernelPeer kernel =
            pair.boot("--net-opts", "--ping-timeout=30 --verify-alg=crc32c --use-rle=" + rle)) {
      kernel.run("wait_cs Connected 30");
      node.awaitState("Connected", "Inconsistent/Inconsistent");
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      int marked = verifiedApart(node, kernel);
      if (writer == Writer.OURS) {
        node.drbdadm("primary", "r0");
        node.drbdadm("disconnect", "r0");
        KernelPair.write(node, FIRST + MARKED, 1, 1);
        listen(test);
        node.drbdadm("connect", "r0");
        assertCopied(node, kernel, pair.oursSays(), marked + 1, rle);
      } else {
        kernel.run("drbdsetup-84 primary $MINOR; peer_disconnect");
        kernel.run(
            "dd if=/dev/urandom of=$DEV bs=4096 count=1 seek=%d oflag=direct conv=fsync"
                .formatted(FIRST + MARKED));
        listen(test);
        kernel.run("peer_connect");
        assertCopied(node, kernel, pair.kernelSays(), marked + 1, rle);
      }
      kernel.powerOff();
    }
    pair.dissect();
  }

  /// What is said from now on counts, and is a capture of its own.
  private void listen(TestInfo test) throws IOException {
    pair.oursSays().forget();
    pair.kernelSays().forget();
    pair.split(KernelPair.scenario(test));
    pair.limitCapture(CAPTURE_BYTES);
  }

  /// How many blocks a verify has marked on both.
  private int verifiedApart(NodeProcess node, KernelPeer kernel) throws IOException {
    int marked = 0;
    for (int block = FIRST; block + STEP <= pair.dataBlocks(); block += STEP) {
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
