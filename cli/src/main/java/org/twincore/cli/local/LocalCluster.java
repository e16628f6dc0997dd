package org.twincore.cli.local;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
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

/// Nodes of one cluster on this machine, started as a user starts them (`twincore node`), with one
/// drbd.conf and all their files in one folder. Each serves NBD on a Unix socket.
public final class LocalCluster {
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final int STOP_SECONDS = 12;
  private static final long POLL_MILLIS = 20;

  private final Path home;
  private final Path folder;
  private final List<String> nodes;
  private final Map<String, Process> processes = new HashMap<>();

  /// `home` is where the program `twincore` lies; `folder` exists.
  public LocalCluster(Path home, Path folder, List<String> nodes) {
    this.home = home;
    this.folder = folder;
    this.nodes = List.copyOf(nodes);
  }

  public Path folder() {
    return folder;
  }

  public Path config() {
    return folder.resolve("drbd.conf");
  }

  public Path settings() {
    return folder.resolve("twincore.conf");
  }

  /// The folder of sockets and pid files.
  public Path run() {
    return folder.resolve("run");
  }

  public Path nbdSocket(String node) {
    return folder.resolve(node + ".nbd");
  }

  public Path log(String node) {
    return folder.resolve(node + ".log");
  }

  /// Writes drbd.conf and the settings.
  public void configure(String drbdConf) throws IOException {
    configure(drbdConf, "");
  }

  /// As above; `common` are settings of all nodes, a line each.
  public void configure(String drbdConf, String common) throws IOException {
    Files.createDirectories(
        run(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.writeString(config(), drbdConf);
    StringBuilder text = new StringBuilder(common).append('\n');
    for (String node : nodes) {
      text.append("[node %s]\nnbd-listen = unix:%s\n\n".formatted(node, nbdSocket(node)));
    }
    Files.writeString(settings(), text);
  }

  /// Starts a node, with these variables beside ours, and waits until its admin socket answers.
  public void start(String node, Map<String, String> variables) throws IOException {
    List<String> command =
        List.of(
            home.resolve("twincore").toString(),
            "node",
            "--name",
            node,
            "--settings",
            settings().toString(),
            "--run",
            run().toString(),
            "--state",
            folder.resolve("state").toString());
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log(node).toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder.environment().putAll(variables);
    Process process = builder.start();
    processes.put(node, process);
    long until = System.nanoTime() + START_NANOS;
    while (ask(node, new AdminRequest.Hello()).isEmpty()) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException(node + " did not start; its log:\n" + Files.readString(log(node)));
      }
      pause(POLL_MILLIS);
    }
  }

  public long pid(String node) {
    return process(node).pid();
  }

  /// SIGKILL: no chance to say anything. The process is gone on return.
  public void kill(String node) {
    Process process = process(node);
    process.destroyForcibly();
    awaitEnd(process);
  }

  /// SIGTERM to all that run, SIGKILL to those that do not end in time.
  public void stopAll() {
    processes.values().forEach(Process::destroy);
    for (Process process : processes.values()) {
      if (!awaitEnd(process)) {
        process.destroyForcibly();
        awaitEnd(process);
      }
    }
  }

  private Process process(String node) {
    Process process = processes.get(node);
    if (process == null) {
      throw new IllegalStateException(node + " was not started");
    }
    return process;
  }

  private static boolean awaitEnd(Process process) {
    try {
      return process.waitFor(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// What the tools need to find a node of this cluster.
  public Map<String, String> environment(String node) {
    return Map.of("TWINCORE_RUN", run().toString(), "TWINCORE_NODE", node);
  }

  /// Runs `drbdadm` in this process as an admin of that node would; returns its exit code.
  public int drbdadm(String node, PrintStream out, String... words) {
    List<String> all = new ArrayList<>(List.of("--node", node, "-c", config().toString()));
    all.addAll(List.of(words));
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.putAll(environment(node));
    return Drbdadm.run(
        all.toArray(String[]::new), environment, new ByteArrayInputStream(new byte[0]), out, out);
  }

  /// As [#drbdadm], in silence; fails with what it said if it fails.
  public void quietDrbdadm(String node, String... words) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    if (drbdadm(node, new PrintStream(text, true, StandardCharsets.UTF_8), words) != 0) {
      throw new IOException(
          "%s: drbdadm %s failed:\n%s"
              .formatted(node, String.join(" ", words), text.toString(StandardCharsets.UTF_8)));
    }
  }

  /// Waits until the first volume of the resource is as wished; fails when that takes too long.
  public void await(String node, String resource, Predicate<VolumeView> wish, long timeoutNanos)
      throws IOException {
    long until = System.nanoTime() + timeoutNanos;
    while (true) {
      Optional<VolumeView> volume = volume(node, resource);
      if (volume.filter(wish).isPresent()) {
        return;
      }
      if (System.nanoTime() > until) {
        throw new IOException(
            node
                + ", "
                + resource
                + ", waited for in vain: "
                + volume.map(Object::toString).orElse("no answer"));
      }
      pause(POLL_MILLIS);
    }
  }

  /// The first volume of a resource as a node sees it; empty if the node does not say.
  public Optional<VolumeView> volume(String node, String resource) {
    if (ask(node, new AdminRequest.Status(Optional.of(resource))).orElse(null)
            instanceof AdminAnswer.Status(List<ResourceView> resources)
        && !resources.isEmpty()) {
      return resources.getFirst().volumes().stream().findFirst();
    }
    return Optional.empty();
  }

  private Optional<AdminAnswer> ask(String node, AdminRequest request) {
    try (AdminClient client = AdminClient.connect(NodePaths.adminSocket(run(), node))) {
      return Optional.of(client.ask(request));
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  /// Between two looks at something.
  public static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
