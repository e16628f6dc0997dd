package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.host.nbd.NbdClient;

/// Sizes agreed with a real kernel DRBD node, and devices that grow while both nodes use them. The
/// kernel's disk is a loop device in the guest, so that it can grow too.
@Tag("interop")
@Tag("full")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class KernelResizeTest {
  private static final long MIB = 1 << 20;

  @TempDir private static Path folder;
  private static KernelPair pair;
  private static NodeProcess node;
  private static KernelPeer kernel;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    KernelPeer.require();
    pair = new KernelPair(folder, 8);
    node = pair.node();
    kernel = pair.boot("--no-connect");
    kernel.run(
        "[ -e /dev/loop0 ] || modprobe loop || insmod $(find /lib/modules -name 'loop.ko*')");
    kernel.run("[ -e /dev/loop0 ] || mknod /dev/loop0 b 7 0");
    kernel.run(
        "fresh() { drbdsetup-84 down $RES >/dev/null 2>&1; losetup -d /dev/loop0 2>/dev/null;"
            // It lets go a little later if something still has it open.
            + " n=0; while losetup /dev/loop0 >/dev/null 2>&1 && [ $n -lt 100 ];"
            + " do n=$((n+1)); sleep 0.1; losetup -d /dev/loop0 2>/dev/null; done;"
            + " rm -f /tmp/d; truncate -s $1 /tmp/d && losetup /dev/loop0 /tmp/d"
            + " && drbdmeta --force $MINOR v08 /dev/loop0 internal create-md >/dev/null 2>&1"
            + " </dev/null && drbdsetup-84 new-resource $RES && drbdsetup-84 new-minor $RES $MINOR 0"
            + " && drbdsetup-84 attach $MINOR /dev/loop0 /dev/loop0 internal --resync-rate=100M"
            + " --c-max-rate=400M --c-fill-target=8M"
            + " && PROTOCOL=C NET_OPTS=--ping-timeout=30 && peer_connect; }");
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (kernel == null) {
      return;
    }
    node.drbdadm("down", "r0");
    kernel.run("drbdsetup-84 down $RES");
    kernel.powerOff();
    node.close();
    assertThat(pair.dissect()).isNotEmpty();
  }

  // ---- setting the scene

  private static void setLength(long bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(pair.ours().toFile(), "rw")) {
      file.setLength(bytes);
    }
  }

  /// Both up on fresh disks of these sizes and in step, without a sync.
  private static void inStep(long ours, long theirs) throws IOException {
    node.drbdadm("down", "r0");
    node.ignoreLogSoFar();
    setLength(0);
    setLength(ours);
    node.drbdadm("create-md", "--force", "r0");
    node.drbdadm("up", "r0");
    kernel.run("fresh " + theirs);
    kernel.run("wait_cs Connected 30");
    node.awaitState("Connected", "Inconsistent/Inconsistent");
    node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    both();
  }

  private static void both() throws IOException {
    node.awaitState("Connected", "UpToDate/UpToDate");
    kernel.run("wait_cs Connected 60");
    kernel.run("wait_ds UpToDate/UpToDate 60");
  }

  /// Both disks grow; what is new differs.
  private static void grow(long from, long to) throws IOException {
    growOurs(from, to);
    kernel.run("truncate -s " + to + " /tmp/d");
    kernel.run("losetup -c /dev/loop0");
    kernel.run(
        "dd if=/dev/urandom of=/dev/loop0 bs=4096 seek=%d count=%d conv=notrunc 2>/dev/null"
            .formatted(from / 4096, (to - from) / 4096));
    kernel.run("sync; blockdev --flushbufs /dev/loop0; echo 3 > /proc/sys/vm/drop_caches");
  }

  private static void growOurs(long from, long to) throws IOException {
    setLength(to);
    int first = (int) (from / KernelPair.BLOCK);
    KernelPair.fill(pair.ours(), first, (int) (to / KernelPair.BLOCK) - first, (int) to);
  }

  private static long usable(long bytes) throws IOException {
    try {
      return 512
          * MetadataLayout.of(new MetadataLayout.Kind.Internal(), bytes, bytes).usableSectors();
    } catch (MetadataException impossible) {
      throw new IOException(impossible);
    }
  }

  private static void assertSize(long bytes) throws IOException {
    node.awaitVolume(bytes + " bytes", it -> it.sizeSectors() * 512 == bytes);
    // A Secondary's device cannot be opened.
    String sectors = Long.toString(bytes / 512);
    kernel.run(
        "n=0; until [ $(cat /sys/block/drbd0/size) = %s ] || [ $n -gt 100 ]; do n=$((n+1)); sleep 0.1; done"
            .formatted(sectors));
    assertThat(kernel.run("cat /sys/block/drbd0/size").strip()).isEqualTo(sectors);
  }

  private static void assertInStep(long bytes) throws Exception {
    both();
    assertSize(bytes);
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    String theirs =
        kernel.run(
            "sync; echo 3 > /proc/sys/vm/drop_caches;"
                + " dd if=/dev/loop0 bs=4096 count=%d 2>/dev/null | sha256sum"
                    .formatted(bytes / 4096));
    assertThat(theirs).startsWith(sha256OfOurs(bytes));
  }

  private static String sha256OfOurs(long bytes) throws Exception {
    byte[] all = new byte[(int) (bytes / 4096 * 4096)];
    try (RandomAccessFile file = new RandomAccessFile(pair.ours().toFile(), "r")) {
      file.readFully(all);
    }
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(all));
  }

  // ---- scenarios

  @Test
  void growsWhenOurAdminSaysSo() throws Exception {
    inStep(8 * MIB, 8 * MIB);
    assertSize(usable(8 * MIB));
    node.drbdadm("primary", "r0");
    KernelPair.write(node, 100, 50, 1);
    grow(8 * MIB, 13 * MIB);
    node.drbdadm("resize", "r0");
    assertInStep(usable(13 * MIB));
    KernelPair.assertHolds(node, 100, 50, 1);
    KernelPair.write(node, 2500, 300, 2);
    assertInStep(usable(13 * MIB));
    // Again, by less than the metadata takes: old and new place overlap.
    grow(13 * MIB, 13 * MIB + 8192);
    node.drbdadm("resize", "r0");
    assertInStep(usable(13 * MIB + 8192));
    assertBothComeBack(usable(13 * MIB + 8192));
  }

  @Test
  void growsWhenTheKernelsAdminSaysSo() throws Exception {
    inStep(8 * MIB, 8 * MIB);
    kernel.run("drbdsetup-84 primary $MINOR");
    kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=50 seek=2 oflag=direct conv=fsync");
    grow(8 * MIB, 13 * MIB);
    kernel.run("drbdsetup-84 resize $MINOR");
    node.awaitVolume("the growth", it -> it.sizeSectors() * 512 > 8 * MIB);
    assertInStep(usable(13 * MIB));
    kernel.run("dd if=/dev/urandom of=$DEV bs=1M count=2 seek=9 oflag=direct conv=fsync");
    assertInStep(usable(13 * MIB));
    kernel.run("drbdsetup-84 secondary $MINOR");
    assertBothComeBack(usable(13 * MIB));
  }

  /// The Secondary's admin asks; the Primary is the source all the same.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void growsWhenTheSecondarysAdminSaysSo(boolean isOursPrimary) throws Exception {
    inStep(8 * MIB, 8 * MIB);
    if (isOursPrimary) {
      node.drbdadm("primary", "r0");
      KernelPair.write(node, 100, 50, 3);
    } else {
      kernel.run("drbdsetup-84 primary $MINOR");
    }
    grow(8 * MIB, 11 * MIB);
    if (isOursPrimary) {
      kernel.run("drbdsetup-84 resize $MINOR");
    } else {
      node.drbdadm("resize", "r0");
    }
    node.awaitVolume("the growth", it -> it.sizeSectors() * 512 > 8 * MIB);
    assertInStep(usable(11 * MIB));
    kernel.run("drbdsetup-84 secondary $MINOR");
  }

  /// Metadata that ours moved is the kernel's own too, and the other way round: after a down of
  /// both the size is the same and nothing is copied.
  private static void assertBothComeBack(long bytes) throws Exception {
    node.drbdadm("down", "r0");
    kernel.run("drbdsetup-84 down $RES");
    kernel.run(
        "drbdmeta $MINOR v08 /dev/loop0 internal apply-al >/dev/null 2>&1;"
            + " drbdsetup-84 new-resource $RES && drbdsetup-84 new-minor $RES $MINOR 0"
            + " && drbdsetup-84 attach $MINOR /dev/loop0 /dev/loop0 internal && peer_connect");
    node.drbdadm("up", "r0");
    assertInStep(bytes);
  }

  @Test
  void theSmallerDiskGivesTheSize() throws Exception {
    inStep(8 * MIB, 10 * MIB);
    assertSize(usable(8 * MIB));
    node.drbdadm("primary", "r0");
    // Only ours grows: to what the kernel's has room for.
    growOurs(8 * MIB, 12 * MIB);
    node.drbdadm("resize", "r0");
    assertInStep(usable(10 * MIB));
  }

  @Test
  void aSizeCanBeNamedAndTakenBack() throws Exception {
    inStep(8 * MIB, 8 * MIB);
    node.drbdadm("primary", "r0");
    node.drbdadm("resize", "--size=4M", "r0");
    assertInStep(4 * MIB);
    kernel.run("drbdsetup-84 secondary $MINOR");
    node.drbdadm("resize", "r0");
    assertInStep(usable(8 * MIB));
  }

  /// Nothing is copied, and what the old metadata of ours was reads as zeroes.
  @Test
  void assumeCleanCopiesNothing() throws Exception {
    inStep(8 * MIB, 8 * MIB);
    node.drbdadm("primary", "r0");
    setLength(13 * MIB);
    kernel.run("truncate -s " + 13 * MIB + " /tmp/d && losetup -c /dev/loop0");
    node.drbdadm("resize", "--assume-clean", "r0");
    both();
    assertSize(usable(13 * MIB));
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(node.newLog()).doesNotContain("SyncSource");
    byte[] fresh = new byte[(int) (usable(13 * MIB) - usable(8 * MIB))];
    try (NbdClient client = node.nbd()) {
      client.pread(fresh, usable(8 * MIB));
    }
    KernelPair.awaitClosed(node);
    assertThat(Arrays.equals(fresh, new byte[fresh.length])).isTrue();
  }

  /// The activity log gets another shape on both nodes, as the chapter of the manual has it.
  @Test
  void theActivityLogIsReshaped() throws Exception {
    inStep(8 * MIB, 8 * MIB);
    node.drbdadm("primary", "r0");
    KernelPair.write(node, 100, 50, 4);
    node.drbdadm("resize", "--size=6M", "--al-stripes=2", "--al-stripe-size-kB=64", "r0");
    assertInStep(6 * MIB);
    node.drbdadm("down", "r0");
    node.drbdadm("up", "r0");
    node.drbdadm("primary", "r0");
    KernelPair.assertHolds(node, 100, 50, 4);
    assertInStep(6 * MIB);
  }
}
