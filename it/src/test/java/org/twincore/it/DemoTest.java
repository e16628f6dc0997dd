package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The main job as a stranger runs it: `./twincore demo` by a user who was just created and has an
/// empty home.
///
/// Promise kept: exit code 0 only after every acknowledged write was verified and both disks were
/// found equal. Building on first use is not part of this: the classes are those of this build.
class DemoTest {
  private static final String USER = "twincore-demo-test";
  private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

  @Test
  void anOrdinaryUserSeesNoWriteLost() throws IOException, InterruptedException {
    Root.require();
    Tool.require("passwd", "useradd", "userdel");
    Tool.require("util-linux", "/usr/sbin/runuser");
    Path place = Files.createTempDirectory("twincore-demo-test");
    Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwxr-xr-x"));
    Tool.run("userdel", USER);
    Tool.ok("useradd", "--no-create-home", "--home-dir", place.resolve("home").toString(), USER);
    try {
      install(place);
      Tool demo =
          Tool.run(
              "/usr/sbin/runuser",
              "-u",
              USER,
              "--",
              "env",
              "-i",
              "HOME=" + place.resolve("home"),
              "PATH=/usr/bin:/bin",
              "JAVA_HOME=" + System.getProperty("java.home"),
              place.resolve("twincore").toString(),
              "demo",
              "--size",
              "64M",
              "--seconds",
              "2");
      assertThat(demo.exitCode()).as(demo.toString()).isZero();
      assertThat(demo.output())
          .contains("kill -9 of core-01")
          .contains("acknowledged writes")
          .contains("lost writes           0")
          .doesNotContain("WRONG DATA");
      assertThat(place.resolve("home")).isEmptyDirectory();
    } finally {
      Tool.run("userdel", USER);
      delete(place);
    }
  }

  /// Promise kept: after a signal no process and no file of it is left, and it says so.
  @Test
  void anInterruptedDemoLeavesNothing() throws IOException, InterruptedException {
    Path place = Files.createTempDirectory("twincore-demo-test");
    try {
      Path folder = place.resolve("demo");
      ProcessBuilder builder =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  "org.twincore.cli.demo.Demo",
                  "--size",
                  "64M",
                  "--folder",
                  folder.toString())
              .redirectErrorStream(true)
              .redirectOutput(place.resolve("said").toFile());
      builder.environment().put("TWINCORE_HOME", CHECKOUT.toString());
      Process demo = builder.start();
      await(demo, () -> Files.exists(folder) && said(place).contains("acknowledged"));
      List<ProcessHandle> nodes = demo.descendants().toList();
      assertThat(nodes).isNotEmpty();
      demo.destroy();
      assertThat(demo.waitFor()).isEqualTo(143);
      assertThat(said(place)).contains("interrupted");
      assertThat(folder).doesNotExist();
      assertThat(nodes).noneMatch(ProcessHandle::isAlive);
    } finally {
      delete(place);
    }
  }

  private static String said(Path place) {
    try {
      return Files.readString(place.resolve("said"));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static void await(Process demo, BooleanSupplier condition) throws InterruptedException {
    long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(demo.isAlive() && System.nanoTime() < untilNanos)
          .as("the demo is at work")
          .isTrue();
      Thread.sleep(50); // a process of its own, seen only by what it leaves
    }
  }

  /// The front door and the classes it runs, where that user can read them.
  private static void install(Path place) throws IOException, InterruptedException {
    Files.createDirectory(place.resolve("home"));
    Tool.ok("chown", USER, place.resolve("home").toString());
    Files.copy(CHECKOUT.resolve("twincore"), place.resolve("twincore"));
    Files.createFile(place.resolve("pom.xml"));
    List<String> entries = new ArrayList<>();
    String own =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Path classes = Files.createDirectories(place.resolve("target/classes"));
    for (String entry : own.split(File.pathSeparator, -1)) {
      if (isNeeded(entry)) {
        Path copy = classes.resolve(Integer.toString(entries.size()) + suffix(entry));
        copy(Path.of(entry), copy);
        entries.add(copy.toString());
      }
    }
    Files.writeString(place.resolve("target/classpath"), String.join(File.pathSeparator, entries));
  }

  private static boolean isNeeded(String entry) {
    return Files.exists(Path.of(entry))
        && !entry.contains("test-classes")
        && !entry.contains("/it/target/")
        && (entry.contains("/target/")
            || entry.contains("jackson-core")
            || entry.contains("picocli")
            || entry.contains("jspecify"));
  }

  private static String suffix(String entry) {
    return entry.endsWith(".jar") ? ".jar" : "";
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path each : (Iterable<Path>) tree::iterator) {
        Path target = to.resolve(from.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(target);
        } else {
          Files.copy(each, each.equals(from) ? to : target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private static void delete(Path place) throws IOException {
    try (Stream<Path> tree = Files.walk(place)) {
      for (Path each : tree.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(each);
      }
    }
  }
}
