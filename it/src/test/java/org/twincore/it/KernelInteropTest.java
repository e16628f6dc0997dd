package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;
import org.twincore.it.KernelSplit.Side;
import org.twincore.nbd.ZeroMode;

/// Many short scenarios of our node beside one real kernel DRBD node: each begins with new metadata
/// on both sides and equal disks, and ends with equal disks.
@Tag("interop")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KernelInteropTest {
  private static final String ALPHABET =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelPair pair;
  private static NodeProcess node;
  private static KernelPeer kernel;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    Tool.require("util-linux", "blkdiscard");
    scene = KernelScene.boot(folder, "--program", "blkdiscard");
    pair = scene.pair;
    node = scene.node;
    kernel = scene.kernel;
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    pair.begin(test);
    forget();
  }

  /// What was said up to now is not counted.
  private static void forget() {
    pair.oursSays().forget();
    pair.kernelSays().forget();
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  // ---- writes

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"A", "B", "C"})
  void writesInBothDirections(String protocol) throws IOException {
    scene.inStep(protocol, "", "");
    scene.oursIsPrimary();
    KernelPair.write(node, 100, 50, 1);
    scene.kernelIsPrimary();
    scene.kernelWrites(120, 50);
    scene.kernelWrites(3, 4, 1 << 20);
    scene.kernelWrites(9999, 7, 512);
    scene.oursIsPrimary();
    KernelPair.assertHolds(node, 100, 20, 1);
    scene.assertEqual();
  }

  @Tag("full")
  @Test
  void everySizeAndKindOfWrite() throws IOException {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    try (NbdClient client = node.nbd()) {
      for (int bytes = 512; bytes <= 1 << 20; bytes *= 2) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) bytes);
        data[0] = 7;
        client.pwrite(data, 5L * bytes);
        client.pwriteDurably(data, (6L << 20) + 512);
      }
      client.trim(1 << 20, 3 << 20);
      client.writeZeroes(4 << 20, (1 << 20) + 512, ZeroMode.MAY_PUNCH);
      client.writeZeroes(2 << 20, 1 << 20, ZeroMode.NO_HOLE);
      client.flush();
    }
    KernelPair.awaitClosed(node);
    scene.assertEqual();
  }

  /// Through the kernel's device, with this host's `blkdiscard`: P_TRIM, and P_ZEROES for what is
  /// to read as zeroes.
  @Tag("full")
  @Test
  void theKernelDiscardsAndZeroes() throws IOException {
    scene.inStep("C", "", "");
    scene.kernelIsPrimary();
    scene.kernelWrites(0, 6, 1 << 20);
    forget();
    kernel.run("/bin/blkdiscard -o 1048576 -l 2097152 $DEV");
    assertThat(pair.kernelSays().said(PacketType.TRIM)).isPositive();
    assertThat(pair.kernelSays().said(PacketType.ZEROES)).isZero();
    kernel.run("/bin/blkdiscard -z -o 4194304 -l 1048576 $DEV");
    assertThat(pair.kernelSays().said(PacketType.ZEROES)).isPositive();
    assertThat(pair.kernelSays().said(PacketType.DATA)).isZero();
    scene.assertEqual();
    assertThat(KernelPair.block(pair.ours(), 1023)).isNotEqualTo(new byte[KernelPair.BLOCK]);
    for (int block = 1024; block < 1280; block++) {
      assertThat(KernelPair.block(pair.ours(), block)).isEqualTo(new byte[KernelPair.BLOCK]);
    }
    assertThat(KernelPair.block(pair.ours(), 1280)).isNotEqualTo(new byte[KernelPair.BLOCK]);
  }

  // ---- resync

  @ParameterizedTest
  @CsvSource({"yes,ours", "no,ours", "yes,kernel", "no,kernel"})
  void whoWasAwayFetchesWhatChanged(String rle, String writer) throws IOException {
    scene.inStep("C", "use-rle " + rle + ";", "--use-rle=" + rle);
    boolean isOurs = writer.equals("ours");
    if (isOurs) {
      scene.oursIsPrimary();
      node.drbdadm("disconnect", "r0");
      KernelPair.write(node, 1000, 30, 9);
      KernelPair.write(node, 1500, 3, 9);
      forget();
      node.drbdadm("connect", "r0");
    } else {
      scene.kernelIsPrimary();
      kernel.run("peer_disconnect");
      scene.kernelWrites(1000, 30);
      scene.kernelWrites(1500, 3);
      forget();
      kernel.run("peer_connect");
    }
    scene.assertEqual();
    Speaker source = isOurs ? pair.oursSays() : pair.kernelSays();
    assertThat(source.saidBytes(PacketType.RS_DATA_REPLY)).isEqualTo(33L * KernelPair.BLOCK);
    boolean isRle = rle.equals("yes");
    for (Speaker each : List.of(pair.oursSays(), pair.kernelSays())) {
      assertThat(each.said(PacketType.COMPRESSED_BITMAP) > 0).isEqualTo(isRle);
      assertThat(each.said(PacketType.BITMAP) > 0).isEqualTo(!isRle);
    }
  }

  /// The disk that is worthless holds other data in every block, and is filled in whole.
  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"invalidate", "invalidate-remote"})
  void eitherDeclaresDataWorthless(String command) throws IOException {
    scene.inStep("C", "", "");
    boolean isOwn = command.equals("invalidate");
    spoil(isOwn ? Side.OURS : Side.KERNEL);
    node.drbdadm(command, "r0");
    assertFilled(isOwn ? Side.OURS : Side.KERNEL);

    spoil(isOwn ? Side.KERNEL : Side.OURS);
    kernel.run("drbdsetup-84 " + command + " $MINOR");
    kernel.run("wait_cs Connected 60");
    assertFilled(isOwn ? Side.KERNEL : Side.OURS);
  }

  private static void spoil(Side side) throws IOException {
    forget();
    if (side == Side.OURS) {
      pair.rot(0, pair.dataBlocks());
    } else {
      pair.rotTheirs(0, pair.dataBlocks());
    }
    assertThat(pair.differingBlocks()).hasSize(pair.dataBlocks());
  }

  private static void assertFilled(Side side) throws IOException {
    scene.assertEqual();
    Speaker source = side == Side.OURS ? pair.kernelSays() : pair.oursSays();
    assertThat(source.saidBytes(PacketType.RS_DATA_REPLY))
        .isEqualTo((long) pair.dataBlocks() * KernelPair.BLOCK);
    assertThat(KernelPair.block(pair.ours(), 0))
        .isNotEqualTo(KernelPair.content(0, KernelPair.ROT));
  }

  @Tag("full")
  @Test
  void eitherPausesAResync() throws IOException {
    scene.inStep("C", "", "");
    node.drbdadm("pause-sync", "r0");
    node.drbdadm("invalidate", "r0");
    kernel.run("wait_cs PausedSyncS 20");
    node.awaitVolume("PausedSyncT", it -> it.connection().equals("PausedSyncT"));
    node.drbdadm("resume-sync", "r0");
    scene.assertEqual();
    kernel.run("drbdsetup-84 pause-sync $MINOR");
    kernel.run("drbdsetup-84 invalidate $MINOR");
    node.awaitVolume("PausedSyncS", it -> it.connection().equals("PausedSyncS"));
    kernel.run("drbdsetup-84 resume-sync $MINOR");
    scene.assertEqual();
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ours", "kernel"})
  void theInitialSyncIsSkipped(String asks) throws IOException {
    scene.fresh("C", "", "");
    kernel.run("wait_cs Connected 30");
    node.awaitState("Connected", "Inconsistent/Inconsistent");
    pair.fillApart();
    if (asks.equals("ours")) {
      node.drbdadm("new-current-uuid", "--clear-bitmap", "r0");
    } else {
      kernel.run("drbdsetup-84 new-current-uuid $MINOR --clear-bitmap");
    }
    scene.both();
    assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isZero();
    assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    assertThat(pair.differingBlocks()).hasSize(pair.dataBlocks());
    assertThat(pair.oursSays().said(PacketType.RS_DATA_REPLY)).isZero();
    assertThat(pair.kernelSays().said(PacketType.RS_DATA_REPLY)).isZero();
    node.drbdadm("invalidate", "r0");
    scene.assertEqual();
  }

  // ---- disks

  @Test
  void oursGoesOnWithTheKernelsDisk() throws IOException {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    KernelPair.write(node, 300, 20, 4);
    node.drbdadm("detach", "r0");
    kernel.run("wait_ds UpToDate/Diskless 10");
    KernelPair.assertHolds(node, 300, 20, 4);
    KernelPair.write(node, 310, 20, 5);
    KernelPair.assertHolds(node, 310, 20, 5);
    node.drbdadm("attach", "r0");
    scene.assertEqual();
    KernelPair.assertHolds(node, 310, 20, 5);
  }

  @Test
  void theKernelGoesOnWithOurDisk() throws IOException {
    scene.inStep("C", "", "");
    scene.kernelIsPrimary();
    kernel.run("drbdsetup-84 detach $MINOR");
    node.awaitState("Connected", "UpToDate/Diskless");
    scene.kernelWrites(300, 20);
    kernel.run("dd if=$DEV of=/dev/null bs=4096 count=20 skip=300 iflag=direct");
    // As drbdadm does it.
    kernel.run("drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null");
    kernel.run("drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M");
    scene.assertEqual();
  }

  // ---- who may connect

  @Tag("full")
  @ParameterizedTest
  @CsvSource({"md5,10", "sha1,10", "sha256,10", "sha1,63"})
  void theSecretIsShared(String algorithm, int characters) throws IOException {
    String secret = ALPHABET.substring(0, characters);
    scene.inStep(
        "C",
        "cram-hmac-alg " + algorithm + "; shared-secret " + secret + ";",
        "--cram-hmac-alg=" + algorithm + " --shared-secret=" + secret);
    scene.assertEqual();
    assertThat(pair.oursSays().said(PacketType.AUTH_RESPONSE)).isPositive();
    assertThat(pair.kernelSays().said(PacketType.AUTH_RESPONSE)).isPositive();
  }

  // ---- split brain

  @Test
  void aSplitBrainIsRefusedAndSettledByHand() throws IOException {
    KernelSplit split = new KernelSplit(scene);
    scene.inStep("C", "", "");
    split.part(20, 20);
    split.meetInVain();
    split.leaveBoth();
    split.meetDiscarding(Side.KERNEL);
    split.assertWon(Side.OURS);

    split.part(5, 5);
    split.meetDiscarding(Side.OURS);
    split.assertWon(Side.KERNEL);
  }
}
