package org.twincore.it;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.twincore.cli.drbdmeta.Drbdmeta;
import org.twincore.drbd.meta.MetadataLayout;

/// Our drbdmeta and Debian's, run on files in one folder.
///
/// Debian's takes a regular file only with `--force`, remembers what it saw under /var/lib/drbd (a
/// file of this minor number, removed at the end), and warns about missing ioctls, which is left
/// out of its messages here.
final class DrbdmetaPair implements AutoCloseable {
  static final String DEBIANS = "/usr/sbin/drbdmeta";

  /// Debian's tools take a lock for each minor: two test processes have two.
  private static final String MINOR =
      String.valueOf(96_000 + ProcessHandle.current().pid() % 1_000);

  private final Path folder;

  DrbdmetaPair(Path folder) {
    this.folder = folder;
  }

  /// Exit code and output; messages are standard error.
  record Run(int exitCode, String out, String messages) {
    /// The output without what depends on the moment, the command line, and, in Debian's dump of
    /// v08, the flags.
    String comparable() {
      return out.lines()
          .filter(line -> !line.startsWith("# 2") && !line.contains("> drbdmeta"))
          .filter(line -> !line.startsWith("    flags 0x"))
          .filter(line -> !line.contains("apply-al"))
          .reduce("", (text, line) -> text + line + "\n");
    }
  }

  Path sparse(String name, long bytes) throws IOException {
    Path path = folder.resolve(name);
    Files.deleteIfExists(path);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(bytes);
    }
    return path;
  }

  /// Ours, with `--force`.
  static Run ours(Path disk, String index, String... command) {
    return ours(List.of("--force"), disk, index, command);
  }

  /// Ours, with nobody to confirm anything.
  static Run oursUnforced(Path disk, String index, String... command) {
    return ours(List.of(), disk, index, command);
  }

  private static Run ours(List<String> options, Path disk, String index, String... command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Drbdmeta.run(
            arguments(options, disk, index, command).toArray(String[]::new),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            InputStream.nullInputStream());
    return new Run(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /// Debian's, with `--force`.
  Run theirs(Path disk, String index, String... command) throws Exception {
    List<String> line = new ArrayList<>(List.of(DEBIANS));
    line.addAll(arguments(List.of("--force"), disk, index, command));
    return theirs(line);
  }

  /// Debian's with format v07 or v09.
  Run theirsOfFormat(String format, Path disk, String index, String... command) throws Exception {
    List<String> line =
        new ArrayList<>(List.of(DEBIANS, "--force", MINOR, format, disk.toString(), index));
    line.addAll(List.of(command));
    return theirs(line);
  }

  private Run theirs(List<String> line) throws Exception {
    Path errors = folder.resolve("stderr");
    Path output = folder.resolve("stdout");
    Process process =
        new ProcessBuilder(line)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    int exitCode = process.waitFor();
    String messages =
        Files.readString(errors)
            .lines()
            .filter(text -> !text.contains("ioctl(") && !text.contains("using pwrite"))
            .reduce("", (all, text) -> all + text + "\n");
    return new Run(exitCode, Files.readString(output), messages);
  }

  private static List<String> arguments(
      List<String> options, Path disk, String index, String... command) {
    List<String> line = new ArrayList<>(options);
    line.addAll(List.of(MINOR, "v08", disk.toString(), index));
    line.addAll(Arrays.asList(command));
    return line;
  }

  /// Offset of the first byte of metadata in which two disks of one layout differ, or -1; only the
  /// first `limit` bytes of the area are read.
  static long firstDifference(Path one, Path other, MetadataLayout layout, long limit)
      throws IOException {
    long start = Math.min(layout.superblockOffsetBytes(), layout.bitmapOffsetBytes());
    int at = Arrays.mismatch(area(one, start, limit), area(other, start, limit));
    return at < 0 ? -1 : start + at;
  }

  private static byte[] area(Path disk, long start, long limit) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "r")) {
      byte[] bytes = new byte[(int) Math.min(file.length() - start, limit)];
      file.seek(start);
      file.readFully(bytes);
      return bytes;
    }
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(Path.of("/var/lib/drbd/drbd-minor-" + MINOR + ".lkbd"));
  }
}
