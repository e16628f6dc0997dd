package org.twincore.cli.drbdsetup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.DocTable;

/// docs/drbd-compatibility.md says of drbdsetup's commands which there are.
class CompatibilityTest {
  @Test
  void whatIsThereIsKnownAndWhatIsNotYetIsNot() throws IOException {
    Path page = Path.of(System.getProperty("twincore.root"), "docs", "drbd-compatibility.md");
    DocTable.rows(page, "Commands of drbdsetup")
        .forEach((command, answer) ->
            assertThat(SetupUsage.of(command).isPresent())
                .as(command)
                .isEqualTo(answer.equals("same") || answer.equals("better")));
  }
}
