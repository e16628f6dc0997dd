package org.twincore.it.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// The differences that may be: lines `CONFIG | COMMAND | ASPECT | REASON`, each of the first three
/// a name or `*`. No line excuses a dump of a file that both accept.
final class AllowedDifferences {
  private static final String ANY = "*";

  private final List<Line> lines = new ArrayList<>();
  private final Set<Line> used = new HashSet<>();

  private record Line(String config, String command, String aspect, String reason) {}

  static AllowedDifferences read() throws IOException {
    AllowedDifferences all = new AllowedDifferences();
    try (InputStream in =
        AllowedDifferences.class.getResourceAsStream("/conf/allowed-differences.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.split("\n")) {
        if (!line.isBlank() && !line.startsWith("#")) {
          String[] parts = line.split(" *\\| *", 4);
          if (parts.length < 4 || parts[3].isBlank()) {
            throw new IOException("no reason: " + line);
          }
          all.lines.add(new Line(parts[0], parts[1], parts[2], parts[3]));
        }
      }
    }
    return all;
  }

  boolean allow(String config, String command, String aspect) {
    boolean found = false;
    for (Line line : lines) {
      if (matches(line.config, config)
          && matches(line.command, command)
          && matches(line.aspect, aspect)) {
        used.add(line);
        found = true;
      }
    }
    return found;
  }

  private static boolean matches(String pattern, String text) {
    return pattern.equals(ANY)
        || pattern.equals(text)
        || (pattern.endsWith(ANY) && text.startsWith(pattern.substring(0, pattern.length() - 1)));
  }

  /// Lines that no difference needed.
  List<String> unused() {
    return lines.stream().filter(line -> !used.contains(line)).map(Line::toString).toList();
  }
}
