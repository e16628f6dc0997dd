package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.linux.ProcessMemory;

/// A file system on a device whose user has less memory than it writes. Where the server may become
/// an I/O flusher (CAP_SYS_RESOURCE) it shares that memory; elsewhere the kernel promises nothing
/// for that, so only the user is limited.
class MemoryPressureTest {
  private static final long LIMIT_BYTES = 1L << 30;
  private static final long WRITTEN_MIB = 4096;
  private static final long DISK_BYTES = 6L << 30;
  private static final long LIMIT_SECONDS = 180;

  @TempDir Path temp;

  @BeforeEach
  void requireRoot() throws IOException {
    Root.requireBlockDevices();
    Tool.require("e2fsprogs", "mkfs.ext4");
  }

  @Test
  void bufferedWritesOfFourTimesTheMemoryEnd() throws Exception {
    long free = Files.getFileStore(temp).getUsableSpace();
    Assumptions.assumeTrue(free > DISK_BYTES, "6 GiB of disk are not free");
    Path names = Files.createDirectory(temp.resolve("dev"));
    Path disk = temp.resolve("disk");
    try (RandomAccessFile made = new RandomAccessFile(disk.toFile(), "rw")) {
      made.setLength(DISK_BYTES);
    }
    try (MemoryCgroup tight =
            MemoryCgroup.make("twincore-" + ProcessHandle.current().pid(), LIMIT_BYTES);
        JavaProcess server =
            JavaProcess.start(
                ProcessMemory.tryBecomeIoFlusher() ? tight.entering() : List.of(),
                DeviceServer.class,
                List.of(temp.resolve("run").toString(), names.toString(), disk.toString()))) {
      assertThat(server.readLine()).startsWith("ready");
      try (FileSystemOn files = FileSystemOn.make(names.resolve("drbd0"), temp.resolve("data"))) {
        Process writer =
            new ProcessBuilder(
                    tight.entering(
                        "dd",
                        "if=/dev/zero",
                        "of=" + files.folder().resolve("large"),
                        "bs=1M",
                        "count=" + WRITTEN_MIB,
                        "conv=fsync"))
                .redirectErrorStream(true)
                .redirectOutput(temp.resolve("dd.log").toFile())
                .start();
        assertThat(writer.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(writer.exitValue()).as(Files.readString(temp.resolve("dd.log"))).isZero();
      }
      FileSystemOn.check(names.resolve("drbd0"));
      assertThat(DeviceServer.releasesInTime(server, 0)).isTrue();
    }
  }
}
