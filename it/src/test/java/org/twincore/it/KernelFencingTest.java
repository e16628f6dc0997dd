package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;

/// `fencing resource-and-stonith` beside a real kernel DRBD node: either is cut off as Secondary,
/// and the Primary's `fence-peer` says what became of it.
///
/// Promise: no write is answered after the loss of the peer before the program has said what became
/// of it.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelFencingTest {
  private static final int STONITHED = 7;
  private static final int OUTDATED = 4;

  @TempDir private static Path folder;
  private static KernelScene scene;

  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
    // Our program and the kernel's helper: both say that they were called, then wait for a verdict.
    scene.pair.disk("fencing resource-and-stonith;");
    scene.pair.sections(
        "handlers { fence-peer \"sh %s\"; unfence-peer \"touch %s\"; }"
            .formatted(
                Files.writeString(
                    folder.resolve("fence"),
                    """
                    echo $DRBD_PEER >%1$s/called
                    while [ ! -e %1$s/verdict ] && [ -e %1$s/called ]; do sleep 0.05; done
                    exit $(cat %1$s/verdict)
                    """
                        .formatted(folder)),
                folder.resolve("unfenced")));
    scene.kernel.run(
        "printf '%s\\n' '#!/bin/sh' '[ $1 = fence-peer ] || exit 0' 'echo $2 >/tmp/called'"
            + " 'while [ ! -e /tmp/verdict ]; do sleep 0.1; done' 'exit $(cat /tmp/verdict)'"
            + " >/tmp/helper; chmod 755 /tmp/helper");
    scene.kernel.run("printf /tmp/helper >/sys/module/drbd/parameters/usermode_helper");
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      assertThat(scene.end()).isNotEmpty();
    }
  }

  @Test
  void ourWritesWaitForTheFenceOfTheKernel() throws Exception {
    scene.inStep("C", "", "");
    scene.oursIsPrimary();
    scene.pair.part();
    scene.node.awaitVolume("frozen", it -> it.suspension().fencing());
    try (NbdClient client = scene.node.nbd()) {
      CompletableFuture<Void> write =
          CompletableFuture.runAsync(() -> {
            try {
              client.pwriteDurably(KernelPair.content(9, 9), 9 * 4096);
            } catch (IOException failed) {
              throw new UncheckedIOException(failed);
            }
          });
      Thread.sleep(500); // nothing shows that a write waits, but that it is not answered
      assertThat(write).isNotDone();
      assertThat(Files.readString(folder.resolve("called"))).isEqualTo("kernel\n");
      Files.writeString(folder.resolve("verdict"), Integer.toString(STONITHED));
      write.get(30, TimeUnit.SECONDS);
    }
    scene.node.awaitState("WFConnection", "UpToDate/Outdated");
    KernelPair.awaitClosed(scene.node);
    scene.pair.join();
    scene.assertEqual();
    KernelPair.assertHolds(scene.node, 9, 1, 9);
    scene.node.awaitLog("unfence-peer");
    scene.node.drbdadm("secondary", "r0");
  }

  /// The kernel's handler has ours outdated, by a way of its own.
  @Test
  void theKernelFencesOurs() throws Exception {
    scene.inStep("C", "", "");
    scene.kernel.run("rm -f /tmp/called /tmp/verdict /tmp/written");
    scene.kernel.run("drbdsetup-84 disk-options $MINOR --fencing=resource-and-stonith");
    scene.kernelIsPrimary();
    scene.pair.part();
    scene.kernel.run(
        "n=0; until [ -e /tmp/called ] || [ $n -gt 300 ]; do n=$((n+1)); sleep 0.1; done");
    assertThat(scene.kernel.run("cat /tmp/called").strip()).isEqualTo("r0");
    scene.kernel.run(
        "(dd if=/dev/urandom of=$DEV bs=4096 count=5 seek=40 oflag=direct conv=fsync;"
            + " touch /tmp/written) >/dev/null 2>&1 & true");
    scene.node.drbdadm("outdate", "r0");
    scene.node.awaitVolume("Outdated", it -> it.disk().equals("Outdated"));
    assertThatThrownBy(() -> scene.node.drbdadm("primary", "r0"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("exit code");
    scene.kernel.run("[ ! -e /tmp/written ]");
    scene.kernel.run("echo " + OUTDATED + " >/tmp/verdict");
    scene.kernel.run(
        "n=0; until [ -e /tmp/written ] || [ $n -gt 300 ]; do n=$((n+1)); sleep 0.1; done;"
            + " [ -e /tmp/written ]");
    scene.kernel.run("wait_ds UpToDate/Outdated 10");
    scene.pair.join();
    scene.assertEqual();
    scene.kernel.run("drbdsetup-84 secondary $MINOR");
  }
}
