package org.twincore.it;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.NodePaths;
import org.twincore.admin.ResourceView;
import org.twincore.cli.client.AdminClient;
import org.twincore.cli.drbdadm.Drbdadm;
import org.twincore.cli.drbdsetup.Drbdsetup;
import org.twincore.daemon.Main;
import org.twincore.host.nbd.NbdClient;

/// A `twincore node` of a test: a process of its own in a folder of its own, driven by drbdadm.
final class NodeProcess implements AutoCloseable {
  private static final long WAIT_SECONDS = 90L * Patience.FACTOR;

  private final String name;
  private final Path folder;
  private final Path config;
  private String moreAddresses = "";
  private String moreSettings = "";
  private String protocolMax = "";
  private List<String> before = List.of();
  private String classPath = JavaProcess.ownClassPath();
  private Path log;
  private int logFrom;
  private @Nullable JavaProcess process;

  /// The node `name` of the resource `r0` in `config`; not started yet.
  NodeProcess(String name, Path folder, Path config) throws IOException {
    this.name = name;
    this.folder = Files.createDirectories(folder);
    this.config = config;
    this.log = folder.resolve("log");
  }

  /// Writes its log there.
  void logTo(Path file) {
    log = file;
  }

  /// Serves NBD on that loopback port too.
  void listenOnPort(int port) {
    moreAddresses = ", 127.0.0.1:" + port;
  }

  /// These lines stand in its settings file too, from its next start on.
  void settings(String lines) {
    moreSettings = lines;
  }

  /// Speaks protocol versions up to that, from the next start on.
  void speaksUpTo(int version) {
    protocolMax = "protocol-max = " + version + "\n";
  }

  /// Is started by that program from now on.
  void startBehind(String... program) {
    before = List.of(program);
  }

  /// Runs the version that is installed there, from its next start on.
  void runs(Installation installed) {
    classPath = installed.classPath();
  }

  Path nbdSocket() {
    return folder.resolve("nbd");
  }

  Path log() {
    return log;
  }

  void start() throws IOException {
    Files.writeString(
        folder.resolve("twincore.conf"),
        "nbd-listen = unix:%s%s\nlog-file = %s\n%s"
            .formatted(nbdSocket(), moreAddresses, log(), protocolMax + moreSettings));
    process =
        JavaProcess.start(
            before,
            classPath,
            Main.class.getName(),
            List.of(
                "--name",
                name,
                "--settings",
                folder.resolve("twincore.conf").toString(),
                "--run",
                folder.toString(),
                "--state",
                folder.resolve("state").toString()));
    await("its admin socket", this::isAnswering);
  }

