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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the users of a device see when the process behind it is killed, and what the next one
/// finds.
class DeviceDeathTest {
  private static final long SIZE_BYTES = 64 << 20;
  private static final long ERROR_LIMIT_SECONDS = 5;

  @TempDir Path temp;
  private Path names;
  private Path privateFolder;

  @BeforeEach
  void prepare() throws IOException {
    Root.requireBlockDevices();
    Tool.require("e2fsprogs", "mkfs.ext4");
    Tool.require("fio", "fio");
    names = Files.createDirectory(temp.resolve("dev"));
    privateFolder = temp.resolve("run");
  }

  private JavaProcess serve(int devices) throws IOException {
    Stream.Builder<String> arguments = Stream.builder();
    arguments.add(privateFolder.toString()).add(names.toString());
    for (int i = 0; i < devices; i++) {
      Path disk = temp.resolve("disk" + i);
      try (RandomAccessFile made = new RandomAccessFile(disk.toFile(), "rw")) {
        made.setLength(SIZE_BYTES);
      }
      arguments.add(disk.toString());
    }
    JavaProcess server = JavaProcess.start(DeviceServer.class, arguments.build().toList());
    assertThat(server.readLine()).startsWith("ready");
    return server;
  }

  private long ourLoops() throws IOException, InterruptedException {
    return Tool.ok("losetup", "-l", "-n", "-O", "BACK-FILE")
        .lines()
        .filter(line -> line.contains(privateFolder.toString()))
        .count();
  }

  private long ourMounts() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
        .filter(line -> line.contains(privateFolder.toString()))
        .count();
  }

  @Test
  void writersGetAnErrorAtOnceAndTheNextStartFindsTheDisk() throws Exception {
    try (JavaProcess server = serve(1)) {
      Path errors = temp.resolve("writer.log");
      Process writer = endlessWriter(names.resolve("drbd0"), errors);
      while (allocatedBlocks(temp.resolve("disk0")) < 64) {
        assertThat(writer.isAlive()).isTrue();
      }
      server.kill();
      assertThat(writer.waitFor(ERROR_LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(errors).content().contains("Input/output error");
      assertThat(ourMounts()).isEqualTo(1);
    }
    try (JavaProcess server = serve(1)) {
      assertThat(ourLoops()).isEqualTo(1);
      assertThat(ourMounts()).isEqualTo(1);
      Tool.ok("mkfs.ext4", "-q", "-F", names.resolve("drbd0").toString());
      assertThat(DeviceServer.releasesInTime(server, 0)).isTrue();
    }
    assertThat(ourMounts()).isZero();
  }

  /// What the server may need while its users' writes are what would free memory.
  @Test
  void whileADeviceIsUpTheWholeHeapIsInMemoryAndPinned() throws Exception {
    Path disk = temp.resolve("disk0");
    try (RandomAccessFile made = new RandomAccessFile(disk.toFile(), "rw")) {
      made.setLength(SIZE_BYTES);
    }
    List<String> words = List.of(privateFolder.toString(), names.toString(), disk.toString());
    try (JavaProcess server = JavaProcess.start(DeviceServer.class, words)) {
      String ready = server.readLine();
      long heapKib = Long.parseLong(ready.substring(ready.indexOf("heap-kib=") + 9));
      assertThat(statusKib(server, "VmRSS")).isGreaterThan(heapKib);
      assertThat(statusKib(server, "VmLck")).isGreaterThan(heapKib);
    }
  }

  private static long statusKib(JavaProcess server, String key) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + server.pid() + "/status")).stream()
        .filter(line -> line.startsWith(key + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  private static Process endlessWriter(Path device, Path log) throws IOException {
    return new ProcessBuilder(
            "fio",
            "--name=endless",
            "--filename=" + device,
            "--rw=randwrite",
            "--ioengine=libaio",
            "--iodepth=32",
            "--direct=1",
            "--bs=64k",
            "--time_based",
            "--runtime=60")
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static long allocatedBlocks(Path file) throws IOException, InterruptedException {
    return Long.parseLong(Tool.ok("stat", "-c", "%b", file.toString()).strip());
  }

  @Test
  void aMountedFileSystemFailsAndCanBeUnmounted() throws Exception {
    FileSystemOn files;
    try (JavaProcess server = serve(2)) {
      files = FileSystemOn.make(names.resolve("drbd0"), temp.resolve("data"));
      assertThat(server.ask("0")).isEqualTo("held");
      assertThat(DeviceServer.releasesInTime(server, 1)).isTrue();
      Files.write(files.folder().resolve("f"), new byte[1 << 20]);
      server.kill();
    }
    Tool sync =
        Tool.run("timeout", "" + ERROR_LIMIT_SECONDS, "sync", files.folder().resolve("f") + "");
    assertThat(sync.exitCode()).isEqualTo(1);
    assertThat(sync.output()).contains("Input/output error");
    assertThat(waitingForDisks()).isEmpty();
    try (JavaProcess server = serve(2)) {
      assertThat(ourMounts()).isEqualTo(2); // the broken one is gone
      files.close();
      assertThat(ourLoops()).isEqualTo(2); // the broken one left with its last user
      FileSystemOn.check(names.resolve("drbd0"));
      assertThat(DeviceServer.releasesInTime(server, 0)).isTrue();
    }
    assertThat(ourLoops()).isZero();
    assertThat(names).isEmptyDirectory();
  }

  /// The kernel still has pages to write to the device when its server dies.
  @Test
  void dirtyPagesDoNotKeepItAlive() throws Exception {
    try (JavaProcess server = serve(1)) {
      Path device = names.resolve("drbd0");
      try (FileChannel writer = FileChannel.open(device, StandardOpenOption.WRITE)) {
        writer.write(ByteBuffer.allocate(32 << 20));
        server.kill();
        assertThatThrownBy(() -> writer.force(false)).hasMessageContaining("Input/output error");
      }
    }
    try (JavaProcess server = serve(1)) {
      Path device = names.resolve("drbd0");
      Tool.ok("dd", "if=/dev/urandom", "of=" + device, "bs=1M", "count=32");
      server.kill();
      Tool lost = Tool.run("timeout", "" + ERROR_LIMIT_SECONDS, "dd", "if=" + device, "count=1");
      assertThat(lost.output()).contains("Input/output error");
    }
    serve(1).close();
    assertThat(ourLoops()).isZero();
  }

  /// Tasks in uninterruptible sleep whose command line or working folder is of this test.
  private List<String> waitingForDisks() throws IOException, InterruptedException {
    return Tool.ok("ps", "-eo", "state,args")
        .lines()
        .filter(line -> line.startsWith("D") && line.contains(temp.toString()))
        .toList();
  }
}
