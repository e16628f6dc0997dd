package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
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

/// A disk of either node, of the Primary's or of the Secondary's, is detached and attached again
/// while an application writes, beside a real kernel DRBD node.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// disk; the application sees no error.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelDetachTest {
  private static final int BLOCKS = 1_000;
  private static final int WRITES_UNDER_WAY = 20;

  @TempDir private static Path folder;
  private static KernelScene scene;
  private static KernelDevice device;
  private static final long SEED = Long.getLong("seed", System.nanoTime());

  /// One for all cases: each finds the blocks of those before it.
  private static final NumberedLoad LOAD = new NumberedLoad(BLOCKS, new Random(SEED));

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    KernelDevice.require();
    device = new KernelDevice();
    scene = KernelScene.boot(folder, device.options().toArray(String[]::new));
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).containsKeys(PacketType.DATA, PacketType.RS_DATA_REPLY);
    }
  }

  @ParameterizedTest
  @CsvSource({"ours,ours", "ours,kernel", "kernel,ours", "kernel,kernel"})
  void goesAndComesBackUnderLoad(String primary, String disk) throws Exception {
    scene.inStep("C", "", "");
    NbdAddress application = promote(primary);
    LOAD.begin(application);
    LOAD.awaitWrites(WRITES_UNDER_WAY);
    if (disk.equals("ours")) {
      scene.node.drbdadm("detach", "r0");
      scene.kernel.run("wait_ds UpToDate/Diskless 20");
    } else {
      scene.kernel.run("drbdsetup-84 detach $MINOR");
      scene.node.awaitState("Connected", "UpToDate/Diskless");
    }
    LOAD.awaitWrites(WRITES_UNDER_WAY);
    if (disk.equals("ours")) {
      scene.node.drbdadm("attach", "r0");
    } else {
      // As drbdadm does it.
      scene.kernel.run(
          "drbdmeta --force $MINOR v08 /dev/vda internal apply-al >/dev/null 2>&1 </dev/null");
      scene.kernel.run("drbdsetup-84 attach $MINOR /dev/vda /dev/vda internal --resync-rate=100M");
    }
    LOAD.awaitWrites(WRITES_UNDER_WAY);
    scene.both();
    assertThat(LOAD.isUndisturbed()).as("the application saw an error, seed " + SEED).isTrue();
    LOAD.end();
    assertThat(LOAD.lost(application)).as("seed " + SEED).isEmpty();
    demote(primary);
    scene.assertEqual();
  }

  private static NbdAddress promote(String side) throws IOException {
    if (side.equals("ours")) {
      scene.oursIsPrimary();
      return scene.node.nbdAddress();
    }
    scene.kernelIsPrimary();
    device.open(scene.kernel);
    return device.address();
  }

  private static void demote(String side) throws IOException {
    if (side.equals("ours")) {
      KernelPair.awaitClosed(scene.node);
      scene.node.drbdadm("secondary", "r0");
    } else {
      device.close(scene.kernel);
      scene.kernel.run("drbdsetup-84 secondary $MINOR");
    }
  }
}
