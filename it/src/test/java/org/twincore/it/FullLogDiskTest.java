package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.net.FreePorts;

/// The log's disk is full: the node goes on, and says later how many lines are missing. No line is
/// torn.
class FullLogDiskTest {
  private static final String LINE = "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z (INFO|WARN|ERROR|DEBUG) .*";

  @TempDir private Path folder;
  private Path small;

  @BeforeEach
  void mountASmallDisk() throws Exception {
    Root.require();
    small = Files.createDirectory(folder.resolve("small"));
    Tool.ok("mount", "-t", "tmpfs", "-o", "size=64k", "twincore-test", small.toString());
  }

  @AfterEach
  void unmountIt() throws Exception {
    if (small != null) {
      Tool.ok("umount", "--lazy", small.toString());
    }
  }

  @Test
  void theNodeGoesOnAndSaysHowManyLinesItLost() throws Exception {
    try (RandomAccessFile disk = new RandomAccessFile(folder.resolve("disk").toFile(), "rw")) {
      disk.setLength(8 << 20);
    }
    List<Integer> ports = FreePorts.find(2);
    Path config =
        Files.writeString(
            folder.resolve("drbd.conf"),
            """
            resource r0 {
              on one { device /dev/drbd0; disk %s/disk; address 127.0.0.1:%d; meta-disk internal; }
              on two { device /dev/drbd0; disk %s/disk; address 127.0.0.1:%d; meta-disk internal; }
            }
            """
                .formatted(folder, ports.get(0), folder, ports.get(1)));
    try (NodeProcess one = new NodeProcess("one", folder.resolve("node"), config)) {
      one.logTo(small.resolve("log"));
      one.start();
      one.drbdadm("create-md", "r0");
      Path filler = Files.write(small.resolve("filler"), new byte[48 << 10]);
      for (int round = 0; round < 20; round++) {
        one.drbdadm("up", "r0");
        one.drbdadm("primary", "--force", "r0");
        one.drbdadm("down", "r0");
      }
      assertThat(Files.getFileStore(small).getUsableSpace()).isZero();
      assertThat(one.isAnswering()).isTrue();
      Files.delete(filler);
      one.drbdadm("up", "r0");
      one.awaitLog("lines-lost=");
      one.drbdadm("down", "r0");
      assertThat(one.terminate()).isZero();
    }
    assertThat(Files.readAllLines(small.resolve("log")))
        .allMatch(line -> line.matches(LINE))
        .anyMatch(line -> line.matches(".* WARN log lines-lost=\\d{2,}"))
        .last()
        .asString()
        .contains("stopped");
  }
}
