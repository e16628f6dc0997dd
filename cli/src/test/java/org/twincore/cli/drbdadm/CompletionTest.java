package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The word lists of `packaging/completion/twincore` are the tools' own.
class CompletionTest {
  private static final Path FILE =
      Path.of(System.getProperty("twincore.root"), "packaging", "completion", "twincore");

  @Test
  void completesEachDailyCommandOfDrbdadm() throws IOException {
    List<String> daily =
        Arrays.stream(Command.values())
            .filter(command -> command.group() == Command.Group.DAILY)
            .map(Command::word)
            .toList();
    assertThat(words("_twincore_drbdadm_commands")).containsExactlyInAnyOrderElementsOf(daily);
  }

  private static List<String> words(String list) throws IOException {
    Matcher found =
        Pattern.compile("^" + list + "='([^']*)'", Pattern.MULTILINE)
            .matcher(Files.readString(FILE));
    assertThat(found.find()).isTrue();
    return List.of(found.group(1).strip().split("\\s+"));
  }
}
