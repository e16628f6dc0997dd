package org.twincore.cli.drbdmeta;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.DocTable;

/// docs/drbd-compatibility.md has each command of drbdmeta.
class CompatibilityTest {
  @Test
  void eachCommandOfDrbdmeta() throws IOException {
    Path page = Path.of(System.getProperty("twincore.root"), "docs", "drbd-compatibility.md");
    assertThat(DocTable.rows(page, "Commands of drbdmeta").keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Command.values()).map(Command::word).toList());
  }
}
