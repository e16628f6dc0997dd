package org.twincore.it;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// An earlier version of this project, built from the history of the checkout.
final class EarlierVersion {
  private static final Path ROOT = Path.of(System.getProperty("twincore.root"));
  private static final long BUILD_MINUTES = 15L * Patience.FACTOR;

  private EarlierVersion() {}

  /// Builds the version of `commit` in the new folder `work`; skips the calling test, aloud, where
  /// the history does not have it.
  static Installation build(String commit, Path work) throws IOException, InterruptedException {
    Tool.require("git", "git");
    Tool.require("tar", "tar");
    Tool.require("maven", "mvn");
    Tool known = Tool.run("git", "-C", ROOT.toString(), "cat-file", "-e", commit + "^{commit}");
    Assumptions.assumeTrue(
        known.exitCode() == 0,
        "the history of "
            + ROOT
            + " does not have "
            + commit
            + " (a tarball, or a shallow clone): "
            + known.output().strip());
    Files.createDirectories(work);
    Path archive = work.resolve("sources.tar");
    Tool.ok("git", "-C", ROOT.toString(), "archive", "-o", archive.toString(), commit);
    Tool.ok("tar", "-C", work.toString(), "-xf", archive.toString());
    compile(work);
    Path lib = work.resolve("target/lib");
    try (Stream<Path> jars = Files.list(lib)) {
      Assumptions.assumeTrue(jars.findAny().isPresent(), "nothing in " + lib);
    }
    return new Installation(lib);
  }

  private static void compile(Path work) throws IOException, InterruptedException {
    File log = work.resolve("build.log").toFile();
    ProcessBuilder build =
        new ProcessBuilder("./build", "compile")
            .directory(work.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log)
            .redirectInput(new File("/dev/null"));
    build.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = build.start();
    boolean isDone = process.waitFor(BUILD_MINUTES, TimeUnit.MINUTES);
    if (!isDone) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    if (!isDone || process.exitValue() != 0) {
      throw new AssertionError(
          "the earlier version does not build\n" + Files.readString(log.toPath()));
    }
  }
}
