package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// Our node offers each protocol version in turn, and a real kernel DRBD node, which speaks them
/// all, agrees on it: everything is done in the way of that version on both sides, and in the end
/// both disks hold the same.
@Tag("interop")
@Tag("full")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class KernelVersionsTest {
  private static final String OURS = "verify-alg sha1; csums-alg md5;";
  private static final String KERNELS = "--ping-timeout=30 --verify-alg=sha1 --csums-alg=md5";

  @TempDir private static Path folder;
  private static KernelPair pair;
  private static NodeProcess node;
  private static KernelPeer kernel;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    KernelPeer.require();
    pair = new KernelPair(folder, 8);
    node = pair.node();
    kernel = pair.boot("--no-connect", "--timeout", "2700");
    kernel.run(KernelPair.FRESH);
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.split(KernelPair.scenario(test));
  }

  @AfterAll
  static void end() throws Exception {
    if (kernel == null) {
      return;
    }
    node.drbdadm("down", "r0");
    kernel.powerOff();
    node.close();
    assertThat(pair.dissect())
        .containsKeys(
            PacketType.SYNC_PARAM,
            PacketType.SYNC_PARAM89,
            PacketType.BITMAP,
            PacketType.RS_DATA_REPLY,
            PacketType.STATE_CHG_REPLY);
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101})
  void theKernelGoesWithUsAtEveryVersion(int version) throws Exception {
    fresh(version, String.valueOf("CAB".charAt(version % 3)));
    fullSyncFromOurs();
    writesOfAllSizes();
    oursWasAlone();
    theKernelWritesAndWasAlone();
    eachIsFilledInWhole();
    if (version >= 88) {
      eachVerifies();
    }
    theKernelLeaves();
  }

  private static void fresh(int version, String protocol) throws Exception {
    node.drbdadm("down", "r0");
    kernel.run(
        "peer_disconnect --force >/dev/null 2>&1; drbdsetup-84 down $RES >/dev/null 2>&1; true");
    pair.fillApart();
    node.terminate();
    node.speaksUpTo(version);
    node.start();
    node.ignoreLogSoFar();
    pair.protocol(protocol).net(OURS).configure();
    node.drbdadm("create-md", "--force", "r0");
    node.drbdadm("up", "r0");
    kernel.run("fresh " + protocol + " " + KERNELS);
    node.awaitLog("agreed on protocol " + version + ",");
    kernel.run("wait_cs Connected 30");
  }

  private static void fullSyncFromOurs() throws IOException {
    node.awaitState("Connected", "Inconsistent/Inconsistent");
    node.drbdadm("primary", "--force", "r0");
    assertEqual();
  }

  private static void writesOfAllSizes() throws IOException {
    try (NbdClient client = node.nbd()) {
      for (int bytes = 512; bytes <= 1 << 20; bytes *= 2) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) (bytes >> 9));
        data[0] = 7;
        client.pwrite(data, 3L * bytes);
        client.pwriteDurably(data, (5L << 20) + 512);
      }
      client.trim(1 << 20, 1 << 20);
      client.flush();
    }
    KernelPair.awaitClosed(node);
    assertEqual();
  }

  private static void oursWasAlone() throws IOException {
    node.drbdadm("disconnect", "r0");
    KernelPair.write(node, 1000, 30, 9);
    KernelPair.write(node, 1500, 3, 9);
    node.drbdadm("connect", "r0");
    assertEqual();
    // Large runs, that the kernel asks for in as large requests as it may.
    node.drbdadm("disconnect", "r0");
    KernelPair.write(node, 0, 600, 10);
    node.drbdadm("connect", "r0");
    assertEqual();
  }

  private static void theKernelWritesAndWasAlone() throws IOException {
    node.drbdadm("secondary", "r0");
    kernel.run("wait_role Secondary/Secondary 10");
    kernel.run("drbdsetup-84 primary $MINOR");
    kernel.run("dd if=/dev/urandom of=$DEV bs=1M count=3 seek=2 oflag=direct conv=fsync");
    kernel.run("dd if=/dev/urandom of=$DEV bs=512 count=7 seek=9999 oflag=direct conv=fsync");
    assertEqual();
    kernel.run("peer_disconnect");
    kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=70 seek=900 oflag=direct conv=fsync");
    kernel.run("peer_connect");
    assertEqual();
    // Through ours alone.
    kernel.run("drbdsetup-84 detach $MINOR");
    node.awaitState("Connected", "UpToDate/Diskless");
    kernel.run("dd if=$DEV of=/dev/null bs=1M count=2 iflag=direct");
    kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=20 seek=300 oflag=direct conv=fsync");
    kernel.run("drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null");
    kernel.run("drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M");
    assertEqual();
  }

  private static void eachIsFilledInWhole() throws IOException {
    pair.rot(0, pair.dataBlocks());
    node.drbdadm("invalidate", "r0");
    node.awaitVolume("a resync or its end", it -> it.outOfSyncBlocks() == 0);
    assertEqual();
    kernel.run("drbdsetup-84 secondary $MINOR");
    node.awaitVolume("a Secondary as its peer", it -> it.peerRole().equals("Secondary"));
    node.drbdadm("primary", "r0");
    kernel.run("wait_role Secondary/Primary 10");
    pair.rotTheirs(0, pair.dataBlocks());
    node.drbdadm("invalidate-remote", "r0");
    assertEqual();
    // The kernel's data, read through it.
    node.drbdadm("detach", "r0");
    kernel.run("wait_ds UpToDate/Diskless 10");
    try (NbdClient client = node.nbd()) {
      byte[] whole = new byte[1 << 20];
      client.pread(whole, 0);
    }
    KernelPair.awaitClosed(node);
    KernelPair.write(node, 310, 20, 5);
    KernelPair.assertHolds(node, 310, 20, 5);
    node.drbdadm("attach", "r0");
    assertEqual();
  }

  private static void eachVerifies() throws IOException {
    pair.rot(510, 3);
    node.drbdadm("verify", "r0");
    node.awaitVolume("3 blocks out of sync", it -> it.outOfSyncBlocks() == 3);
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    assertThat(kernel.run("field oos").strip()).isEqualTo("12");
    pair.rot(700, 1);
    kernel.run("drbdsetup-84 verify $MINOR");
    kernel.run("wait_cs Connected 60");
    node.awaitVolume("4 blocks out of sync", it -> it.outOfSyncBlocks() == 4);
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("drbdsetup-84 invalidate $MINOR");
    node.awaitVolume("a resync or its end", it -> it.outOfSyncBlocks() == 0);
    assertEqual();
  }

  private static void theKernelLeaves() throws IOException {
    node.drbdadm("secondary", "r0");
    kernel.run("peer_disconnect");
    node.awaitVolume("WFConnection", it -> it.connection().equals("WFConnection"));
    kernel.run("peer_connect");
    assertEqual();
    node.drbdadm("disconnect", "r0");
    kernel.run("wait_cs WFConnection 20");
    pair.assertEqualDisks();
  }

  private static void assertEqual() throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 30");
    kernel.run("wait_ds UpToDate/UpToDate 60");
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    awaitEqualDisks();
  }

  /// In protocols A and B the last writes may be answered before the other node has them.
  private static void awaitEqualDisks() throws IOException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!pair.hasEqualDisks() && System.nanoTime() < until) {
      kernel.run("sync");
    }
    pair.assertEqualDisks();
  }
}
