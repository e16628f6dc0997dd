package org.twincore.cli.drbdsetup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `packaging/completion/twincore` has the commands of drbdsetup.
class CompletionTest {
  @Test
  void completesEachCommand() throws IOException {
    Path file = Path.of(System.getProperty("twincore.root"), "packaging", "completion", "twincore");
    Matcher list =
        Pattern.compile("^_twincore_drbdsetup_commands='([^']*)'", Pattern.MULTILINE)
            .matcher(Files.readString(file));
    assertThat(list.find()).isTrue();
    assertThat(list.group(1).strip().split("\\s+"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SetupCommand.values()).map(SetupCommand::word).toList());
  }
}
