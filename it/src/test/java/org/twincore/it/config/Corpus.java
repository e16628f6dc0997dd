package org.twincore.it.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Hand-written configurations: a resource file holds many, each below a line `=== NAME`; further
/// files of one stand below lines `--- PATH`.
final class Corpus {
  private Corpus() {}

  /// One configuration.
  ///
  /// @param name its name, also the name of its main file
  /// @param files texts by path; the main file's is `NAME.conf`
  record Entry(String name, Map<String, String> files) {
    static Entry of(String name, String text) {
      return new Entry(name, Map.of(name + ".conf", text));
    }

    /// Writes the files; the main file's path.
    Path write(Path folder) throws IOException {
      for (Map.Entry<String, String> file : files.entrySet()) {
        Path path = folder.resolve(file.getKey());
        Files.createDirectories(Objects.requireNonNull(path.getParent()));
        Files.writeString(path, file.getValue());
      }
      return folder.resolve(name + ".conf");
    }
  }

  static List<Entry> read(String resource) throws IOException {
    String text;
    try (InputStream in = Corpus.class.getResourceAsStream("/conf/" + resource)) {
      text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    }
    List<Entry> entries = new ArrayList<>();
    for (String section : text.split("(?m)^=== ")) {
      if (!section.startsWith("#")) {
        entries.add(entry(section));
      }
    }
    return entries;
  }

  private static Entry entry(String section) {
    int end = section.indexOf('\n');
    String name = section.substring(0, end);
    String[] parts = section.substring(end + 1).split("(?m)^--- ");
    Map<String, String> files = new LinkedHashMap<>();
    files.put(name + ".conf", parts[0]);
    for (int i = 1; i < parts.length; i++) {
      int lineEnd = parts[i].indexOf('\n');
      files.put(parts[i].substring(0, lineEnd), parts[i].substring(lineEnd + 1));
    }
    return new Entry(name, files);
  }
}
