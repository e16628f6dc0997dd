package org.twincore.cli.conf;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.config.ConfigSource;

/// Configuration files of the file system; [#STDIN] names what is read from standard input.
public final class ConfigFiles implements ConfigSource {
  /// The path that means standard input, and its name in messages.
  public static final String STDIN = "-";

  private static final String STDIN_SHOWN = "STDIN";
  private static final List<String> DEFAULT_FILES =
      List.of(
          "/etc/drbd-84.conf",
          "/etc/drbd-83.conf",
          "/etc/drbd-82.conf",
          "/etc/drbd-08.conf",
          "/etc/drbd.conf");
  private static final int GLOB_MAX = 65536;

  private final InputStream in;

  public ConfigFiles(InputStream in) {
    this.in = in;
  }

  /// The file that is read when none is named: the first that exists.
  public static String defaultFile() {
    return DEFAULT_FILES.stream()
        .filter(path -> Files.isReadable(Path.of(path)))
        .findFirst()
        .orElse(DEFAULT_FILES.getLast());
  }

  @Override
  public byte[] read(String path, int limitBytes) throws IOException {
    if (path.equals(STDIN)) {
      return in.readNBytes(limitBytes + 1);
    }
    try (InputStream file = Files.newInputStream(Path.of(path))) {
      return file.readNBytes(limitBytes + 1);
    } catch (NoSuchFileException _) {
      throw new IOException("No such file or directory");
    }
  }

  @Override
  public List<String> glob(String directory, String pattern) throws IOException {
    List<Path> found = List.of(pattern.startsWith("/") ? Path.of("/") : Path.of(directory));
    for (String part : pattern.split("/+")) {
      if (part.isEmpty()) {
        continue;
      }
      List<Path> next = new ArrayList<>();
      for (Path folder : found) {
        next.addAll(matching(folder, part));
        if (next.size() > GLOB_MAX) {
          throw new IOException("more than " + GLOB_MAX + " files match");
        }
      }
      found = next;
    }
    return found.stream().map(Path::toString).toList();
  }

  private static List<Path> matching(Path folder, String part) throws IOException {
    if (!GlobPattern.isWild(part)) {
      Path one = folder.resolve(GlobPattern.unescaped(part));
      return Files.exists(one) ? List.of(one) : List.of();
    }
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    GlobPattern wanted = new GlobPattern(part);
    List<Path> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (wanted.matches(entry.getFileName().toString())) {
          names.add(entry);
        }
      }
    }
    names.sort(null);
    return names;
  }

  @Override
  public String displayPath(String path) throws IOException {
    if (path.equals(STDIN)) {
      return STDIN_SHOWN;
    }
    Path absolute = Path.of(path).toAbsolutePath();
    Path folder = absolute.getParent();
    return folder == null
        ? absolute.toString()
        : folder.toRealPath().resolve(absolute.getFileName()).toString();
  }

  @Override
  public String realPath(String path) throws IOException {
    return path.equals(STDIN) ? STDIN_SHOWN : Path.of(path).toRealPath().toString();
  }
}
