package org.twincore.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.host.nbd.NbdAddress;
import org.twincore.host.nbd.NbdClient;

/// `twincore node` as a process: signals, exit codes, files.
@Tag("slow")
@Timeout(60)
class NodeProcessTest {
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() {
    processes.forEach(Process::destroyForcibly);
  }

  private Process start(String... words) throws IOException {
    return startBehind(List.of(), words);
  }

  private Process startBehind(List<String> before, String... words) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "org.twincore.daemon.Main"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).redirectError(folder.resolve("log").toFile()).start();
    processes.add(process);
    return process;
  }

  private Process node(String... more) throws IOException {
    return nodeBehind(List.of(), more);
  }

  private Process nodeBehind(List<String> before, String... more) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of("--name", "a", "--run", folder + "/run", "--state", folder + "/state"));
    words.addAll(List.of(more));
    return startBehind(before, words.toArray(new String[0]));
  }

  private AdminTestClient client(Process process) throws Exception {
    Path socket = folder.resolve("run/a.sock");
    long end = System.nanoTime() + START_NANOS;
    while (!Files.exists(socket) && process.isAlive() && System.nanoTime() < end) {
      process.waitFor(20, TimeUnit.MILLISECONDS);
    }
    assertThat(socket).as(log()).exists();
    return AdminTestClient.connect(socket);
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  @Test
  void endsInOrderAtSigterm() throws Exception {
    Process process = node();
    try (AdminTestClient client = client(process)) {
      AdminAnswer.Info info = (AdminAnswer.Info) client.ask(new AdminRequest.Hello());
      assertThat(info.pid()).isEqualTo(process.pid());
      assertThat(folder.resolve("run/a.pid")).hasContent(Long.toString(process.pid()));
      process.destroy();

      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(process.exitValue()).as(log()).isZero();
    assertThat(folder.resolve("run/a.sock")).doesNotExist();
    assertThat(folder.resolve("run/a.pid")).doesNotExist();
    assertThat(log()).contains("stopping: SIGTERM").contains("node=a stopped");
  }

  /// A write that hangs in suspended I/O keeps the orderly end waiting; the second signal does not
  /// wait.
  @Test
  void endsAtOnceAtTheSecondSignal() throws Exception {
    Path settings =
        Files.writeString(
            folder.resolve("s.conf"), "nbd-listen = unix:" + folder.resolve("nbd") + "\n");
    Process process = node("--settings", settings.toString());
    try (AdminTestClient client = client(process)) {
      String disk = TestDisk.make(folder.resolve("disk"), 1 << 20).toString();
      client.ask(new AdminRequest.NewResource("r0", Map.of(), Map.of()));
      client.ask(new AdminRequest.NewMinor("r0", 0, 0));
      client.ask(new AdminRequest.Attach(0, disk, disk, "internal", Map.of()));
      assertThat(client.ask(new AdminRequest.Primary(0, true)))
          .isEqualTo(new AdminAnswer.Result(AdminAnswer.Kind.STATE, 1, "Success"));
      try (NbdClient nbd =
          NbdClient.connect(NbdAddress.parse("unix:" + folder.resolve("nbd")), "r0", 5000)) {
        client.ask(new AdminRequest.Change(AdminRequest.VolumeVerb.SUSPEND_IO, 0));
        nbd.pwriteAsync(new byte[4096], 0, 4096, 0, false, _ -> {});
        process.destroy();
        assertThat(process.waitFor(1, TimeUnit.SECONDS)).as(log()).isFalse();
        process.destroy();
        assertThat(process.waitFor(5, TimeUnit.SECONDS)).isTrue();
        nbd.abort();
      }
    }
    assertThat(process.exitValue()).as(log()).isEqualTo(143);
  }

  /// SIGHUP runs the adjust command, tells it which node to adjust, and logs what it says.
  @Test
  void adjustsAtSighup() throws Exception {
    assertAdjusts(List.of());
  }

  /// nohup has SIGHUP ignored, and so does all that runs below it.
  @Test
  void adjustsAtSighupBelowNohupToo() throws Exception {
    assertAdjusts(List.of("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"));
  }

  private void assertAdjusts(List<String> before) throws Exception {
    Path script =
        Files.writeString(
            folder.resolve("adjust"), "echo node $TWINCORE_NODE at $TWINCORE_RUN; exit 10\n");
    Path settings =
        Files.writeString(folder.resolve("s.conf"), "adjust-command = sh " + script + "\n");
    Process process = nodeBehind(before, "--settings", settings.toString());
    try (AdminTestClient client = client(process)) {
      client.ask(new AdminRequest.Hello());
      new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start().waitFor();
      long end = System.nanoTime() + START_NANOS;
      while (!log().contains("exit=") && process.isAlive() && System.nanoTime() < end) {
        process.waitFor(20, TimeUnit.MILLISECONDS);
      }
      assertThat(log())
          .contains("says: node a at " + folder.resolve("run"))
          .contains("WARN adjust node=a exit=10");
      assertThat(client.ask(new AdminRequest.Hello())).isInstanceOf(AdminAnswer.Info.class);
    }
  }

  @Test
  void endsWhenAskedToAtTheAdminSocket() throws Exception {
    Process process = node();
    try (AdminTestClient client = client(process)) {
      assertThat(client.ask(new AdminRequest.Shutdown())).isEqualTo(AdminAnswer.Result.DONE);
    }
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  /// Who started it by hand does not look into the log file first.
  @Test
  void saysWhyItDoesNotStartBesideItsLogFileToo() throws Exception {
    client(node()).close();
    Path settings =
        Files.writeString(
            folder.resolve("s.conf"), "log-file = " + folder.resolve("log-file") + "\n");
    Process second = node("--settings", settings.toString());
    assertThat(second.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(second.exitValue()).isEqualTo(1);
    assertThat(log()).contains("not started: node a runs already");
    assertThat(folder.resolve("log-file")).content().contains("node a runs already");
  }

  @Test
  void saysWhatIsWrongWithItsWordsAndSettings() throws Exception {
    Path settings = Files.writeString(folder.resolve("s.conf"), "\nnonsense\n");
    Process process = start("--name", "a", "--settings", settings.toString());
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(log()).contains("s.conf:2:1: 'key = value' expected");
    assertThat(saidOf("--settings", folder.resolve("none.conf").toString()))
        .contains("none.conf: no such file");
    Files.write(settings, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThat(saidOf("--settings", settings.toString())).contains("expected text in UTF-8");
    Files.writeString(settings, "log-file = " + folder.resolve("no/such/log") + "\n");
    assertThat(saidOf("--settings", settings.toString())).contains("no/such/log cannot be written");

    Process wrong = start("--colour", "red");
    assertThat(wrong.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(wrong.exitValue()).isEqualTo(1);
    assertThat(log()).contains("unknown option '--colour'").contains("usage:");
  }

  /// What a node said that did not start.
  private String saidOf(String... words) throws Exception {
    Process process = start(words);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    return log();
  }
}
