package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// `rs-discard-granularity` beside a kernel DRBD node: a full resync of a disk that is mostly
/// empty, in each direction.
///
/// Promise: a block that the resync skips as zeroes reads as zeroes afterwards, whatever the target
/// had there.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelThinTest {
  private static final int GRANULARITY_BYTES = 64 << 10;

  @TempDir private static Path folder;
  private static KernelScene scene;

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
      Map<PacketType, Integer> seen = scene.end();
      int granules = (KernelScene.DISK_MIB << 20) / GRANULARITY_BYTES;
      assertThat(seen.get(PacketType.RS_THIN_REQ)).isGreaterThan(granules);
      assertThat(seen.get(PacketType.RS_DEALLOCATED)).isGreaterThan(granules);
    }
  }

  @Test
  void ourTargetAsksForZeroesAsSuch() throws Exception {
    scene.pair.disk("rs-discard-granularity " + GRANULARITY_BYTES + ";");
    scene.inStep("C", "", "");
    scene.kernelIsPrimary();
    scene.kernelWrites(256, 100);
    scene.node.drbdadm("disconnect", "r0");
    scene.pair.rot(700, 300);
    scene.node.drbdadm("invalidate", "r0");
    scene.node.drbdadm("connect", "r0");
    scene.assertEqual();
    scene.pair.disk("");
  }

  @Test
  void theKernelsTargetDiscardsWhatWeCallZeroes() throws Exception {
    scene.inStep("C", "", "");
    scene.kernelIsPrimary();
    scene.kernelWrites(700, 300);
    scene.oursIsPrimary();
    KernelPair.write(scene.node, 256, 100, 4);
    scene.kernel.run(
        "drbdsetup-84 disk-options $MINOR --rs-discard-granularity=" + GRANULARITY_BYTES);
    assertThat(scene.kernel.run("drbdsetup-84 show"))
        .contains("rs-discard-granularity\t" + GRANULARITY_BYTES);
    // Zeroes here where the kernel has data.
    scene.kernel.run("peer_disconnect --force");
    scene.node.awaitState("WFConnection", "UpToDate/DUnknown");
    try (NbdClient client = scene.node.nbd()) {
      client.trim(700L * KernelPair.BLOCK, 300L * KernelPair.BLOCK);
      client.flush();
    }
    KernelPair.awaitClosed(scene.node);
    scene.kernel.run("drbdsetup-84 invalidate $MINOR");
    scene.kernel.run("peer_connect");
    scene.assertEqual();
    scene.node.drbdadm("secondary", "r0");
  }
}
