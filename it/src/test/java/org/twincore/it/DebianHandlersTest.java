package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.nbd.NbdClient;
import org.twincore.host.net.FreePorts;

/// Debian's own handler scripts, unchanged, called by two running nodes. What they call that a test
/// must not (mail) or cannot (LVM) do stands in a folder of the test and takes note.
@Timeout(300)
class DebianHandlersTest {
  private static final Path SCRIPTS = Path.of("/usr/lib/drbd");
  private static final int DISK_BYTES = 8 << 20;

  @TempDir Path folder;
  private Path config;
  private NodeProcess one;
  private NodeProcess two;

  @BeforeEach
  void connect() throws Exception {
    Tool.require("drbd-utils", SCRIPTS.resolve("notify.sh").toString());
    Tool.require("drbd-utils", SCRIPTS.resolve("snapshot-resync-target-lvm.sh").toString());
    config = folder.resolve("drbd.conf");
    Path bin = Files.createDirectory(folder.resolve("bin"));
    program(bin, "mail", "{ echo \"$*\"; cat; } >>" + folder + "/mail");
    program(bin, "lvs", "echo \"$*\" >>" + folder + "/lvs; echo group volume 8192");
    program(bin, "lvcreate", "echo \"$*\" >>" + folder + "/lvcreate");
    program(
        bin,
        "drbdadm",
        "exec %s/bin/java -XX:+UseSerialGC -cp '%s' org.twincore.cli.Tools drbdadm -c %s \"$@\""
            .formatted(
                System.getProperty("java.home"),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                config));
    List<Integer> ports = FreePorts.find(2);
    Files.writeString(
        config,
        """
        resource r0 {
          disk { on-io-error call-local-io-error; resync-rate 100M; }
          handlers {
            before-resync-target "%s/snapshot-resync-target-lvm.sh";
            local-io-error "%s/notify-io-error.sh operator";
          }
          on one { device /dev/drbd0; disk %s/one.disk; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd1; disk %s/two.disk; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(SCRIPTS, SCRIPTS, folder, ports.get(0), folder, ports.get(1)));
    one = node("one", bin);
    two = node("two", bin);
    one.awaitState("Connected", "Inconsistent/Inconsistent");
    one.drbdadm("primary", "--force", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
  }

  private static void program(Path bin, String name, String text) throws IOException {
    Path file = Files.writeString(bin.resolve(name), "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private NodeProcess node(String name, Path bin) throws IOException {
    try (RandomAccessFile made =
        new RandomAccessFile(folder.resolve(name + ".disk").toFile(), "rw")) {
      made.setLength(DISK_BYTES);
    }
    NodeProcess node = new NodeProcess(name, folder.resolve(name), config);
    node.startBehind("env", "PATH=" + bin + ":/usr/sbin:/usr/bin:/sbin:/bin");
    node.start();
    node.drbdadm("create-md", "r0");
    node.drbdadm("up", "r0");
    return node;
  }

  @AfterEach
  void end() {
    if (one != null) {
      one.close();
    }
    if (two != null) {
      two.close();
    }
  }

  private String note(String file) throws IOException {
    Path note = folder.resolve(file);
    for (int tries = 0; tries < 1200 && !(Files.exists(note) && Files.size(note) > 0); tries++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    return Files.readString(note);
  }

  /// The script asks our drbdadm for the backing disk, and LVM for what that is.
  @Test
  void theSnapshotScriptFindsTheBackingDisk() throws IOException {
    assertThat(note("lvs")).endsWith(" " + folder.resolve("two.disk") + "\n");
    two.awaitLog("handler=before-resync-target exit=0");
  }

  @Test
  void theNotifyScriptTellsOfADiskThatFails() throws IOException {
    try (NbdClient client = one.nbd()) {
      client.pwriteDurably(new byte[1 << 20], 4 << 20);
      try (RandomAccessFile cut = new RandomAccessFile(folder.resolve("one.disk").toFile(), "rw")) {
        cut.setLength(2 << 20);
      }
      client.pread(new byte[4096], 4 << 20);
    }
    one.awaitState("Connected", "Diskless/UpToDate");
    assertThat(note("mail"))
        .startsWith("-s DRBD resource r0/0 (drbd0) detected a local I/O error operator\n");
    one.awaitLog("handler=local-io-error exit=0");
  }
}
