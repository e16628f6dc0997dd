package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.twincore.host.net.FreePorts;

/// `service drbd start|status|stop` on two real nodes, in the styles of four versions.
class ServiceTest {
  private static final Path SCRIPT =
      Path.of(System.getProperty("twincore.root"), "packaging", "init.d", "drbd");
  private static final List<String> NODES = List.of("core-01", "core-02");
  private static final int DISK_BYTES = 8 << 20;

  @TempDir Path folder;

  @BeforeEach
  void twoHosts() throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("run"));
    List<Integer> ports = FreePorts.find(2);
    Files.writeString(
        folder.resolve("drbd.conf"),
        """
        resource r0 {
          protocol C;
          startup { wfc-timeout 3; degr-wfc-timeout 2; outdated-wfc-timeout 1; }
          net { ping-timeout 50; }
          on core-01 { device /dev/drbd0; disk FOLDER/core-01.img; address 127.0.0.1:PORT1; meta-disk internal; }
          on core-02 { device /dev/drbd0; disk FOLDER/core-02.img; address 127.0.0.1:PORT2; meta-disk internal; }
        }
        """
            .replace("FOLDER", folder.toString())
            .replace("PORT1", ports.get(0).toString())
            .replace("PORT2", ports.get(1).toString()));
    program("twincore", "shift; exec JAVA org.twincore.daemon.Main \"$@\"");
    program("drbdadm", "exec JAVA org.twincore.cli.Tools drbdadm -c FOLDER/drbd.conf \"$@\"");
    program("drbd-overview", "exec JAVA org.twincore.cli.Tools drbd-overview \"$@\"");
    for (String node : NODES) {
      Files.write(folder.resolve(node + ".img"), new byte[0]);
      try (var disk = new java.io.RandomAccessFile(folder.resolve(node + ".img").toFile(), "rw")) {
        disk.setLength(DISK_BYTES);
      }
      style(node, "8.4");
      tool(node, "create-md", "--force", "r0");
    }
  }

  @AfterEach
  void stopAll() throws IOException, InterruptedException {
    for (String node : NODES) {
      service(node, "stop");
    }
  }

  private void program(String name, String text) throws IOException {
    String java =
        Path.of(System.getProperty("java.home"), "bin", "java")
            + " -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
            + " --enable-native-access=ALL-UNNAMED -cp "
            + System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Path file = folder.resolve(name);
    Files.writeString(
        file,
        "#!/bin/sh\n" + text.replace("JAVA", java).replace("FOLDER", folder.toString()) + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void style(String node, String version) throws IOException {
    Files.writeString(folder.resolve(node + ".conf"), "status-style = " + version + "\n");
  }

  private Map<String, String> environment(String node) {
    Map<String, String> environment = new TreeMap<>();
    environment.put("TWINCORE_DEFAULTS", "/nonexistent");
    environment.put("TWINCORE", folder.resolve("twincore").toString());
    environment.put("DRBDADM", folder.resolve("drbdadm").toString());
    environment.put("TWINCORE_NODE", node);
    environment.put("TWINCORE_RUN", folder.resolve("run").toString());
    environment.put("TWINCORE_LOG", folder.resolve(node + ".log").toString());
    environment.put(
        "TWINCORE_OPTIONS",
        "--settings %s/%s.conf --state %s/state-%s".formatted(folder, node, folder, node));
    return environment;
  }

  private ProcessBuilder prepared(String node, Path output, String... command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment(node));
    builder.environment().remove("JDK_JAVA_OPTIONS"); // the JVM would say that it has read it
    return builder
        .redirectErrorStream(true)
        .redirectInput(new File("/dev/null"))
        .redirectOutput(output.toFile());
  }

  private Tool run(String node, String... command) throws IOException, InterruptedException {
    Path output = folder.resolve(node + ".out");
    Process process = prepared(node, output, command).start();
    assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
    return new Tool(List.of(command), process.exitValue(), Files.readString(output));
  }

  private Tool service(String node, String word) throws IOException, InterruptedException {
    return run(node, "/bin/sh", SCRIPT.toString(), word);
  }

  private String tool(String node, String... words) throws IOException, InterruptedException {
    String[] command = new String[words.length + 1];
    command[0] = folder.resolve("drbdadm").toString();
    System.arraycopy(words, 0, command, 1, words.length);
    Tool run = run(node, command);
    assertThat(run.exitCode()).as(run.toString()).isZero();
    return run.output();
  }

  /// Both at once: each waits for the other.
  private void startBoth() throws IOException, InterruptedException {
    Path output = folder.resolve("other.out");
    Process other = prepared("core-02", output, "/bin/sh", SCRIPT.toString(), "start").start();
    Tool mine = service("core-01", "start");
    assertThat(other.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(mine.exitCode()).as(mine.toString()).isZero();
    assertThat(other.exitValue()).as(Files.readString(output)).isZero();
    tool("core-01", "wait-connect", "r0", "--wfc-timeout=20");
  }

  @Test
  void bothNodesStartTellAndStop() throws Exception {
    style("core-01", "8.3");
    style("core-02", "0.7");
    startBoth();
    assertThat(status("core-01"))
        .matches(
            """
            drbd driver loaded OK; device status:
            version: 8\\.3\\.5 .*
            GIT-hash: .* build by twincore@core-01, .*
            m:res +cs +ro +ds +p +mounted +fstype
            0:r0 +Connected +Secondary/Secondary +Inconsistent/Inconsistent +C *
            """);
    assertThat(status("core-02"))
        .matches(
            """
            drbd driver loaded OK; device status:
            version: 0\\.7\\.23 .*
            SVN Revision: .* build by twincore@core-02, .*
             0: cs:Connected st:Secondary/Secondary ld:Inconsistent
                ns:0 nr:0 dw:0 dr:0 al:\\d+ bm:\\d+ lo:0 pe:0 ua:0 ap:0
            """);
    assertThat(run("core-01", folder.resolve("drbd-overview").toString()))
        .returns(0, Tool::exitCode)
        .returns(
            " 0:r0/0  Connected Secondary/Secondary Inconsistent/Inconsistent \n", Tool::output);
    assertThat(service("core-01", "stop").output()).isEqualTo("Stopping all DRBD resources: .\n");
    assertThat(service("core-01", "status"))
        .returns(3, Tool::exitCode)
        .returns("drbd not loaded\n", Tool::output);
    assertThat(status("core-02")).contains("cs:WFConnection");
  }

  /// Both are promoted at the same moment, each by its own start.
  @Test
  void becomePrimaryOnBothMakesBothPrimary() throws Exception {
    startBoth();
    tool("core-01", "primary", "--force", "r0");
    tool("core-01", "wait-sync", "r0", "--wfc-timeout=60");
    for (String node : NODES) {
      assertThat(service(node, "stop").exitCode()).isZero();
    }
    Path config = folder.resolve("drbd.conf");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("net {", "net { allow-two-primaries yes;")
            .replaceFirst("startup [{].*", "startup { wfc-timeout 60; become-primary-on both; }"));
    startBoth();
    for (String node : NODES) {
      assertThat(tool(node, "role", "r0")).isEqualTo("Primary/Primary\n");
      assertThat(tool(node, "dstate", "r0")).isEqualTo("UpToDate/UpToDate\n");
    }
  }

  /// Of the three timeouts two would outlast the test: that of a node whose peer was outdated
  /// counts also for one that was alone, that of a node that was alone only where it was Primary
  /// then.
  @Test
  @Tag("full")
  void howTheNodeStoppedSaysWhichTimeoutCounts() throws Exception {
    startup("wfc-timeout 600; degr-wfc-timeout 600; outdated-wfc-timeout 1;");
    Path config = folder.resolve("drbd.conf");
    String fenced = "disk { fencing resource-only; } handlers { fence-peer \"exit 4\"; } net {";
    Files.writeString(config, Files.readString(config).replace("net {", fenced));
    crashAlone("UpToDate/Outdated");
    assertThat(service("core-01", "start").output()).containsPattern(" 600 +600 +1  r0\n");
    assertThat(tool("core-01", "cstate", "r0")).isEqualTo("WFConnection\n");

    Files.writeString(
        config, Files.readString(config).replace("fencing resource-only", "fencing dont-care"));
    startup("wfc-timeout 600; degr-wfc-timeout 1; outdated-wfc-timeout 600;");
    crashAlone("UpToDate/DUnknown");
    assertThat(service("core-01", "start").output()).containsPattern(" 600 +1 +600  r0\n");
    assertThat(tool("core-01", "cstate", "r0")).isEqualTo("WFConnection\n");
  }

  private void startup(String options) throws IOException {
    Path config = folder.resolve("drbd.conf");
    Files.writeString(
        config,
        Files.readString(config).replaceFirst("startup [{].*", "startup { " + options + " }"));
  }

  /// Both nodes end at once: first the Secondary, and the Primary when it sees these disks.
  private void crashAlone(String disks) throws IOException, InterruptedException {
    startBoth();
    tool("core-01", "primary", "--force", "r0");
    tool("core-01", "wait-sync", "r0", "--wfc-timeout=60");
    kill("core-02");
    do {
      Thread.sleep(200);
    } while (!tool("core-01", "dstate", "r0").equals(disks + "\n"));
    kill("core-01");
  }

  private void kill(String node) throws IOException, InterruptedException {
    Path pid = folder.resolve("run").resolve(node + ".pid");
    ProcessHandle process =
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
    process.destroyForcibly();
    Path entry = Path.of("/proc", Long.toString(process.pid()), "stat");
    while (Files.exists(entry) && !Files.readString(entry).contains(") Z ")) {
      Thread.sleep(50);
    }
  }

  private String status(String node) throws IOException, InterruptedException {
    Tool status = service(node, "status");
    assertThat(status.exitCode()).as(status.toString()).isZero();
    return status.output();
  }

  @Test
  void aNodeWithoutItsPeerWaitsAsLongAsItIsToldAndThenGoesOn() throws Exception {
    long before = System.nanoTime();
    Tool start = service("core-01", "start");
    assertThat(start.exitCode()).as(start.toString()).isZero();
    assertThat(start.output())
        .startsWith("Starting DRBD resources: [\n     create res: r0\n")
        .containsPattern(" 3 +2 +1  r0\n")
        .contains("\rTo abort waiting enter 'yes' [   2]:");
    assertThat(System.nanoTime() - before).isGreaterThan(3_000_000_000L);
    assertThat(status("core-01")).contains("0:r0").contains("WFConnection");
  }

  @Test
  void debiansOwnScriptMakesTheSameTableOfOurProc() throws Exception {
    Tool.require("drbd-utils", "/lib/drbd/scripts/drbd");
    Tool.require("bsdextrautils", "column");
    startBoth();
    tool("core-01", "primary", "--force", "r0");
    tool("core-01", "wait-sync", "r0", "--wfc-timeout=60");
    Files.writeString(folder.resolve("proc"), tool("core-01", "proc"));
    String script =
        """
        drbdadm() { [ "$1" = -S ] || FOLDER/drbdadm "$@"; }
        source <(sed -n '/^drbd_pretty_status()/,/^}/p' /lib/drbd/scripts/drbd)
        drbd_pretty_status FOLDER/proc
        """
            .replace("FOLDER", folder.toString());
    Tool theirs = run("core-01", "/bin/bash", "-c", script);
    assertThat(status("core-01"))
        .isEqualTo("drbd driver loaded OK; device status:\n" + theirs.output())
        .contains("UpToDate/UpToDate");
  }
}
