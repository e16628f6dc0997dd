package org.twincore.cli.drbdsetup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.DocTable;

/// docs/drbd-compatibility.md has a row for each command of drbdsetup, and for no other.
class CompatibilityTest {
  @Test
  void hasARowForEachCommand() throws IOException {
    Path page = Path.of(System.getProperty("twincore.root"), "docs", "drbd-compatibility.md");
    Map<String, String> rows = DocTable.rows(page, "Commands of drbdsetup");
    assertThat(rows.keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SetupCommand.values()).map(SetupCommand::word).toList());
    assertThat(rows.values()).doesNotContain("not yet");
  }
}
