package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `packaging/init.d/drbd` with stand-ins for the tools and for the node: what it calls in which
/// order, its exit codes, and that it stops no process but the node's own.
class InitScriptTest {
  private static final Path SCRIPT =
      Path.of(System.getProperty("twincore.root"), "packaging", "init.d", "drbd");

  /// Writes down its arguments; `FOLDER/COMMAND.exit` holds what COMMAND exits with.
  private static final String TOOL =
      """
      #!/bin/sh
      echo "TOOL $*" >>FOLDER/calls
      case $1 in
        sh-dev) echo /dev/drbd0 ;;
        adjust-with-progress)
          case $2 in
            --minors) printf '[ d0 d1 s0 s1 n0 n1 ]' ;;
            *) printf '[\\n     create res: r0\\n   prepare disk: r0\\n]' ;;
          esac ;;
        proc) [ -e FOLDER/run/core-01.sock ] || exit 20
              if [ "$2" = --service ]; then echo "drbd driver loaded OK; device status:"; fi ;;
      esac
      [ -e FOLDER/$1.exit ] && exit "$(cat FOLDER/$1.exit)"
      exit 0
      """;

  /// A node: a socket, until SIGTERM; with FOLDER/deaf it needs two of them.
  private static final String NODE =
      """
      #!/bin/sh
      echo "node $*" >>FOLDER/calls
      [ -e FOLDER/dies ] && exit 3
      exec perl -MSocket -e '
        my ($run, $deaf) = @ARGV;
        my $count = 0;
        $SIG{TERM} = sub {
          return if ++$count == 1 && -e $deaf;
          unlink "$run/core-01.sock", "$run/core-01.pid";
          exit 0;
        };
        socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die;
        bind($s, pack_sockaddr_un("$run/core-01.sock")) or die "$!";
        listen($s, 5);
        open(my $f, ">", "$run/core-01.pid"); print $f "$$\\n"; close $f;
        sleep 1 for 1..60;
      ' FOLDER/run FOLDER/deaf
      """;

  @TempDir Path folder;

  private record Run(int exit, String out, String err) {}

