package org.twincore.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.twincore.cli.local.LocalCluster;
import org.twincore.host.net.FreePorts;

/// Two nodes with a sparse file of 1 TiB each as their disk, a load on all of it, and how much
/// memory they take.
final class HugeDevice {
  private static final long SIZE_BYTES = 1L << 40;
  private static final String RESOURCE = "huge";
  private static final long WAIT_NANOS = 30_000_000_000L;

  private final LocalCluster nodes;
  private final Fio fio;

  HugeDevice(Path root, Path folder, Fio fio) throws IOException {
    this.nodes =
        new LocalCluster(root, Files.createDirectories(folder.resolve(RESOURCE)), Cluster.NODES);
    this.fio = fio;
  }

  /// The disks are declared equal instead of synced, so only what is written takes space.
  Report.Line residentMemory(int seconds) throws IOException {
    Thread cleaner = new Thread(nodes::stopAll, "huge-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      start();
      Target target =
          new Target(
              "1 TiB",
              "",
              Access.BUFFERED,
              RESOURCE,
              nodes.nbdSocket(Cluster.ONE),
              List.of(),
              List.of(nodes.pid(Cluster.ONE), nodes.pid(Cluster.OTHER)));
      for (Workload workload : List.of(Workload.WRITE_4K_32, Workload.WRITE_1M_4)) {
        fio.run(target, workload, seconds);
      }
      return new Report.Line(
          "resident memory at its most, a device of 1 TiB, after writes of 4 KiB and 1 MiB",
          Spread.number(ProcessFigures.residentMib(target.pids().get(0)))
              + " + "
              + Spread.number(ProcessFigures.residentMib(target.pids().get(1)))
              + " MiB");
    } finally {
      nodes.stopAll();
      Runtime.getRuntime().removeShutdownHook(cleaner);
    }
  }

  private Path disk(String node) {
    return nodes.folder().resolve(node + ".disk");
  }

  private void start() throws IOException {
    List<Integer> ports = FreePorts.find(2);
    nodes.configure(
        """
        resource huge {
          protocol C;
          on one {
            device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal;
          }
          on other {
            device /dev/drbd0; disk %s; address 127.0.0.1:%d; meta-disk internal;
          }
        }
        """
            .formatted(disk(Cluster.ONE), ports.get(0), disk(Cluster.OTHER), ports.get(1)));
    for (String node : Cluster.NODES) {
      try (RandomAccessFile file = new RandomAccessFile(disk(node).toFile(), "rw")) {
        file.setLength(SIZE_BYTES);
      }
      nodes.quietDrbdadm(node, "--force", "create-md", RESOURCE);
      nodes.start(node, Map.of());
      nodes.quietDrbdadm(node, "up", RESOURCE);
    }
    nodes.await(Cluster.ONE, RESOURCE, it -> it.connection().equals("Connected"), WAIT_NANOS);
    nodes.quietDrbdadm(Cluster.ONE, "new-current-uuid", "--clear-bitmap", RESOURCE + "/0");
    nodes.quietDrbdadm(Cluster.ONE, "primary", RESOURCE);
  }
}
