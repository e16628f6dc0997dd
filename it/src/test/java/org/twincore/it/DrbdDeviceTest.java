package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.blockdev.DeviceFolder;
import org.twincore.host.blockdev.DeviceWay;
import org.twincore.host.blockdev.DrbdDevice;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.host.nbd.FileTarget;
import org.twincore.host.nbd.MemoryTarget;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.ExportInfo;
import org.twincore.nbd.OptionReply;

/// Devices of this process over files and memory, used with the system's own tools.
class DrbdDeviceTest {
  private static final int SIZE_BYTES = 64 << 20;

  @TempDir Path temp;
  private DeviceFolder devices;
  private final List<DrbdDevice> shown = new ArrayList<>();

  @BeforeEach
  void openFolder() throws IOException {
    Root.requireBlockDevices();
    Tool.require("e2fsprogs", "mkfs.ext4", "e2fsck");
    Files.createDirectory(temp.resolve("dev"));
    devices = DeviceFolder.open(temp.resolve("run"), temp.resolve("dev"), DeviceWay.FUSE);
  }

  @AfterEach
  void takeAway() throws IOException {
    for (DrbdDevice device : shown) {
      device.abandon();
    }
  }

  private DrbdDevice show(int minor, long sizeBytes, BlockTarget target) throws IOException {
    ExportInfo info = ExportInfo.writable("r0", "", sizeBytes);
    DrbdDevice device = devices.show(minor, sizeBytes, () -> new Exports.Opened(info, target));
    shown.add(device);
    return device;
  }

  private Path sparseFile(String name, long sizeBytes) throws IOException {
    Path path = temp.resolve(name);
    try (RandomAccessFile made = new RandomAccessFile(path.toFile(), "rw")) {
      made.setLength(sizeBytes);
    }
    return path;
  }

