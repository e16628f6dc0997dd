package org.twincore.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.twincore.host.net.FreePorts;

/// Two real nodes `one` and `two` whose handlers are Debian's own scripts, unchanged. What these
/// call that a test must not (mail, ssh) or cannot (LVM, a cluster's tools) do stands in a folder
/// of the test, which comes first in the nodes' PATH, and takes note.
final class DebianPair implements AutoCloseable {
  static final Path SCRIPTS = Path.of("/usr/lib/drbd");

  /// Gives a script its /proc/drbd.
  static final Path WITH_PROC =
      Path.of(System.getProperty("twincore.root"), "bin", "with-proc-drbd");

  private static final int DISK_BYTES = 8 << 20;

  final NodeProcess one;
  final NodeProcess two;
  private final Path folder;
  private final List<Integer> ports = FreePorts.find(2);

  /// Starts both, connected and not yet synced. `options` are sections of the resource.
  DebianPair(Path folder, String options) throws IOException {
    this.folder = folder;
    Path bin = Files.createDirectory(folder.resolve("bin"));
    program("logger", "cat >/dev/null");
    program(
        "drbdadm",
        "exec %s/bin/java -XX:+UseSerialGC -cp '%s' org.twincore.cli.Tools drbdadm -c %s \"$@\""
            .formatted(
                System.getProperty("java.home"),
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                config()));
    configure(options);
    one = node("one", bin);
    two = node("two", bin);
    one.awaitState("Connected", "Inconsistent/Inconsistent");
  }

  /// Other sections from the next adjust on.
  void configure(String options) throws IOException {
    Files.writeString(
        config(),
        """
        common { disk { resync-rate 100M; } }
        resource r0 {
          %s
          on one { device /dev/drbd0; disk %s/one.disk; address 127.0.0.1:%d; meta-disk internal; }
          on two { device /dev/drbd1; disk %s/two.disk; address 127.0.0.1:%d; meta-disk internal; }
        }
        """
            .formatted(options, folder, ports.get(0), folder, ports.get(1)));
  }

  private Path config() {
    return folder.resolve("drbd.conf");
  }

  /// A stand-in of that name, a shell's lines.
  void program(String name, String text) throws IOException {
    Path file = folder.resolve("bin").resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// The lines that write down the arguments, and what else is said, in a file of that name.
  String noting(String file) {
    return "echo \"$*\" >>" + folder.resolve(file);
  }

  private NodeProcess node(String name, Path bin) throws IOException {
    try (RandomAccessFile made =
        new RandomAccessFile(folder.resolve(name + ".disk").toFile(), "rw")) {
      made.setLength(DISK_BYTES);
    }
    NodeProcess node = new NodeProcess(name, folder.resolve(name), config());
    node.startBehind("env", "PATH=" + bin + ":/usr/sbin:/usr/bin:/sbin:/bin");
    node.start();
    node.drbdadm("create-md", "r0");
    node.drbdadm("up", "r0");
    return node;
  }

  /// Makes `one` Primary, and both UpToDate.
  void sync() throws IOException {
    one.drbdadm("primary", "--force", "r0");
    one.awaitState("Connected", "UpToDate/UpToDate");
    two.awaitState("Connected", "UpToDate/UpToDate");
  }

  Path disk(String node) {
    return folder.resolve(node + ".disk");
  }

  /// Waits until something with that text was noted; all of the file then.
  String awaitNote(String file, String text) throws IOException {
    Path note = folder.resolve(file);
    for (int tries = 0; tries < 1200 * Patience.FACTOR; tries++) {
      String noted = Files.exists(note) ? Files.readString(note) : "";
      if (noted.contains(text)) {
        return noted;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError(
        "'" + text + "' was not noted in " + file + "\n" + one.tail() + "\n" + two.tail());
  }

  @Override
  public void close() {
    one.close();
    two.close();
  }
}
