package org.twincore.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// A control group that limits the memory, page cache included, of the programs run in it.
record MemoryCgroup(Path folder) implements AutoCloseable {
  private static final Path VERSION_1 = Path.of("/sys/fs/cgroup/memory");
  private static final Path VERSION_2 = Path.of("/sys/fs/cgroup");

  /// Skips the calling test, aloud, where the kernel offers no such thing.
  static MemoryCgroup make(String name, long limitBytes) throws IOException {
    boolean isOld = Files.isDirectory(VERSION_1);
    Path folder = (isOld ? VERSION_1 : VERSION_2).resolve(name);
    try {
      Files.createDirectory(folder);
    } catch (IOException notAllowed) {
      Assumptions.abort("no memory cgroup can be made: " + notAllowed);
    }
    Path limit = folder.resolve(isOld ? "memory.limit_in_bytes" : "memory.max");
    if (!Files.exists(limit)) {
      Files.delete(folder);
      Assumptions.abort("the memory controller is not enabled in " + VERSION_2);
    }
    Files.writeString(limit, Long.toString(limitBytes));
    return new MemoryCgroup(folder);
  }

  /// The command that runs another one in it.
  List<String> entering(String... command) {
    List<String> words = new ArrayList<>();
    words.addAll(
        List.of(
            "sh", "-c", "echo $$ >" + folder.resolve("cgroup.procs") + " && exec \"$@\"", "sh"));
    words.addAll(List.of(command));
    return words;
  }

  /// All its programs must have ended.
  @Override
  public void close() throws IOException {
    Files.delete(folder);
  }
}