  @Test
  void carriesAFileSystemThatIsStillThereTheNextTime() throws Exception {
    MemoryTarget target = new MemoryTarget(SIZE_BYTES);
    DrbdDevice device = show(0, SIZE_BYTES, target);
    byte[] content = Files.readAllBytes(Path.of("/bin/sh"));
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      Files.write(files.folder().resolve("a file"), content);
    }
    FileSystemOn.check(device.path());
    assertThat(device.release()).isTrue();
    assertThat(target.closes()).isEqualTo(1);
    DrbdDevice again = show(0, SIZE_BYTES, target);
    try (FileSystemOn files = FileSystemOn.mount(again.path(), temp.resolve("data"))) {
      assertThat(files.folder().resolve("a file")).hasBinaryContent(content);
    }
  }

  @Test
  void holdsWhatFioWroteAndVerifies() throws Exception {
    Tool.require("fio", "fio");
    DrbdDevice device = show(0, SIZE_BYTES, FileTarget.open(sparseFile("disk", SIZE_BYTES)));
    Tool.ok(
        "fio",
        "--name=verify",
        "--filename=" + device.path(),
        "--rw=randrw",
        "--bsrange=512-256k",
        "--blockalign=512",
        "--ioengine=libaio",
        "--iodepth=16",
        "--direct=1",
        "--size=32m",
        "--verify=crc32c",
        "--verify_state_save=0",
        "--fsync=64");
    assertThat(device.release()).isTrue();
  }

  @Test
  void trimmedBlocksBecomeHolesBelow() throws Exception {
    Path disk = sparseFile("disk", SIZE_BYTES);
    DrbdDevice device = show(0, SIZE_BYTES, FileTarget.open(disk));
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      Path file = files.folder().resolve("filling");
      Files.write(file, new byte[32 << 20]);
      Tool.ok("sync", "-f", files.folder().toString());
      long full = allocatedBytes(disk);
      Files.delete(file);
      Tool.ok("mountpoint", "-q", files.folder().toString());
      Tool.ok("sync", "-f", files.folder().toString());
      Tool.ok("fstrim", files.folder().toString());
      assertThat(allocatedBytes(disk)).isLessThan(full - (24 << 20));
    }
    FileSystemOn.check(device.path());
  }

  private static long allocatedBytes(Path file) throws IOException, InterruptedException {
    return Long.parseLong(Tool.ok("stat", "-c", "%b", file.toString()).strip()) * 512;
  }

  @Test
  void isNotReleasedWhileSomebodyHasItOpen() throws Exception {
    DrbdDevice device = show(3, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      assertThat(device.release()).isFalse();
      Files.writeString(files.folder().resolve("still"), "works");
      assertThat(device.release()).isFalse();
    }
    try (FileChannel reader = FileChannel.open(device.path(), StandardOpenOption.READ)) {
      assertThat(device.release()).isFalse();
      assertThat(reader.read(ByteBuffer.allocate(512))).isEqualTo(512);
    }
    assertThat(device.release()).isTrue();
    Tool refused = Tool.run("dd", "if=/dev/zero", "of=" + device.path(), "bs=4k", "count=1");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.output()).contains("No such device or address");
  }

  /// A program in a mount namespace of its own may have taken a copy of the mount along.
  @Test
  void isHeldByACopyOfTheMountUntilThatGoes() throws Exception {
    Tool.require("util-linux", "unshare");
    DrbdDevice device = show(3, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    Process holder;
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      Tool.ok("mountpoint", "-q", files.folder().toString());
      holder = inNamespace("private");
    }
    try {
      assertThat(device.release()).isFalse();
    } finally {
      holder.destroyForcibly().waitFor();
    }
    boolean isReleased = false;
    for (int i = 0; i < 100 && !isReleased; i++) { // the kernel ends a namespace a little later
      Thread.sleep(50);
      isReleased = device.release();
    }
    assertThat(isReleased).isTrue();
  }

  /// The tests' hosts are such namespaces, and run beside this.
  @Test
  void isNotHeldByACopyThatIsUnmountedWithIt() throws Exception {
    Tool.require("util-linux", "unshare");
    DrbdDevice device = show(3, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    Process holder;
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      Tool.ok("mountpoint", "-q", files.folder().toString());
      holder = inNamespace("slave");
    }
    try {
      assertThat(device.release()).isTrue();
    } finally {
      holder.destroyForcibly().waitFor();
    }
  }

  private static Process inNamespace(String propagation) throws IOException {
    Process process =
        new ProcessBuilder(
                "unshare", "-m", "--propagation", propagation, "sh", "-c", "echo in; exec sleep 60")
            .start();
    process.inputReader().readLine();
    return process;
  }

  /// What another node wrote meanwhile is read, not what this kernel remembers.
  @Test
  void noCachedBlockOutlivesARelease() throws Exception {
    MemoryTarget target = new MemoryTarget(SIZE_BYTES);
    for (int round = 1; round < 20; round++) {
      DrbdDevice device = show(0, SIZE_BYTES, target);
      assertThat(firstByte(device.path())).isEqualTo(round - 1);
      Tool.ok("dd", "if=/dev/urandom", "of=" + device.path(), "bs=64k", "seek=1", "count=16");
      assertThat(device.release()).isTrue();
      byte[] written = new byte[512];
      written[0] = (byte) round;
      target.write(written, 0, 512, 0, false, new Awaited());
    }
  }

  private static int firstByte(Path device) throws IOException {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
      ByteBuffer sector = ByteBuffer.allocate(512);
      channel.read(sector);
      return sector.get(0);
    }
  }

  @Test
  void growsUnderAMountedFileSystem() throws Exception {
    Path disk = sparseFile("disk", 2L * SIZE_BYTES);
    DrbdDevice device = show(0, SIZE_BYTES, FileTarget.open(disk));
    try (FileSystemOn files = FileSystemOn.make(device.path(), temp.resolve("data"))) {
      Files.writeString(files.folder().resolve("before"), "here");
      device.resize(2L * SIZE_BYTES);
      assertThat(Tool.ok("blockdev", "--getsize64", device.path().toString()).strip())
          .isEqualTo("" + 2 * SIZE_BYTES);
      assertThat(device.release()).isFalse();
    }
    // Growing it while mounted would need a capability that root may lack in a container.
    Tool.ok("resize2fs", "-f", device.path().toString());
    try (FileSystemOn files = FileSystemOn.mount(device.path(), temp.resolve("data"))) {
      Files.write(files.folder().resolve("big"), new byte[80 << 20]);
      assertThat(files.folder().resolve("before")).hasContent("here");
    }
    FileSystemOn.check(device.path());
    assertThat(device.release()).isTrue();
  }

  @Test
  void twoDevicesLiveSideBySide() throws Exception {
    DrbdDevice first = show(0, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    DrbdDevice second = show(1, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    try (FileSystemOn one = FileSystemOn.make(first.path(), temp.resolve("one"))) {
      try (FileSystemOn two = FileSystemOn.make(second.path(), temp.resolve("two"))) {
        Files.write(one.folder().resolve("f"), new byte[] {1});
        Files.write(two.folder().resolve("f"), new byte[] {2});
      }
      assertThat(second.release()).isTrue();
      assertThat(first.release()).isFalse();
      assertThat(one.folder().resolve("f")).hasBinaryContent(new byte[] {1});
    }
    FileSystemOn.check(first.path());
  }

  @Test
  void abandonedUnderItsUsersItGivesThemErrors() throws Exception {
    DrbdDevice device = show(0, SIZE_BYTES, new MemoryTarget(SIZE_BYTES));
    try (FileChannel open = FileChannel.open(device.path(), StandardOpenOption.WRITE)) {
      device.abandon();
      assertThatThrownBy(
              () -> {
                open.write(ByteBuffer.allocate(4096), 0);
                open.force(true);
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Input/output error");
    }
    assertThat(Path.of("/sys/block/" + device.below() + "/loop/backing_file")).doesNotExist();
  }

  @Test
  void aTargetThatIsRefusedGivesErrorsInsteadOfData() throws Exception {
    ExportDirectory.Refused refused =
        new ExportDirectory.Refused(OptionReply.ERR_POLICY, "r0 is Secondary");
    DrbdDevice device = devices.show(0, SIZE_BYTES, () -> new Exports.NotOpened(refused));
    shown.add(device);
    assertThatThrownBy(() -> firstByte(device.path())).hasMessageContaining("Input/output error");
    assertThat(device.release()).isTrue();
  }

  @Test
  void leavesAFileThatIsNotItsOwnAlone() throws Exception {
    Path name = temp.resolve("dev/drbd0");
    Files.writeString(name, "precious");
    assertThatThrownBy(() -> show(0, SIZE_BYTES, new MemoryTarget(SIZE_BYTES)))
        .hasMessageContaining("not ours to replace");
    devices.remove(0);
    assertThat(name).hasContent("precious");
    assertThat(temp.resolve("run")).isEmptyDirectory();
  }

  /// A kernel's DRBD has major 147.
  @Test
  void leavesAKernelsDeviceAlone() throws Exception {
    Path name = temp.resolve("dev/drbd0");
    Tool.ok("mknod", name.toString(), "b", "147", "0");
    assertThatThrownBy(() -> show(0, SIZE_BYTES, new MemoryTarget(SIZE_BYTES)))
        .hasMessageContaining("another driver (147:0)");
    devices.remove(0);
    assertThat(name).exists();
  }

  private static final class Awaited implements BlockTarget.Done {
    @Override
    public void done() {}

    @Override
    public void failed(org.twincore.nbd.NbdError error, String message) {
      throw new AssertionError(message);
    }
  }
}
