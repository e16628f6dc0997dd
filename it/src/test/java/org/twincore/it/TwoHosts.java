package org.twincore.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/// Two hosts of our own on this machine, node1 and node2.differentialdesign.org at 10.0.0.1 and
/// 10.0.0.2 (`src/test/lab/hosts`), with Twincore installed in both instead of Debian's DRBD tools.
///
/// Words are given to a shell of a host as a user would type them there.
final class TwoHosts implements AutoCloseable {
  private static final Path ROOT = Path.of(System.getProperty("twincore.root"));
  private static final Path SCRIPT = ROOT.resolve("it/src/test/lab/hosts");
  private static final long LIMIT_SECONDS = 120;

  private final Path state;

  /// What a command of a host printed, and how it ended.
  record Said(String command, int exitCode, String text) {
    @Override
    public String toString() {
      return command + "\nexit code " + exitCode + "\n" + text;
    }
  }

  private TwoHosts(Path state) {
    this.state = state;
  }

  /// Boots both, with `folder` for their files. The calling test is skipped, aloud, where hosts
  /// cannot be made.
  static TwoHosts boot(Path folder) throws IOException, InterruptedException {
    Root.requireBlockDevices();
    Tool.require("iproute2", "ip");
    Tool.require("fdisk", "sfdisk");
    Tool.require("util-linux", "unshare", "nsenter", "setpriv", "losetup");
    TwoHosts hosts = new TwoHosts(folder);
    try {
      hosts.script("up");
      hosts.install();
    } catch (IOException | InterruptedException | AssertionError failed) {
      hosts.close();
      throw failed;
    }
    return hosts;
  }

  /// A partitioned disk /dev/hdd1 in each host; a volatile one loses unflushed writes with its
  /// host.
  void disks(String kind, int sizeMib) throws IOException, InterruptedException {
    for (int host = 1; host <= 2; host++) {
      script("disk", "" + host, kind, "" + sizeMib);
    }
  }

  /// The programs of this checkout, where the host's PATH finds them first.
  private void install() throws IOException, InterruptedException {
    Path home = Files.createDirectories(state.resolve("twincore"));
    Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("lib"));
    classPathJar(home.resolve("lib/classes.jar"));
    for (String tool : List.of("drbdadm", "drbdsetup", "drbdmeta", "twincore-tool")) {
      copyProgram(ROOT.resolve("bin").resolve(tool), home.resolve("bin").resolve(tool));
    }
    copyProgram(ROOT.resolve("twincore"), home.resolve("twincore"));
    copyProgram(ROOT.resolve("packaging/init.d/drbd"), home.resolve("drbd"));
    for (int host = 1; host <= 2; host++) {
      for (String tool : List.of("drbdadm", "drbdsetup", "drbdmeta")) {
        ok(host, "ln -sf " + home.resolve("bin").resolve(tool) + " /usr/sbin/" + tool);
      }
      ok(host, "ln -sf " + home.resolve("twincore") + " /usr/bin/twincore");
      ok(host, "cp " + home.resolve("drbd") + " /etc/init.d/drbd");
      ok(host, "rm -rf /etc/drbd.conf /etc/drbd.d /etc/twincore.conf /var/lib/twincore");
    }
  }

  private static void copyProgram(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /// A jar that leads to the classes under test.
  private static void classPathJar(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.put(
        Attributes.Name.CLASS_PATH,
        Arrays.stream(classPath().split(":"))
            .map(entry -> Path.of(entry).toUri().toString())
            .collect(Collectors.joining(" ")));
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
  }

  private static String classPath() {
    return System.getProperty(
        "surefire.test.class.path", System.getProperty("java.class.path", ""));
  }

  /// Runs a shell command to its end.
  Said run(int host, String command) throws IOException, InterruptedException {
    return start(List.of("exec", "" + host, "--", "sh", "-c", command), command);
  }

  /// The output of a command that must succeed.
  String ok(int host, String command) throws IOException, InterruptedException {
    Said said = run(host, command);
    if (said.exitCode != 0) {
      throw new AssertionError("node" + host + ": " + said + "\n" + logs());
    }
    return said.text;
  }

  /// Starts a shell command in the background; its output is in `log/NAME.log` of the host.
  void background(int host, String name, String command) throws IOException, InterruptedException {
    script("bg", "" + host, name, "--", "sh", "-c", command);
  }

  /// Pulls the plug: everything in the host's memory is gone.
  void powerCut(int host) throws IOException, InterruptedException {
    script("off", "" + host);
  }

  void powerOn(int host) throws IOException, InterruptedException {
    script("on", "" + host);
  }

  void unplugCable(int host) throws IOException, InterruptedException {
    script("cut", "" + host);
  }

  void plugCable(int host) throws IOException, InterruptedException {
    script("heal", "" + host);
  }

  /// Runs a command again and again until its output has `wanted` in it; then that output.
  String await(int host, String command, String wanted, long seconds)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    Said said = run(host, command);
    while (!said.text.contains(wanted)) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "node" + host + " never said '" + wanted + "': " + said + "\n" + logs());
      }
      Thread.sleep(100);
      said = run(host, command);
    }
    return said.text;
  }

  /// A file of a host's root folder, seen from outside; only what the host wrote is there.
  Path file(int host, String path) {
    return state.resolve("node" + host).resolve("upper").resolve(path.substring(1));
  }

  /// The output of what was started in the background by that name.
  Path log(int host, String name) {
    return state.resolve("node" + host).resolve("log").resolve(name + ".log");
  }

  /// What the daemons of both hosts logged.
  String logs() throws IOException, InterruptedException {
    StringBuilder all = new StringBuilder();
    for (int host = 1; host <= 2; host++) {
      all.append("---- node").append(host).append('\n');
      Path log = file(host, "/var/log/twincore.log");
      if (Files.exists(log)) {
        all.append(Files.readString(log));
      }
      all.append(start(List.of("log", "" + host), "log").text);
    }
    return all.toString();
  }

  private void script(String... words) throws IOException, InterruptedException {
    Said said = start(List.of(words), String.join(" ", words));
    if (said.exitCode != 0) {
      throw new AssertionError("hosts " + said);
    }
  }

  private Said start(List<String> words, String shown) throws IOException, InterruptedException {
    Path output = Files.createTempFile("twincore-host", ".out");
    try {
      List<String> command = new ArrayList<>(List.of("bash", SCRIPT.toString()));
      command.addAll(words);
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(Path.of("/dev/null").toFile());
      builder.environment().put("HOSTS_STATE", state.toString());
      builder.environment().put("HOSTS_OWNER", "" + ProcessHandle.current().pid());
      builder.environment().put("CHECKOUT", ROOT.toString());
      builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
      builder.environment().put("VOLATILE_CLASSPATH", classPath());
      Process process = builder.start();
      boolean isDone = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (!isDone) {
        process.destroyForcibly();
      }
      String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
      return new Said(shown, isDone ? process.exitValue() : -1, text);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /// Both are ended, with everything in them.
  @Override
  public void close() throws IOException {
    try {
      start(List.of("down"), "down");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
