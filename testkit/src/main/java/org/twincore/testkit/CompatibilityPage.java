package org.twincore.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// docs/drbd-compatibility.md: each row says `same`, `better` or `refused`, and the last two say
/// how or why.
public final class CompatibilityPage {
  private final Path page;

  /// `root` is the top of the sources.
  public CompatibilityPage(Path root) {
    this.page = root.resolve("docs/drbd-compatibility.md");
  }

  /// What becomes of each name in a table. An exception names a row that has no such answer.
  public Map<String, String> answers(String heading) throws IOException {
    Map<String, String> answers = new TreeMap<>();
    DocTable.cells(page, heading)
        .forEach((name, cells) -> {
          String answer = cells.get(1);
          boolean isBare = cells.size() < 3 || cells.get(2).isEmpty();
          boolean isTold = answer.equals("same") || !isBare;
          if (!Set.of("same", "better", "refused").contains(answer) || !isTold) {
            throw new IllegalStateException(
                page + ": " + heading + ", " + name + ": '" + answer + "' without a reason");
          }
          answers.put(name, answer);
        });
    return answers;
  }

  /// The names in a table that are refused.
  public Set<String> refused(String heading) throws IOException {
    Map<String, String> answers = answers(heading);
    answers.values().removeIf(answer -> !answer.equals("refused"));
    return answers.keySet();
  }
}
