package org.twincore.bench;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.NodePaths;
import org.twincore.admin.ResourceView;
import org.twincore.admin.ResourceView.VolumeView;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.drbdadm.Drbdadm;

/// Two nodes of this program on loopback, with files as disks and one resource for each [Kind].
final class Cluster {
  static final String ONE = "one";
  static final String OTHER = "other";

  private static final List<String> NODES = List.of(ONE, OTHER);
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(300);
  private static final long POLL_MILLIS = 10;

  private final Children children;
  private final Path folder;
  private final long sizeBytes;
  private final String nodeClassPath;
  private final Map<String, Process> processes = new HashMap<>();

  /// `nodeClassPath` is what the product runs with.
  Cluster(Children children, Path folder, long sizeBytes, String nodeClassPath) {
    this.children = children;
    this.folder = folder;
    this.sizeBytes = sizeBytes;
    this.nodeClassPath = nodeClassPath;
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

  Path disk(Kind kind, String node) {
    return folder.resolve(kind.resource + "-" + node + ".disk");
  }

  Path nbdSocket(String node) {
    return folder.resolve(node + ".nbd");
  }

  /// What the JVM of a node notes of its pauses.
  Path pauses(String node) {
    return folder.resolve(node + ".pauses");
  }

  private Path config() {
    return folder.resolve("drbd.conf");
  }

  private Path run() {
    return folder.resolve("run");
  }

  private Path settings() {
    return folder.resolve("twincore.conf");
  }

  /// What tools started by hand need.
  Map<String, String> environment(String node) {
    return Map.of("TWINCORE_RUN", run().toString(), "TWINCORE_NODE", node);
  }

  /// Disks, configuration, metadata, both nodes up and connected; nothing is synced yet.
  void start() throws IOException {
    Files.createDirectories(
        run(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    StringBuilder config = new StringBuilder();
    for (Kind kind : Kind.values()) {
      config.append(section(kind));
      for (String node : NODES) {
        DiskFiles.fill(disk(kind, node), sizeBytes);
      }
    }
    Files.writeString(config(), config);
    Files.writeString(
        settings(),
        """
        [node one]
        nbd-listen = unix:%s

        [node other]
        nbd-listen = unix:%s
        """
            .formatted(nbdSocket(ONE), nbdSocket(OTHER)));
    for (String node : NODES) {
      for (Kind kind : Kind.values()) {
        drbdadm(node, "--force", "create-md", kind.resource);
      }
      startNode(node);
      drbdadm(node, "up", "all");
    }
    for (Kind kind : Kind.values()) {
      await(ONE, kind, it -> it.connection().equals("Connected"));
    }
  }

  private String section(Kind kind) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("resource %s {\n  protocol %s;\n".formatted(kind.resource, kind.protocol));
    text.append("  disk { %s }\n  net { %s }\n".formatted(kind.diskOptions, kind.netOptions));
    List<Integer> ports = freePorts();
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

  private static List<Integer> freePorts() throws IOException {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    try (ServerSocket one = new ServerSocket(0, 1, loopback);
        ServerSocket other = new ServerSocket(0, 1, loopback)) {
      return List.of(one.getLocalPort(), other.getLocalPort());
    }
  }

  /// Starts a node as `twincore node` does and waits until it answers.
  void startNode(String node) throws IOException {
    Process process =
        children.start(
            node,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseZGC",
                "-XX:-UsePerfData",
                "-Xlog:safepoint,gc:file=" + pauses(node) + "::filecount=0",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                nodeClassPath,
                "org.twincore.daemon.Main",
                "--name",
                node,
                "--settings",
                settings().toString(),
                "--run",
                run().toString(),
                "--state",
                folder.resolve("state").toString()));
    processes.put(node, process);
    long until = System.nanoTime() + START_NANOS;
    while (!answers(node)) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException(node + " did not start:\n" + Files.readString(children.log(node)));
      }
      Pause.millis(POLL_MILLIS);
    }
  }

  private boolean answers(String node) {
    try {
      return ask(node, new AdminRequest.Hello()) instanceof AdminAnswer.Info;
    } catch (IOException notThere) {
      return false;
    }
  }

  Process process(String node) {
    Process process = processes.get(node);
    if (process == null) {
      throw new IllegalStateException(node + " was not started");
    }
    return process;
  }

  Target target(Kind kind) {
    return new Target(
        "twincore protocol " + kind.protocol,
        "replicated, buffered",
        Target.uri(kind.resource, nbdSocket(ONE)),
        List.of(disk(kind, ONE), disk(kind, OTHER)),
        List.of(process(ONE).pid(), process(OTHER).pid()));
  }

  /// Runs `drbdadm` in this process; fails if it does.
  void drbdadm(String node, String... words) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    if (tryDrbdadm(node, text, words) != 0) {
      throw new IOException(
          node
              + ": drbdadm "
              + String.join(" ", words)
              + " failed:\n"
              + text.toString(StandardCharsets.UTF_8));
    }
  }

  int tryDrbdadm(String node, ByteArrayOutputStream text, String... words) {
    List<String> all = new ArrayList<>(List.of("--node", node, "-c", config().toString()));
    all.addAll(List.of(words));
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.putAll(environment(node));
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);
    return Drbdadm.run(
        all.toArray(String[]::new), environment, new ByteArrayInputStream(new byte[0]), out, out);
  }

  /// Waits until the volume is as wished.
  VolumeView await(String node, Kind kind, Predicate<VolumeView> wish) throws IOException {
    long until = System.nanoTime() + WAIT_NANOS;
    while (true) {
      VolumeView volume = volume(node, kind);
      if (wish.test(volume)) {
        return volume;
      }
      if (System.nanoTime() > until) {
        throw new IOException(node + " stays as it is: " + volume);
      }
      Pause.millis(POLL_MILLIS);
    }
  }

  private VolumeView volume(String node, Kind kind) throws IOException {
    AdminAnswer answer = ask(node, new AdminRequest.Status(Optional.of(kind.resource)));
    if (answer instanceof AdminAnswer.Status(List<ResourceView> resources)
        && !resources.isEmpty()) {
      return resources.getFirst().volumes().getFirst();
    }
    throw new IOException(node + " says " + answer);
  }

  private AdminAnswer ask(String node, AdminRequest request) throws IOException {
    try (AdminClient client = AdminClient.connect(NodePaths.adminSocket(run(), node))) {
      return client.ask(request);
    }
  }
}
