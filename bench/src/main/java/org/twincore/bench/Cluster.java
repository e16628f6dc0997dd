package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.cli.local.LocalCluster;
import org.twincore.host.net.FreePorts;

/// Two nodes of this program on loopback, with files as disks and a resource for each [Kind] that
/// is wanted.
final class Cluster {
  static final String ONE = "one";
  static final String OTHER = "other";

  static final List<String> NODES = List.of(ONE, OTHER);
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(300);

  private final LocalCluster nodes;
  private final long sizeBytes;
  private final Access access;
  private final List<Kind> kinds;

  /// `root` is the checkout, built; `folder` is for this cluster alone.
  Cluster(Path root, Path folder, long sizeBytes, Access access, List<Kind> kinds) {
    this.nodes = new LocalCluster(root, folder, NODES);
    this.sizeBytes = sizeBytes;
    this.access = access;
    this.kinds = List.copyOf(kinds);
  }

  /// The resources: all settings at their defaults but for what is named here.
  enum Kind {
    SYNC("c", "C", "c-max-rate 4000M; c-fill-target 16M; resync-rate 1000M;", "max-buffers 16000;"),
    ASYNC("a", "A", "", "");

    final String resource;
    final String protocol;
    final String diskOptions;
    final String netOptions;

    Kind(String resource, String protocol, String diskOptions, String netOptions) {
      this.resource = resource;
      this.protocol = protocol;
      this.diskOptions = diskOptions;
      this.netOptions = netOptions;
    }
  }

  Access access() {
    return access;
  }

  List<Kind> kinds() {
    return kinds;
  }

  LocalCluster nodes() {
    return nodes;
  }

  Path disk(Kind kind, String node) {
    return nodes.folder().resolve(kind.resource + "-" + node + ".disk");
  }

  /// What the JVM of a node notes of its pauses.
  Path pauses(String node) {
    return nodes.folder().resolve(node + ".pauses");
  }

  /// Disks, configuration, metadata, both nodes up and connected; nothing is synced yet.
  void start() throws IOException {
    StringBuilder config = new StringBuilder();
    for (Kind kind : kinds) {
      config.append(section(kind));
      for (String node : NODES) {
        DiskFiles.fill(disk(kind, node), sizeBytes);
      }
    }
    nodes.configure(config.toString(), "disk-io = " + access.text);
    for (String node : NODES) {
      for (Kind kind : kinds) {
        drbdadm(node, "--force", "create-md", kind.resource);
      }
      startNode(node);
      drbdadm(node, "up", "all");
    }
    for (Kind kind : kinds) {
      await(ONE, kind, it -> it.connection().equals("Connected"));
    }
  }

  private String section(Kind kind) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("resource %s {\n  protocol %s;\n".formatted(kind.resource, kind.protocol));
    text.append("  disk { %s }\n  net { %s }\n".formatted(kind.diskOptions, kind.netOptions));
    List<Integer> ports = FreePorts.find(NODES.size());
    for (int i = 0; i < NODES.size(); i++) {
      text.append(
          """
            on %s {
              device    minor %d;
              disk      %s;
              address   127.0.0.1:%d;
              meta-disk internal;
            }
          """
              .formatted(NODES.get(i), kind.ordinal(), disk(kind, NODES.get(i)), ports.get(i)));
    }
    return text.append("}\n").toString();
  }

  /// Starts a node as `twincore node` does and waits until it answers.
  void startNode(String node) throws IOException {
    String log = "-Xlog:safepoint,gc:file=" + pauses(node) + "::filecount=0";
    nodes.start(node, Map.of("JDK_JAVA_OPTIONS", log));
  }

  Target target(Kind kind) {
    return new Target(
        "twincore protocol " + kind.protocol + (access == Access.DIRECT ? ", disk-io direct" : ""),
        "replicated",
        access,
        kind.resource,
        nodes.nbdSocket(ONE),
        List.of(disk(kind, ONE), disk(kind, OTHER)),
        List.of(nodes.pid(ONE), nodes.pid(OTHER)));
  }

  void drbdadm(String node, String... words) throws IOException {
    nodes.quietDrbdadm(node, words);
  }

  void await(String node, Kind kind, Predicate<VolumeView> wish) throws IOException {
    nodes.await(node, kind.resource, wish, WAIT_NANOS);
  }
}
