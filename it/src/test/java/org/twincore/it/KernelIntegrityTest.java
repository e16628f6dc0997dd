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
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.wire.PacketType;

/// `data-integrity-alg` beside a real kernel DRBD node, and a bit that turns over on the way: the
/// receiver, whoever it is, sees it, writes nothing of it and parts; then the block is sent again.
///
/// Promise kept (docs/durability.md): what is answered OK is what both disks hold.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelIntegrityTest {
  private static final int BLOCK_NUMBER = 600;
  private static final int PIECE = 512;

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static int value = 90;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).containsKey(PacketType.DATA);
    }
  }

  @ParameterizedTest
  @CsvSource({"crc32c,ours", "sha1,ours", "md5,ours", "crc32c,kernel", "sha1,kernel", "md5,kernel"})
  void aBitThatTurnsOverIsSeen(String algorithm, String writer) throws IOException {
    scene.inStep("C", "data-integrity-alg " + algorithm + ";", "--data-integrity-alg=" + algorithm);
    value++;
    byte[] content = KernelPair.content(BLOCK_NUMBER, value);
    scene.pair.flip().next(Arrays.copyOf(content, PIECE));
    if (writer.equals("ours")) {
      scene.oursIsPrimary();
      KernelPair.write(scene.node, BLOCK_NUMBER, 1, value);
      scene.both();
      assertThat(scene.kernelLog()).contains("Digest integrity check FAILED");
    } else {
      scene.kernelIsPrimary();
      scene.kernel.run(
          "tr '\\000' '\\%03o' </dev/zero | dd of=$DEV bs=4096 count=1 iflag=fullblock seek=%d oflag=direct conv=fsync"
              .formatted(content[0] & 0xff, BLOCK_NUMBER));
      scene.node.awaitLog("the digest is not that of the data");
      scene.both();
    }
    assertThat(scene.pair.flip().isDone()).isTrue();
    scene.assertEqual();
    scene.oursIsPrimary();
    KernelPair.assertHolds(scene.node, BLOCK_NUMBER, 1, value);
    scene.node.drbdadm("secondary", "r0");
  }
}
