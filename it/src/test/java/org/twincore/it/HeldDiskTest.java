package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.disk.DiskHeldException;
import org.twincore.host.disk.DiskLock;
import org.twincore.it.DrbdmetaPair.Run;

/// drbdmeta on a loop device: alone, while the kernel has it mounted, while a node has it locked.
class HeldDiskTest {
  private static final long MIB = 1 << 20;

  @TempDir private Path folder;
  private DrbdmetaPair pair;
  private Path device;

  @BeforeEach
  void makeDevice() throws Exception {
    Root.require();
    Tool.require("util-linux", "losetup");
    Tool.require("drbd-utils", DrbdmetaPair.DEBIANS);
    pair = new DrbdmetaPair(folder);
    Path file = pair.sparse("backing", 64 * MIB);
    Tool losetup = Tool.run("losetup", "-f", "--show", file.toString());
    Assumptions.assumeTrue(losetup.exitCode() == 0, "no loop device: " + losetup.output());
    device = Path.of(losetup.output().strip());
  }

  @AfterEach
  void removeDevice() throws Exception {
    if (device != null) {
      Tool.ok("losetup", "-d", device.toString());
    }
    if (pair != null) {
      pair.close();
    }
  }

  @Test
  void blockDeviceIsAsGoodAsAFile() throws Exception {
    assertThat(DrbdmetaPair.oursUnforced(device, "internal", "create-md").exitCode()).isZero();
    assertThat(pair.theirs(device, "internal", "get-gi").out())
        .isEqualTo(DrbdmetaPair.oursUnforced(device, "internal", "get-gi").out())
        .startsWith("0000000000000004:");
  }

  @Test
  void mountedDeviceIsLeftAloneUnlessForced() throws Exception {
    Tool.require("e2fsprogs", "mkfs.ext4");
    Tool.ok("mkfs.ext4", "-q", "-F", device.toString(), "32M");
    assertThat(DrbdmetaPair.ours(device, "internal", "create-md").exitCode()).isZero();
    try (FileSystemOn mounted = FileSystemOn.mount(device, folder.resolve("mnt"))) {
      assertThat(mounted.folder()).exists();
      for (String command : new String[] {"get-gi", "apply-al", "create-md", "wipe-md"}) {
        Run run = DrbdmetaPair.oursUnforced(device, "internal", command);
        assertThat(run.exitCode()).as(command).isEqualTo(20);
        assertThat(run.messages()).contains("failed: Device or resource busy");
      }
      assertThat(DrbdmetaPair.ours(device, "internal", "get-gi").exitCode()).isZero();
      assertThatThrownBy(() -> DiskLock.whole(device))
          .isInstanceOfSatisfying(
              DiskHeldException.class,
              held -> assertThat(held.holder()).isEqualTo(DiskHeldException.Holder.KERNEL));
    }
  }

  @Test
  void deviceOfANodeIsRefusedToBothToolsAndToMount() throws Exception {
    Tool.ok("mkfs.ext4", "-q", "-F", device.toString(), "32M");
    DrbdmetaPair.ours(device, "internal", "create-md");
    try (DiskLock lock = DiskLock.whole(device)) {
      assertThat(lock).isNotNull();
      Run our = DrbdmetaPair.ours(device, "internal", "wipe-md");
      assertThat(our.exitCode()).isEqualTo(20);
      assertThat(our.messages()).contains("is configured!");
      Path folderOfMount = Files.createDirectories(folder.resolve("mnt"));
      assertThat(Tool.run("mount", device.toString(), folderOfMount.toString()).exitCode())
          .isNotZero();
      assertThat(pair.theirs(device, "internal", "apply-al").messages())
          .contains("Device or resource busy");
    }
    assertThat(DrbdmetaPair.ours(device, "internal", "wipe-md").exitCode()).isZero();
  }
}
