package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `./build dist` makes can be unpacked or installed anywhere, and the tools run from there.
class DistTest {
  private static final Path ROOT = Path.of(System.getProperty("twincore.root"));

  @TempDir static Path shared;

  @TempDir Path folder;

  @BeforeAll
  static void makeDist() throws IOException, InterruptedException {
    Tool.require("tar", "tar");
    Tool.require("git", "git");
    Path jars = Installation.current(shared.resolve("jars")).folder();
    Tool.ok(ROOT.resolve("packaging/dist").toString(), jars.toString(), dist().toString());
  }

  private static Path dist() {
    return shared.resolve("dist");
  }

  private Path made(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(dist())) {
      return files.filter(file -> file.toString().endsWith(suffix)).findFirst().orElseThrow();
    }
  }

  /// The tools of an installation work: they read a configuration, and say that no node is there.
  private void toolsRunFrom(Path sbin, Path example) throws IOException, InterruptedException {
    String java = "JAVA_HOME=" + System.getProperty("java.home");
    String run = "TWINCORE_RUN=" + folder.resolve("run");
    Path config = folder.resolve("drbd.conf");
    Files.writeString(config, Files.readString(example).replace("192.168.1", "127.0.0"));
    String drbdadm = sbin.resolve("drbdadm").toString();
    Tool dump =
        Tool.run("env", java, run, drbdadm, "-c", config.toString(), "--node", "core-01", "dump");
    assertThat(dump.exitCode()).as(dump.toString()).isZero();
    assertThat(dump.output()).contains("resource r0 {").contains("on core-02 {");
    Tool status = Tool.run("env", java, run, sbin.resolve("drbdsetup").toString(), "status");
    assertThat(status.exitCode()).as(status.toString()).isEqualTo(20);
    assertThat(status.output()).contains("no node answers");
  }

  @Test
  void thePackageUnpacksIntoARootOfItsOwn() throws Exception {
    Tool.require("dpkg", "dpkg-deb");
    Path root = folder.resolve("root");
    Tool.ok("dpkg-deb", "-x", made(".deb").toString(), root.toString());
    toolsRunFrom(
        root.resolve("usr/sbin"), root.resolve("usr/share/doc/twincore/examples/drbd.conf"));
    assertThat(root.resolve("etc/init.d/drbd")).isExecutable();
    assertThat(root.resolve("usr/lib/twincore/bin/with-proc-drbd")).isExecutable();
    assertThat(root.resolve("lib/systemd/system/twincore.service")).isRegularFile();
    assertThat(Files.readString(root.resolve("etc/twincore.conf"))).contains("#status-style");
    assertThat(root.resolve("usr/share/bash-completion/completions/drbdadm")).isRegularFile();
    for (Path page : pages()) {
      String section = page.toString().substring(page.toString().length() - 1);
      assertThat(root.resolve("usr/share/man/man" + section + "/" + page.getFileName() + ".gz"))
          .isRegularFile();
    }
    assertThat(Tool.ok("dpkg-deb", "-f", made(".deb").toString()))
        .contains("Conflicts: drbd-utils")
        .contains("Provides: drbd-utils")
        .contains("Architecture: all");
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> pages = Files.list(ROOT.resolve("docs/man"))) {
      return pages.toList();
    }
  }

  @Test
  void dpkgInstallsAndPurgesIt() throws Exception {
    Root.require();
    Tool.require("dpkg", "dpkg");
    Path root = folder.resolve("root");
    Files.createDirectories(root.resolve("var/lib/dpkg/info"));
    Files.createDirectories(root.resolve("var/lib/dpkg/updates"));
    Files.createFile(root.resolve("var/lib/dpkg/status"));
    dpkg(root, "-i", made(".deb").toString());
    assertThat(
            Tool.ok(
                "dpkg-query",
                "--admindir",
                root + "/var/lib/dpkg",
                "-W",
                "-f=${db:Status-Status} ${Conffiles}",
                "twincore"))
        .startsWith("installed")
        .contains("/etc/twincore.conf")
        .contains("/etc/init.d/drbd");
    toolsRunFrom(
        root.resolve("usr/sbin"), root.resolve("usr/share/doc/twincore/examples/drbd.conf"));
    dpkg(root, "--purge", "twincore");
    assertThat(root.resolve("usr/lib/twincore")).doesNotExist();
    assertThat(root.resolve("etc/twincore.conf")).doesNotExist();
    assertThat(Path.of("/usr/lib/twincore")).doesNotExist();
  }

  private static void dpkg(Path root, String... words) throws IOException, InterruptedException {
    String[] command = new String[words.length + 5];
    command[0] = "env";
    command[1] = "JAVA_HOME=" + System.getProperty("java.home");
    command[2] = "dpkg";
    command[3] = "--root=" + root;
    command[4] = "--force-script-chrootless,depends";
    System.arraycopy(words, 0, command, 5, words.length);
    Tool.ok(command);
  }

  @Test
  void rpmInstallsAndErasesIt() throws Exception {
    Root.require();
    Tool.require("rpm", "rpm", "rpmbuild");
    String made = made(".rpm").toString();
    assertThat(Tool.ok("rpm", "-qp", "--requires", made)).contains("java-25-headless");
    assertThat(Tool.ok("rpm", "-qp", "--provides", "--conflicts", made))
        .contains("drbd-utils = 9.22.0");
    assertThat(Tool.ok("rpm", "-qp", "--scripts", made)).contains("train-tools", "drbd stop");
    assertThat(Tool.ok("rpm", "-qp", "--configfiles", made).strip())
        .isEqualTo("/etc/twincore.conf");
    Path root = folder.resolve("root");
    // Without scripts: there is no shell in that root.
    rpm(root, "--install", made);
    toolsRunFrom(
        root.resolve("usr/sbin"), root.resolve("usr/share/doc/twincore/examples/drbd.conf"));
    Path unit = root.resolve("usr/lib/systemd/system/twincore.service");
    assertThat(Files.readString(unit)).contains("ExecStop=/usr/lib/twincore/drbd stop");
    assertThat(root.resolve("usr/lib/twincore/drbd")).isExecutable();
    for (Path page : pages()) {
      String section = page.toString().substring(page.toString().length() - 1);
      assertThat(root.resolve("usr/share/man/man" + section + "/" + page.getFileName() + ".gz"))
          .isRegularFile();
    }
    rpm(root, "--erase", "twincore");
    assertThat(root.resolve("usr/lib/twincore")).doesNotExist();
  }

  private static void rpm(Path root, String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("rpm", "--root=" + root, "--noscripts"));
    command.addAll(List.of("--nodeps", "--force-debian"));
    command.addAll(List.of(words));
    Tool.ok(command.toArray(String[]::new));
  }

  @Test
  void theTarballRunsWhereItIsUnpacked() throws Exception {
    Tool.ok("tar", "-C", folder.toString(), "-xzf", made(".tar.gz").toString());
    try (Stream<Path> unpacked = Files.list(folder)) {
      Path root =
          unpacked
              .filter(one -> one.getFileName().toString().startsWith("twincore-"))
              .findFirst()
              .orElseThrow();
      toolsRunFrom(root.resolve("bin"), root.resolve("docs/examples/drbd.conf"));
      String java = "JAVA_HOME=" + System.getProperty("java.home");
      assertThat(Tool.run("env", java, root.resolve("twincore").toString(), "help").output())
          .contains("twincore node");
      Path cache = root.resolve("lib/tools.aot");
      Tool.ok(
          root.resolve("packaging/train-tools").toString(),
          System.getProperty("java.home"),
          root.resolve("lib") + "/*",
          cache.toString());
      assertThat(cache).isRegularFile();
      toolsRunFrom(root.resolve("bin"), root.resolve("docs/examples/drbd.conf"));
    }
  }

  @Test
  void theSameInputGivesTheSameBytes() throws Exception {
    Tool.require("rpm", "rpmbuild");
    byte[] tarball = Files.readAllBytes(made(".tar.gz"));
    byte[] rpm = Files.readAllBytes(made(".rpm"));
    Tool.ok(
        ROOT.resolve("packaging/dist").toString(),
        shared.resolve("jars").toString(),
        dist().toString());
    assertThat(Files.readAllBytes(made(".tar.gz"))).isEqualTo(tarball);
    assertThat(Files.readAllBytes(made(".rpm"))).isEqualTo(rpm);
  }

  @Test
  void bashCompletesWordsAndOptions() throws Exception {
    assertThat(completed("drbdadm", "st")).isEqualTo("status");
    assertThat(completed("drbdsetup", "events2", "--t")).isEqualTo("--timestamps");
    assertThat(completed("drbdmeta", "0", "v08", "/dev/null", "internal", "create"))
        .isEqualTo("create-md");
    assertThat(completed("twincore", "drbdadm", "pause")).isEqualTo("pause-sync");
    assertThat(completed("twincore", "de")).isEqualTo("demo");
  }

  private static String completed(String... words) throws IOException, InterruptedException {
    String script =
        """
        . %s/packaging/completion/twincore
        COMP_WORDS=(%s); COMP_CWORD=%d
        _twincore "${COMP_WORDS[0]}" x y
        echo "${COMPREPLY[*]}"
        """
            .formatted(ROOT, String.join(" ", words), words.length - 1);
    return Tool.ok("bash", "-c", script).strip();
  }
}
