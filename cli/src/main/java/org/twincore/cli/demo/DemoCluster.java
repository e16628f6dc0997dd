package org.twincore.cli.demo;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.NodePaths;
import org.twincore.admin.ResourceView;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.drbdadm.Drbdadm;

/// The two node processes of the demo and their files; everything lies in one folder.
final class DemoCluster {
  static final List<String> NODES = List.of("core-01", "core-02");

  private static final long START_MILLIS = 20_000;
  private static final int STOP_SECONDS = 12;

  private final Path folder;
  private final long sizeBytes;
  private final PrintStream out;
  private final Map<String, Process> processes = new HashMap<>();

  DemoCluster(Path folder, long sizeBytes, PrintStream out) {
    this.folder = folder;
    this.sizeBytes = sizeBytes;
    this.out = out;
  }

  Path folder() {
    return folder;
  }

  Path config() {
    return folder.resolve("drbd.conf");
  }

  Path disk(String node) {
    return folder.resolve(node + ".disk");
  }

  Path nbdSocket(String node) {
    return folder.resolve(node + ".nbd");
  }

  Path log(String node) {
    return folder.resolve(node + ".log");
  }

  Path settings() {
    return folder.resolve("twincore.conf");
  }

  Path run() {
    return folder.resolve("run");
  }

  /// Disks (sparse files), drbd.conf and settings.
  void prepare() throws IOException {
    Files.createDirectories(
        run(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (String node : NODES) {
      try (var file = new RandomAccessFile(disk(node).toFile(), "rw")) {
        file.setLength(sizeBytes);
      }
    }
    int[] ports = freePorts();
    Files.writeString(
        config(),
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
            .formatted(disk("core-01"), ports[0], disk("core-02"), ports[1]));
    Files.writeString(
        settings(),
        """
        [node core-01]
        nbd-listen = unix:%s

        [node core-02]
        nbd-listen = unix:%s
        """
            .formatted(nbdSocket("core-01"), nbdSocket("core-02")));
  }

  private static int[] freePorts() throws IOException {
    InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
    try (ServerSocket one = new ServerSocket(0, 1, loopback);
        ServerSocket other = new ServerSocket(0, 1, loopback)) {
      return new int[] {one.getLocalPort(), other.getLocalPort()};
    }
  }

  // ---- processes

  /// Starts a node and waits until its admin socket answers.
  void start(String node) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx384m",
            "-XX:+UseZGC",
            "-XX:-UsePerfData",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "org.twincore.daemon.Main",
            "--name",
            node,
            "--settings",
            settings().toString(),
            "--run",
            run().toString(),
            "--state",
            folder.resolve("state").toString());
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(node).toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    processes.put(node, process);
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(START_MILLIS);
    while (!answers(node)) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException(node + " did not start; its log:\n" + Files.readString(log(node)));
      }
      pause(50);
    }
  }

  private boolean answers(String node) {
    return ask(node, new AdminRequest.Hello()) instanceof AdminAnswer.Info;
  }

  long pid(String node) {
    return process(node).pid();
  }

  private Process process(String node) {
    Process process = processes.get(node);
    if (process == null) {
      throw new IllegalStateException(node + " was not started");
    }
    return process;
  }

  /// SIGKILL: no chance to say anything.
  void kill(String node) throws IOException {
    Process process = process(node);
    process.destroyForcibly();
    awaitEnd(process);
  }

  private static boolean awaitEnd(Process process) {
    try {
      return process.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// SIGTERM to all that run, SIGKILL to those that do not end in time.
  void stopAll() {
    processes.values().forEach(Process::destroy);
    for (Process process : processes.values()) {
      if (!awaitEnd(process)) {
        process.destroyForcibly();
        awaitEnd(process);
      }
    }
  }

  void removeFiles() throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(folder)) {
      tree.sorted(Comparator.reverseOrder()).forEach(all::add);
    }
    for (Path each : all) {
      Files.deleteIfExists(each);
    }
  }

  // ---- tools

  /// Runs `drbdadm` as an admin of that node would, showing the command; fails if it fails.
  void drbdadm(String node, String... words) throws IOException {
    out.println("  " + node + "$ drbdadm " + String.join(" ", words));
    int code = tryDrbdadm(node, out, words);
    if (code != 0) {
      throw new IOException("drbdadm " + String.join(" ", words) + " failed with " + code);
    }
  }

  /// The same without showing or failing.
  int tryDrbdadm(String node, PrintStream to, String... words) {
    List<String> all = new ArrayList<>(List.of("--node", node, "-c", config().toString()));
    all.addAll(List.of(words));
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put("TWINCORE_RUN", run().toString());
    environment.put("TWINCORE_NODE", node);
    return Drbdadm.run(
        all.toArray(String[]::new), environment, new ByteArrayInputStream(new byte[0]), to, to);
  }

  /// What a user needs to type the same commands as an admin of the node that is Primary now.
  String environmentHint() {
    String home = System.getenv().getOrDefault("TWINCORE_HOME", ".");
    return "export PATH=%1$s:%1$s/bin:$PATH TWINCORE_RUN=%2$s TWINCORE_NODE=%3$s"
        .formatted(home, run(), NODES.getLast());
  }

  private @Nullable AdminAnswer ask(String node, AdminRequest request) {
    try (AdminClient client = AdminClient.connect(NodePaths.adminSocket(run(), node))) {
      return client.ask(request);
    } catch (IOException notThere) {
      return null;
    }
  }

  /// The volume as a node sees it; null if it cannot say.
  ResourceView.@Nullable VolumeView volume(String node) {
    AdminAnswer answer = ask(node, new AdminRequest.Status(Optional.of("r0")));
    if (answer instanceof AdminAnswer.Status(List<ResourceView> resources)
        && !resources.isEmpty()
        && !resources.getFirst().volumes().isEmpty()) {
      return resources.getFirst().volumes().getFirst();
    }
    return null;
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
