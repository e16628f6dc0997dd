package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// Our node beside a real kernel DRBD 8.4 node: each is source and target, Primary and Secondary,
/// is away and loses its power; in the end both disks are equal.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// node.
@Tag("interop")
class KernelSmokeTest {
  @TempDir private Path folder;
  private KernelPair pair;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @BeforeEach
  void tapTheWire(TestInfo test) throws IOException {
    pair = new KernelPair(folder);
    pair.begin(test);
  }

  @Test
  void theKernelIsSourceThenRolesSwapThenOursWasAlone() throws Exception {
    try (NodeProcess node = pair.node();
        KernelPeer kernel = bootApart()) {
      kernel.run("wait_cs Connected 30");
      kernel.run("drbdsetup primary $MINOR --force");
      kernel.run("wait_ds UpToDate/UpToDate 90");
      kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=200 seek=100 oflag=direct");
      kernel.run("dd if=/dev/urandom of=$DEV bs=512 count=3 seek=77777 oflag=direct");
      kernel.run("drbdsetup secondary $MINOR");
      node.drbdadm("primary", "r0");
      kernel.run("wait_role Secondary/Primary 10");
      KernelPair.write(node, 3000, 60, 1);
      node.drbdadm("disconnect", "r0");
      KernelPair.write(node, 9000, 25, 2);
      assertThat(node.volume().orElseThrow().outOfSyncBlocks()).isEqualTo(25);
      node.drbdadm("connect", "r0");
      node.awaitState("Connected", "UpToDate/UpToDate");
      assertThat(kernel.run("show")).contains("oos:0").contains("UpToDate/UpToDate");
      try (NbdClient client = node.nbd()) {
        client.trim(1 << 20, 4 << 20);
        client.flush();
      }
      node.drbdadm("secondary", "r0");
      kernel.powerOff();
    }
    checkBoth();
  }

  @Test
  void eitherIsLostAsSecondaryAndAsPrimary() throws Exception {
    String writtenByTheKernel;
    try (NodeProcess node = pair.node()) {
      try (KernelPeer kernel = bootApart()) {
        kernel.run("wait_cs Connected 30");
        node.drbdadm("primary", "--force", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        KernelPair.write(node, 500, 40, 3);
        kernel.cutPower();
      }
      KernelPair.write(node, 700, 30, 4);
      node.awaitState("WFConnection", "UpToDate/DUnknown");
      try (KernelPeer kernel = pair.boot("--no-create-md")) {
        node.awaitState("Connected", "UpToDate/UpToDate");
        KernelPair.write(node, 800, 30, 5);
        node.kill();
        kernel.run("wait_cs WFConnection 30");
        kernel.run("drbdsetup primary $MINOR");
        kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=50 seek=2000 oflag=direct");
        node.start();
        node.drbdadm("up", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        kernel.run("wait_ds UpToDate/UpToDate 30");
        node.kill();
        kernel.run("dd if=/dev/urandom of=$DEV bs=4096 count=20 seek=4000 oflag=direct");
        node.start();
        node.drbdadm("up", "r0");
        node.awaitState("Connected", "UpToDate/UpToDate");
        kernel.run("dd if=/dev/urandom of=/tmp-x bs=4096 count=30");
        kernel.run("dd if=/tmp-x of=$DEV bs=4096 seek=5000 oflag=direct conv=fsync");
        writtenByTheKernel = kernel.run("sha256sum </tmp-x").strip();
        kernel.cutPower();
      }
      node.awaitState("WFConnection", "UpToDate/DUnknown");
      node.drbdadm("primary", "r0");
      assertThat(KernelPair.sha256(node, 5000, 30)).isEqualTo(writtenByTheKernel.split(" ")[0]);
      KernelPair.write(node, 6000, 10, 6);
      try (KernelPeer kernel = pair.boot("--no-create-md")) {
        node.awaitState("Connected", "UpToDate/UpToDate");
        KernelPair.assertHolds(node, 500, 40, 3);
        KernelPair.assertHolds(node, 700, 30, 4);
        KernelPair.assertHolds(node, 800, 30, 5);
        node.drbdadm("secondary", "r0");
        kernel.powerOff();
      }
    }
    checkBoth();
  }

  /// The kernel's node on a disk that differs from ours in every block.
  private KernelPeer bootApart() throws IOException {
    pair.fillApart();
    return pair.boot();
  }

  private void checkBoth() throws IOException, InterruptedException {
    pair.assertEqualDisks();
    assertThat(pair.dissect())
        .containsKeys(PacketType.RS_DATA_REPLY, PacketType.DATA, PacketType.BARRIER_ACK);
  }
}
