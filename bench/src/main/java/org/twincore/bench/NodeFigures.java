package org.twincore.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.twincore.host.nbd.NbdClient;

/// What is measured of the two nodes alone: sync rate, tools, failover.
final class NodeFigures {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final int STATUS_RUNS = 20;
  private static final int BLOCK_BYTES = 4096;
  private static final int CLIENT_MILLIS = 10_000;
  private static final long FAILOVER_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Cluster cluster;
  private final Children children;
  private final Path folder;
  private final Path root;
  private final long sizeBytes;

  NodeFigures(Cluster cluster, Children children, Path folder, Path root, long sizeBytes) {
    this.cluster = cluster;
    this.children = children;
    this.folder = folder;
    this.root = root;
    this.sizeBytes = sizeBytes;
  }

  /// Makes the first node primary and waits until the whole disk is at the second.
  Report.Line sync(Cluster.Kind kind) throws IOException {
    long start = System.nanoTime();
    cluster.drbdadm(Cluster.ONE, "primary", "--force", kind.resource);
    cluster.await(
        Cluster.OTHER,
        kind,
        it -> it.disk().equals("UpToDate") && it.peerDisk().equals("UpToDate"));
    double seconds = (System.nanoTime() - start) / 1e9;
    double copyMb = TcpCopy.mbPerSecond(cluster.disk(kind, Cluster.ONE), folder);
    double mb = sizeBytes / 1e6 / seconds;
    String with = (kind.diskOptions + " " + kind.netOptions).strip();
    return new Report.Line(
        "initial full sync, %s, %s"
            .formatted(cluster.access().text, with.isEmpty() ? "defaults" : "`" + with + "`"),
        String.format(
            Locale.ROOT,
            "%.0f MB/s; a plain TCP copy of the file %.0f MB/s: ratio %.2f",
            mb,
            copyMb,
            mb / copyMb));
  }

  /// The failover comes last: it leaves one node.
  List<Report.Line> others() throws IOException {
    return List.of(status(), failover());
  }

  private Report.Line status() throws IOException {
    List<Double> millis = new ArrayList<>();
    List<String> command =
        List.of(root.resolve("bin/drbdadm").toString(), "--node", Cluster.ONE, "status");
    for (int i = -1; i < STATUS_RUNS; i++) {
      long start = System.nanoTime();
      children.run(cluster.nodes().environment(Cluster.ONE), command);
      if (i >= 0) {
        millis.add((System.nanoTime() - start) / NANOS_PER_MILLI);
      }
    }
    return new Report.Line(
        "`drbdadm status`, wall time of the process, ms, %d runs".formatted(STATUS_RUNS),
        Spread.of(millis).text());
  }

  /// kill -9 of the primary; how long until the other has answered a read and a durable write.
  private Report.Line failover() throws IOException {
    Cluster.Kind kind = Cluster.Kind.SYNC;
    long killed = System.nanoTime();
    cluster.nodes().kill(Cluster.ONE);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    int refusals = 0;
    while (cluster.nodes().drbdadm(Cluster.OTHER, out, "primary", kind.resource) != 0) {
      refusals++;
      if (System.nanoTime() - killed > FAILOVER_NANOS) {
        throw new IOException(
            "the other node does not take over:\n" + text.toString(StandardCharsets.UTF_8));
      }
      text.reset();
    }
    long promoted = System.nanoTime();
    try (NbdClient client =
        NbdClient.connect(
            UnixDomainSocketAddress.of(cluster.nodes().nbdSocket(Cluster.OTHER)),
            kind.resource,
            CLIENT_MILLIS)) {
      byte[] block = new byte[BLOCK_BYTES];
      client.pread(block, 0);
      client.pwriteDurably(block, 0);
    }
    return new Report.Line(
        "failover: kill -9 of the primary until the other node is Primary, and has answered a"
            + " read and a durable write",
        String.format(
            Locale.ROOT,
            "%.0f ms, %.0f ms (refused %d times before the loss was noticed)",
            (promoted - killed) / NANOS_PER_MILLI,
            (System.nanoTime() - killed) / NANOS_PER_MILLI,
            refusals));
  }
}
