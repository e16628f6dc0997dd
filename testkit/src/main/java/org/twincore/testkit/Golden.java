package org.twincore.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Texts that a test must reproduce letter by letter; `-Dgolden=write` rewrites them, and the diff
/// is reviewed like code.
public final class Golden {
  private Golden() {}

  /// The folder of the module under test, to resolve `src/test/...` against.
  public static Path moduleFolder() {
    return Path.of(System.getProperty("basedir", ""));
  }

  /// Fails unless `actual` is the content of the file, named relative to [#moduleFolder].
  public static void check(String file, String actual) {
    Path path = moduleFolder().resolve(file);
    try {
      if ("write".equals(System.getProperty("golden"))) {
        Files.createDirectories(path.toAbsolutePath().getParent());
        Files.writeString(path, actual);
        return;
      }
      if (!Files.exists(path)) {
        throw new AssertionError(file + " does not exist; write it with -Dgolden=write");
      }
      String expected = Files.readString(path);
      if (!expected.equals(actual)) {
        throw new AssertionError(difference(file, expected, actual));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(file, e);
    }
  }

  private static String difference(String file, String expected, String actual) {
    List<String> want = expected.lines().toList();
    List<String> have = actual.lines().toList();
    int line = 0;
    while (line < want.size() && line < have.size() && want.get(line).equals(have.get(line))) {
      line++;
    }
    return "%s:%d differs (rewrite with -Dgolden=write)%n expected: %s%n found:    %s%n%nall:%n%s"
        .formatted(file, line + 1, at(want, line), at(have, line), actual);
  }

  private static String at(List<String> lines, int line) {
    return line < lines.size() ? lines.get(line) : "(end)";
  }
}