  /// SIGKILL.
  void kill() {
    JavaProcess running = process;
    process = null;
    if (running == null) {
      return;
    }
    try {
      running.kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// SIGTERM, and the exit code it ends with.
  int terminate() throws InterruptedException {
    int exitCode = Objects.requireNonNull(process).terminate();
    process = null;
    return exitCode;
  }

  /// SIGSTOP or SIGCONT: as a machine that hangs, and no longer does.
  void signal(String name) throws IOException, InterruptedException {
    Tool.ok("kill", "-" + name, Long.toString(pid()));
  }

  long pid() {
    return Objects.requireNonNull(process).pid();
  }

  @Override
  public void close() {
    kill();
  }

  /// Runs drbdadm on this node; its output, or a failure with it.
  String drbdadm(String... words) throws IOException {
    List<String> all = new ArrayList<>(List.of("--node", name, "-c", patientConfig().toString()));
    all.addAll(List.of(words));
    Map<String, String> environment = new HashMap<>();
    environment.put("TWINCORE_RUN", folder.toString());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int code =
        Drbdadm.run(
            all.toArray(String[]::new),
            environment,
            new ByteArrayInputStream(new byte[0]),
            out,
            out);
    String text = bytes.toString(StandardCharsets.UTF_8);
    if (code != 0) {
      throw new AssertionError(
          "drbdadm " + String.join(" ", words) + ": exit code " + code + "\n" + text + tail());
    }
    return text;
  }

  /// The configuration for a machine that is slow, or has a slow peer: a command may take its time.
  private Path patientConfig() throws IOException {
    String text = Files.readString(config);
    return text.contains("global")
        ? config
        : Files.writeString(
            folder.resolve("patient.conf"), "global { cmd-timeout-short 60; } " + text);
  }

  /// Runs drbdsetup on this node, as above.
  String drbdsetup(String... words) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    Map<String, String> environment =
        Map.of("TWINCORE_RUN", folder.toString(), "TWINCORE_NODE", name);
    int code = Drbdsetup.run(words, environment, out, out);
    String text = bytes.toString(StandardCharsets.UTF_8);
    if (code != 0) {
      throw new AssertionError(
          "drbdsetup " + String.join(" ", words) + ": exit code " + code + "\n" + text + tail());
    }
    return text;
  }

  /// Runs another version's drbdadm on this node, whatever it ends with.
  Tool drbdadmOf(Installation tools, String... words) throws IOException, InterruptedException {
    return tools.drbdadm(name, folder, config, words);
  }

  /// The end of its log.
  String tail() throws IOException {
    if (!Files.exists(log())) {
      return "";
    }
    List<String> lines = Files.readAllLines(log());
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 25), lines.size()));
  }

  /// The volume as the node sees it; empty if it does not answer.
  Optional<ResourceView.VolumeView> volume() {
    AdminAnswer answer = ask(new AdminRequest.Status(Optional.of("r0")));
    return answer instanceof AdminAnswer.Status(List<ResourceView> resources)
            && !resources.isEmpty()
            && !resources.getFirst().volumes().isEmpty()
        ? Optional.of(resources.getFirst().volumes().getFirst())
        : Optional.empty();
  }

  /// What the log holds now is not looked at by [#awaitLog] any more.
  void ignoreLogSoFar() throws IOException {
    logFrom = Files.readString(log()).length();
  }

  /// What it has logged since [#ignoreLogSoFar].
  String newLog() throws IOException {
    return Files.readString(log()).substring(logFrom);
  }

  /// Waits until its log holds that text.
  void awaitLog(String text) throws IOException {
    await(
        "'" + text + "' in its log",
        () -> Files.readString(log()).substring(logFrom).contains(text));
  }

  /// Waits until its log holds that text, or the other node's log that other text: who refuses
  /// first closes the connection, and what it said may be lost with that.
  void awaitLog(String text, NodeProcess other, String itsText) throws IOException {
    await(
        "'" + text + "' in its log, or '" + itsText + "' in the other's",
        () -> newLog().contains(text) || other.newLog().contains(itsText));
  }

  /// Whether its admin socket answers.
  boolean isAnswering() {
    return ask(new AdminRequest.Hello()) instanceof AdminAnswer.Info;
  }

  /// All resources as the node sees them; none if it does not answer.
  List<ResourceView> resources() {
    return ask(new AdminRequest.Status(Optional.empty()))
            instanceof AdminAnswer.Status(List<ResourceView> resources)
        ? resources
        : List.of();
  }

  /// Waits until every volume of every resource is as asked.
  void awaitAll(int volumes, String what, Predicate<ResourceView.VolumeView> condition)
      throws IOException {
    await(
        what,
        () ->
            resources().stream().flatMap(it -> it.volumes().stream()).filter(condition).count()
                == volumes);
  }

  private @Nullable AdminAnswer ask(AdminRequest request) {
    try (AdminClient client = AdminClient.connect(NodePaths.adminSocket(folder, name))) {
      return client.ask(request);
    } catch (IOException notThere) {
      return null;
    }
  }

  /// Waits for a state such as `Connected UpToDate/UpToDate`.
  void awaitState(String connection, String disks) throws IOException {
    awaitVolume(
        connection + " " + disks,
        it ->
            it.connection().equals(connection) && (it.disk() + "/" + it.peerDisk()).equals(disks));
  }

  void awaitVolume(String what, Predicate<ResourceView.VolumeView> condition) throws IOException {
    await(what, () -> volume().filter(condition).isPresent());
  }

  /// A question that is asked until it is true.
  @FunctionalInterface
  interface Condition {
    boolean holds() throws IOException;
  }

  private void await(String what, Condition condition) throws IOException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
    while (!condition.holds()) {
      if (System.nanoTime() > until) {
        throw new AssertionError(
            name + " waited in vain for " + what + "; it is " + volume() + "\n" + tail());
      }
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  NbdAddress nbdAddress() {
    return NbdAddress.unix(nbdSocket());
  }

  /// A client of the export `r0`.
  NbdClient nbd() throws IOException {
    return NbdClient.connect(UnixDomainSocketAddress.of(nbdSocket()), "r0", 10_000);
  }
}
