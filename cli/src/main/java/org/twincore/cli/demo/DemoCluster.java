package org.twincore.cli.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.twincore.cli.local.LocalCluster;
import org.twincore.host.net.FreePorts;

/// The two nodes of the demo: their disks, their drbd.conf, and an admin who shows what he types.
final class DemoCluster {
  static final List<String> NODES = List.of("core-01", "core-02");

  private final LocalCluster nodes;
  private final long sizeBytes;
  private final PrintStream out;
  private final String home = System.getenv().getOrDefault("TWINCORE_HOME", ".");

  DemoCluster(Path folder, long sizeBytes, PrintStream out) {
    this.nodes = new LocalCluster(Path.of(home), folder, NODES);
    this.sizeBytes = sizeBytes;
    this.out = out;
  }

  LocalCluster nodes() {
    return nodes;
  }

  Path folder() {
    return nodes.folder();
  }

  Path disk(String node) {
    return folder().resolve(node + ".disk");
  }

  /// Disks (sparse files), drbd.conf and settings.
  void prepare() throws IOException {
    for (String node : NODES) {
      try (var file = new RandomAccessFile(disk(node).toFile(), "rw")) {
        file.setLength(sizeBytes);
      }
    }
    List<Integer> ports = FreePorts.find(2);
    nodes.configure(
        """
        resource r0 {
          protocol C;
          disk {
            resync-rate 200M;
            c-max-rate 400M;
            c-fill-target 8M;
            c-min-rate 0;
          }
          net {
            ping-timeout 30;
            max-buffers 8000;
          }
          on core-01 {
            device    /dev/drbd0;
            disk      %s;
            address   127.0.0.1:%d;
            meta-disk internal;
          }
          on core-02 {
            device    /dev/drbd0;
            disk      %s;
            address   127.0.0.1:%d;
            meta-disk internal;
          }
        }
        """
            .formatted(disk("core-01"), ports.get(0), disk("core-02"), ports.get(1)));
  }

  void start(String node) throws IOException {
    nodes.start(node, Map.of());
  }

  void removeFiles() throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(folder())) {
      tree.sorted(Comparator.reverseOrder()).forEach(all::add);
    }
    for (Path each : all) {
      Files.deleteIfExists(each);
    }
  }

  /// Runs `drbdadm` as an admin of that node would, showing the command; fails if it fails.
  void drbdadm(String node, String... words) throws IOException {
    out.println("  " + node + "$ drbdadm " + String.join(" ", words));
    int code = nodes.drbdadm(node, out, words);
    if (code != 0) {
      throw new IOException("drbdadm " + String.join(" ", words) + " failed with " + code);
    }
  }

  /// What a user needs to type the same commands as an admin of the node that is Primary now.
  String environmentHint() {
    return "export PATH=%1$s:%1$s/bin:$PATH TWINCORE_RUN=%2$s TWINCORE_NODE=%3$s"
        .formatted(home, nodes.run(), NODES.getLast());
  }
}
