package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.drbd.wire.PacketType;
import org.twincore.host.nbd.NbdClient;

/// Two volumes in one resource, ours and a real kernel DRBD node's, over one connection.
///
/// Promise kept (docs/durability.md, protocol C): a write answered OK survives the loss of either
/// node, in each volume.
@Tag("interop")
@Tag("full")
class KernelVolumesTest {
  private static final int VOLUMES = 2;
  private static final int SECOND_MIB = 12;

  @TempDir private Path folder;

  @Test
  @Timeout(value = 900, unit = TimeUnit.SECONDS)
  void twoVolumesShareAConnection(TestInfo test) throws Exception {
    KernelPeer.require();
    KernelPair pair = new KernelPair(folder, 8);
    Path ourSecond = sparse("ours-1.disk");
    Path theirSecond = sparse("theirs-1.disk");
    pair.secondVolume(ourSecond);
    pair.begin(test);
    try (NodeProcess node = pair.node();
        KernelPeer kernel = pair.boot("--no-connect", "--extra-disk", theirSecond.toString())) {
      kernel.run("[ -b /dev/drbd1 ] || mknod /dev/drbd1 b 147 1");
      kernel.run(
          "drbdmeta --force 1 v08 /dev/vdb internal create-md >/dev/null 2>&1 </dev/null"
              + " && drbdsetup-84 new-minor $RES 1 1"
              + " && drbdsetup-84 attach 1 /dev/vdb /dev/vdb internal --resync-rate=100M"
              + " && peer_connect");
      all(node, "Inconsistent/Inconsistent");

      // Ours fills both volumes.
      node.drbdadm("primary", "--force", "r0");
      inStep(node, kernel);
      write(node, "r0/0", 100, 30, 1);
      write(node, "r0/1", 200, 30, 2);
      assertThat(node.resources().getFirst().volumes()).allMatch(it -> it.outOfSyncBlocks() == 0);

      // Apart, only the second is written to; both are asked for at the meeting.
      node.drbdadm("disconnect", "r0");
      write(node, "r0/1", 900, 17, 3);
      node.drbdadm("connect", "r0");
      inStep(node, kernel);

      // The kernel is Primary of both; one of its disks goes, the other volume does not care.
      node.drbdadm("secondary", "r0");
      kernel.run("drbdsetup-84 primary 0 && drbdsetup-84 primary 1");
      kernelWrites(kernel, 0, 50);
      kernelWrites(kernel, 1, 1500);
      node.drbdadm("detach", "r0/1");
      node.awaitAll(1, "Diskless/UpToDate", it -> it.disk().equals("Diskless"));
      kernelWrites(kernel, 0, 300);
      kernelWrites(kernel, 1, 700);
      node.drbdadm("attach", "r0/1");
      inStep(node, kernel);

      // Ours dies under it and comes back.
      node.kill();
      kernelWrites(kernel, 0, 600);
      kernelWrites(kernel, 1, 1100);
      node.start();
      node.drbdadm("up", "r0");
      inStep(node, kernel);
      kernel.run("drbdsetup-84 secondary 0 && drbdsetup-84 secondary 1");
      node.drbdadm("down", "r0");
      kernel.powerOff();
    }
    pair.assertEqualDisks();
    assertThat(KernelPeer.differingBlocks(ourSecond, theirSecond, KernelPair.dataBytes(SECOND_MIB)))
        .isEmpty();
    assertThat(pair.dissect()).containsKeys(PacketType.DATA, PacketType.RS_DATA_REPLY);
  }

  private Path sparse(String name) throws IOException {
    Path path = folder.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength((long) SECOND_MIB << 20);
    }
    return path;
  }

  private static void all(NodeProcess node, String disks) throws IOException {
    node.awaitAll(
        VOLUMES,
        "both Connected " + disks,
        it ->
            it.connection().equals("Connected") && (it.disk() + "/" + it.peerDisk()).equals(disks));
  }

  private static void inStep(NodeProcess node, KernelPeer kernel) throws IOException {
    all(node, "UpToDate/UpToDate");
    for (int minor = 0; minor < VOLUMES; minor++) {
      kernel.run("MINOR=%d; wait_cs Connected 60 && wait_ds UpToDate/UpToDate 60".formatted(minor));
      assertThat(kernel.run("field oos").strip()).isEqualTo("0");
    }
    kernel.run("MINOR=0");
  }

  private static void kernelWrites(KernelPeer kernel, int minor, int block) throws IOException {
    kernel.run(
        "yes block-%2$d | dd of=/dev/drbd%1$d bs=4096 count=20 seek=%2$d iflag=fullblock oflag=direct"
            .formatted(minor, block));
  }

  private static void write(NodeProcess node, String export, int first, int blocks, int value)
      throws IOException {
    try (NbdClient client = NbdClient.connect(node.nbdAddress().socket(), export, 10_000)) {
      for (int block = first; block < first + blocks; block++) {
        client.pwrite(KernelPair.content(block, value), (long) block * KernelPair.BLOCK);
      }
      client.flush();
    }
    node.awaitAll(VOLUMES, "closed", it -> it.openers() == 0);
  }
}
