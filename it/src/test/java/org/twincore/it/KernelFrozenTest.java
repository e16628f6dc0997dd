package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
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
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// Our node and a kernel DRBD node, both Primary with `fencing resource-and-stonith`, lose sight of
/// each other, and meet again before either was fenced.
///
/// Promise: what was answered stays, nothing frozen is lost, no split brain comes of it, and a
/// frozen FLUSH is answered when it is true at the kernel's disk as well.
@Tag("interop")
@Tag("full")
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class KernelFrozenTest {
  @TempDir private static Path folder;
  private static KernelScene scene;

  @FunctionalInterface
  private interface Request {
    void run(NbdClient client) throws IOException;
  }

  /// Neither program can tell what became of the peer.
  @BeforeAll
  static void boot() throws IOException, InterruptedException {
    scene = KernelScene.boot(folder);
    scene.pair.disk("fencing resource-and-stonith;");
    scene.pair.sections("handlers { fence-peer \"exit 1\"; }");
    scene.kernel.run(
        "printf '%s\\n' '#!/bin/sh' '[ $1 = fence-peer ] || exit 0' 'echo $2 >/tmp/called' 'exit 1'"
            + " >/tmp/helper; chmod 755 /tmp/helper");
    scene.kernel.run("printf /tmp/helper >/sys/module/drbd/parameters/usermode_helper");
  }

  @BeforeEach
  void begin(TestInfo test) throws IOException {
    scene.pair.begin(test);
    scene.inStep("C", "allow-two-primaries yes;", "--allow-two-primaries=yes");
    scene.kernel.run("rm -f /tmp/called /tmp/written; dmesg -c >/dev/null");
    scene.kernel.run("drbdsetup-84 disk-options $MINOR --fencing=resource-and-stonith");
    scene.node.drbdadm("primary", "r0");
    scene.kernel.run("drbdsetup-84 primary $MINOR");
    scene.node.awaitVolume("Primary/Primary", it -> it.peerRole().equals("Primary"));
  }

  @AfterAll
  static void end() throws Exception {
    if (scene != null) {
      Map<PacketType, Integer> seen = scene.end();
      assertThat(seen).containsKeys(PacketType.DATA, PacketType.BARRIER_ACK);
    }
  }

  private static CompletableFuture<Void> begin(NbdClient client, Request request) {
    return CompletableFuture.runAsync(() -> {
      try {
        request.run(client);
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    });
  }

  private static void awaitFrozen() throws IOException {
    scene.node.awaitVolume("frozen", it -> it.suspension().fencing());
    scene.kernel.run(
        "n=0; until [ -e /tmp/called ] || [ $n -gt 300 ]; do n=$((n+1)); sleep 0.1; done;"
            + " [ -e /tmp/called ]");
  }

  private static String generation() throws IOException, InterruptedException {
    return scene.node.drbdadm("get-gi", "r0").split(":")[0];
  }

  private static void assertGoneOn(String generation) throws Exception {
    scene.node.awaitVolume("thawed", it -> !it.suspension().fencing());
    scene.assertEqual();
    assertThat(generation()).isEqualTo(generation);
    assertThat(scene.node.volume().orElseThrow().role()).isEqualTo("Primary");
    assertThat(scene.node.volume().orElseThrow().peerRole()).isEqualTo("Primary");
    assertThat(scene.kernelLog()).doesNotContain("ASSERT").doesNotContain("BUG");
    KernelPair.awaitClosed(scene.node);
    scene.node.drbdadm("secondary", "r0");
    scene.kernel.run("drbdsetup-84 secondary $MINOR");
  }

  @Test
  void bothSendAgainWhatWasFrozen() throws Exception {
    String generation = generation();
    try (NbdClient client = scene.node.nbd()) {
      scene.pair.part();
      CompletableFuture<Void> ours =
          begin(client, it -> it.pwriteDurably(KernelPair.content(9, 9), 9 * KernelPair.BLOCK));
      scene.kernel.run(
          "(dd if=/dev/urandom of=$DEV bs=4096 count=5 seek=40 oflag=direct conv=fsync;"
              + " touch /tmp/written) >/dev/null 2>&1 & true");
      awaitFrozen();
      assertThat(ours).isNotDone();
      scene.kernel.run("[ ! -e /tmp/written ]");
      scene.pair.join();
      ours.get(60, TimeUnit.SECONDS);
    }
    scene.kernel.run(
        "n=0; until [ -e /tmp/written ] || [ $n -gt 300 ]; do n=$((n+1)); sleep 0.1; done;"
            + " [ -e /tmp/written ]");
    KernelPair.assertHolds(scene.node, 9, 1, 9);
    assertGoneOn(generation);
  }

  /// The kernel has answered the write, so that nothing is sent again; its epoch is not
  /// acknowledged, so that the flush waits for another one, which has only a flush in it.
  @Test
  void aFrozenFlushReachesTheKernelsDisk() throws Exception {
    String generation = generation();
    try (NbdClient client = scene.node.nbd()) {
      client.pwrite(KernelPair.content(11, 3), 11 * KernelPair.BLOCK);
      scene.pair.part();
      CompletableFuture<Void> flush = begin(client, NbdClient::flush);
      awaitFrozen();
      assertThat(flush).isNotDone();
      scene.pair.join();
      flush.get(60, TimeUnit.SECONDS);
    }
    KernelPair.assertHolds(scene.node, 11, 1, 3);
    assertGoneOn(generation);
  }
}
