package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.net.FreePorts;

/// The Linux kernel's own NBD client on a volume of a node: a filesystem, files, a check.
class KernelNbdClientTest {
  private static final long DISK_BYTES = 96 << 20;

  @TempDir private Path folder;

  @BeforeAll
  static void aGuestCanBeBooted() throws IOException, InterruptedException {
    KernelPeer.require();
  }

  @Test
  void makesAFilesystemAndFindsItsFilesAgain() throws Exception {
    List<Integer> ports = FreePorts.find(3);
    Path disk = folder.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(DISK_BYTES);
    }
    Path config = folder.resolve("drbd.conf");
    Files.writeString(
        config,
        """
        resource r0 {
          on ours { device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal; }
          on away { device /dev/drbd0; disk /dev/x; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(disk, ports.get(0), ports.get(1)));
    try (NodeProcess node = new NodeProcess("ours", folder.resolve("node"), config);
        KernelPeer guest = KernelPeer.bootPlain(folder.resolve("console"))) {
      node.listenOnPort(ports.get(2));
      node.drbdadm("create-md", "r0");
      node.start();
      node.drbdadm("up", "r0");
      node.drbdadm("primary", "--force", "r0");
      guest.run("modprobe nbd; modprobe ext4; modprobe crc32c_generic; true");
      guest.run("nbd-client $HOST %d /dev/nbd0 -N r0".formatted(ports.get(2)));
      guest.run("/sbin/mke2fs -q -t ext4 /dev/nbd0");
      guest.run("mkdir -p /mnt && mount -t ext4 /dev/nbd0 /mnt");
      guest.run("dd if=/dev/urandom of=/mnt/file bs=65536 count=300");
      String sum = guest.run("sha256sum /mnt/file");
      guest.run("sync; umount /mnt");
      guest.run("echo 3 >/proc/sys/vm/drop_caches; mount -t ext4 /dev/nbd0 /mnt");
      assertThat(guest.run("sha256sum /mnt/file")).isEqualTo(sum);
      guest.run("umount /mnt; /sbin/e2fsck -fn /dev/nbd0");
      guest.run("nbd-client -d /dev/nbd0");
      node.awaitVolume("no opener", volume -> volume.openers() == 0);
      node.drbdadm("secondary", "r0");
    }
  }
}
