package org.twincore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Reads the tables of a Markdown page, so that tests hold it to the code.
public final class DocTable {
  private DocTable() {}

  /// The rows below `## HEADING`: the first cell without back-quotes, and the second. An exception
  /// names a heading that is not there, or a row that stands twice.
  public static Map<String, String> rows(Path page, String heading) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    cells(page, heading).forEach((name, cells) -> rows.put(name, cells.get(1)));
    return rows;
  }

  /// All cells of the same rows, by the first one.
  static Map<String, List<String>> cells(Path page, String heading) throws IOException {
    Map<String, List<String>> rows = new TreeMap<>();
    boolean isHere = false;
    boolean isFound = false;
    for (String line : Files.readAllLines(page)) {
      if (line.startsWith("## ")) {
        isHere = line.equals("## " + heading);
        isFound |= isHere;
      } else if (isHere && line.startsWith("| `")) {
        String[] cells = line.split("\\|", -1);
        String name = cells[1].strip().replace("`", "");
        List<String> row = Arrays.stream(cells, 1, cells.length - 1).map(String::strip).toList();
        if (rows.put(name, row) != null) {
          throw new IllegalStateException(page + ": " + name + " stands twice in " + heading);
        }
      }
    }
    if (!isFound) {
      throw new IllegalStateException(page + " has no '## " + heading + "'");
    }
    return rows;
  }
}