  @BeforeEach
  void standIns() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/perl")), "needs perl");
    Files.createDirectories(folder.resolve("run"));
    program("drbdadm", TOOL.replace("TOOL", "drbdadm"));
    program("twincore", NODE);
    Files.writeString(folder.resolve("mounts"), "proc /proc proc rw 0 0\n");
  }

  @AfterEach
  void endTheNode() throws IOException {
    Path pid = folder.resolve("run/core-01.pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private void program(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, text.replace("FOLDER", folder.toString()));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Run run(String... words) throws IOException, InterruptedException {
    return run(Map.of(), words);
  }

  private Run run(Map<String, String> more, String... words)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", SCRIPT.toString());
    builder.command().addAll(List.of(words));
    builder.environment().clear();
    builder
        .environment()
        .putAll(
            Map.of(
                "TWINCORE_DEFAULTS", "/nonexistent",
                "TWINCORE", folder.resolve("twincore").toString(),
                "DRBDADM", folder.resolve("drbdadm").toString(),
                "TWINCORE_NODE", "core-01",
                "TWINCORE_RUN", folder.resolve("run").toString(),
                "TWINCORE_LOG", folder.resolve("log").toString(),
                "MOUNTS", folder.resolve("mounts").toString(),
                "STOP_SECONDS", "1"));
    builder.environment().putAll(more);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private void exits(String command, int code) throws IOException {
    Files.writeString(folder.resolve(command + ".exit"), code + "\n");
  }

  /// What was called since the last look, without the questions whether the node answers.
  private List<String> calls() throws IOException {
    Path calls = folder.resolve("calls");
    List<String> lines =
        Files.readAllLines(calls).stream().filter(line -> !line.equals("drbdadm proc")).toList();
    Files.delete(calls);
    return lines;
  }

  @Test
  void startsTheNodeAdjustsWaitsAndPromotes() throws Exception {
    Run run = run("start");
    assertThat(run)
        .isEqualTo(
            new Run(
                0,
                "Starting DRBD resources: [\n     create res: r0\n   prepare disk: r0\n].\n",
                ""));
    assertThat(calls())
        .containsExactly(
            "drbdadm sh-nop",
            "node node",
            "drbdadm adjust-with-progress all",
            "drbdadm wait-con-int",
            "drbdadm sh-b-pri all");
    assertThat(run("start").exit()).isZero();
    assertThat(calls()).doesNotContain("node node");
  }

  /// The line of the chapter, and 8.4's own wherever nobody asks for it.
  @Test
  void theStyleOfOldIsOneLine() throws Exception {
    for (String style : List.of("0.7", "8.0", "8.1", "8.2")) {
      Run run = run(Map.of("START_STYLE", style), "start");
      assertThat(run)
          .as(style)
          .isEqualTo(new Run(0, "Starting DRBD resources: [ d0 d1 s0 s1 n0 n1 ].\n", ""));
      assertThat(calls()).contains("drbdadm adjust-with-progress --minors all");
    }
    for (String style : List.of("8.3", "8.4", "9.0")) {
      run(Map.of("START_STYLE", style), "start");
      assertThat(calls()).as(style).contains("drbdadm adjust-with-progress all");
    }
  }

  @Test
  void statusIsTheNodesOwnTextOrThree() throws Exception {
    assertThat(run("status")).isEqualTo(new Run(3, "", "drbd not loaded\n"));
    run("start");
    assertThat(run("status")).isEqualTo(new Run(0, "drbd driver loaded OK; device status:\n", ""));
  }

  @Test
  void stopBringsResourcesDownAndEndsTheNode() throws Exception {
    run("start");
    long node = node();
    calls();
    assertThat(run("stop")).isEqualTo(new Run(0, "Stopping all DRBD resources: .\n", ""));
    assertThat(calls()).containsExactly("drbdadm sh-dev all", "drbdadm down all");
    assertThat(runs(node)).isFalse();
    assertThat(run("stop").exit()).isZero();
    assertThat(run("status").exit()).isEqualTo(3);
  }

  private long node() throws IOException {
    return Long.parseLong(Files.readString(folder.resolve("run/core-01.pid")).strip());
  }

  /// Whether a process does anything; where nobody reaps orphans, an ended one keeps its entry.
  private static boolean runs(long pid) throws IOException {
    Path stat = Path.of("/proc", Long.toString(pid), "stat");
    return Files.exists(stat) && !Files.readString(stat).contains(") Z ");
  }

  @Test
  void aDeviceInUseKeepsTheNode() throws Exception {
    run("start");
    exits("down", 11);
    Run run = run("stop");
    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).contains("Retrying once").contains("in use");
    assertThat(runs(node())).isTrue();
    assertThat(calls().stream().filter("drbdadm down all"::equals)).hasSize(2);
  }

  @Test
  void anUnusableConfigurationDoesNotKeepTheNode() throws Exception {
    run("start");
    long node = node();
    exits("down", 10);
    assertThat(run("stop").exit()).isZero();
    assertThat(runs(node)).isFalse();
  }

  @Test
  void aNodeThatDoesNotEndGetsASecondSignal() throws Exception {
    Files.createFile(folder.resolve("deaf"));
    run("start");
    long node = node();
    Run run = run("stop");
    assertThat(run.exit()).isZero();
    assertThat(run.err()).contains("at once");
    assertThat(runs(node)).isFalse();
  }

  @Test
  void anotherProcessWithTheSamePidIsLeftAlone() throws Exception {
    Process other = new ProcessBuilder("/bin/sleep", "30").start();
    try {
      Files.writeString(folder.resolve("run/core-01.birth"), other.pid() + " 1\n");
      Files.writeString(folder.resolve("run/core-01.pid"), other.pid() + "\n");
      assertThat(run("stop").exit()).isZero();
      assertThat(other.isAlive()).isTrue();
    } finally {
      other.destroy();
    }
    Files.delete(folder.resolve("run/core-01.pid"));
  }

  @Test
  void restartIsANewNode() throws Exception {
    run("start");
    long before = node();
    assertThat(run("restart").exit()).isZero();
    assertThat(node()).isNotEqualTo(before);
  }

  @Test
  void startSaysWhyItDidNotStart() throws Exception {
    exits("sh-nop", 10);
    assertThat(run("start").exit()).isEqualTo(6);
    Files.delete(folder.resolve("sh-nop.exit"));
    Files.createFile(folder.resolve("dies"));
    Run dead = run("start");
    assertThat(dead.exit()).isEqualTo(1);
    assertThat(dead.err()).contains("did not start");
    Files.delete(folder.resolve("dies"));
    exits("adjust-with-progress", 10);
    assertThat(run("start").exit()).isEqualTo(20);
    assertThat(run(Map.of("DRBDADM", "/nonexistent/drbdadm"), "start").exit()).isEqualTo(5);
  }

  @Test
  void aPeerThatDoesNotComeIsNoFailure() throws Exception {
    exits("wait-con-int", 5);
    assertThat(run("start").exit()).isZero();
  }

  @Test
  void reloadAdjustsAndUnknownWordsAreUsage() throws Exception {
    assertThat(run("reload").exit()).isZero();
    assertThat(calls()).containsExactly("drbdadm sh-nop", "drbdadm adjust all");
    assertThat(run("dance").exit()).isEqualTo(1);
    assertThat(run().out()).startsWith("Usage: ");
  }
}
