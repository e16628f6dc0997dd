package org.twincore.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/// The jars of one version in one folder, as a package has them in /usr/lib/twincore/lib.
///
/// @param folder holds nothing but jars
record Installation(Path folder) {
  /// This version: the classes that the tests were started with, made into jars in `folder`.
  static Installation current(Path folder) throws IOException {
    Files.createDirectories(folder);
    int number = 0;
    for (String entry : ownEntries()) {
      Path at = Path.of(entry);
      Path made = folder.resolve("twincore-" + number++ + ".jar");
      if (Files.isDirectory(at)) {
        jar("--create", "--file", made.toString(), "-C", entry, ".");
      } else {
        Files.copy(at, made);
      }
    }
    return new Installation(folder);
  }

  private static List<String> ownEntries() {
    return Stream.of(JavaProcess.ownClassPath().split(File.pathSeparator, -1))
        .filter(entry -> Files.exists(Path.of(entry)))
        .filter(entry -> !entry.contains("test-classes") && !entry.contains("/it/target/"))
        .filter(entry ->
            entry.contains("/target/")
                || entry.matches(".*(jackson-core|picocli|jspecify|lz4-java).*"))
        .toList();
  }

  private static void jar(String... words) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    int code = ToolProvider.findFirst("jar").orElseThrow().run(out, out, words);
    assertThat(code).as(text.toString()).isZero();
  }

  /// The same version once more.
  Installation copyTo(Path other) throws IOException {
    Files.createDirectories(other);
    for (Path jar : jars()) {
      Files.copy(jar, other.resolve(jar.getFileName()));
    }
    return new Installation(other);
  }

  /// What dpkg and rpm do below the feet of a running node: each new file takes its name in one
  /// step, then the old version's other files go. Who has an old one open keeps it.
  void replaceBy(Installation other) throws IOException {
    List<Path> old = jars();
    List<Path> fresh = new ArrayList<>();
    for (Path jar : other.jars()) {
      Path draft = folder.resolve(jar.getFileName() + ".new");
      Path name = folder.resolve(jar.getFileName());
      Files.copy(jar, draft);
      Files.move(draft, name, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      fresh.add(name);
    }
    for (Path jar : old) {
      if (!fresh.contains(jar)) {
        Files.delete(jar);
      }
    }
  }

  private List<Path> jars() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  String classPath() {
    return folder + "/*";
  }

  /// Runs this version's drbdadm for the node of that name, whatever it ends with.
  Tool drbdadm(String node, Path run, Path config, String... words)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "-u",
                "JDK_JAVA_OPTIONS", // the JVM would say that it has read it
                "TWINCORE_RUN=" + run,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath(),
                "org.twincore.cli.Tools",
                "drbdadm",
                "--node",
                node,
                "-c",
                config.toString()));
    command.addAll(List.of(words));
    return Tool.run(command.toArray(String[]::new));
  }
}
