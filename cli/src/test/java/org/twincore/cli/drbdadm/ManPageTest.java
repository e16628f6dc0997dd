package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// drbdadm(8) knows each command and each option of a command's own.
class ManPageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("twincore.root"), "docs", "man", "drbdadm.8");

  @Test
  void thePageHasEachCommand() throws IOException {
    String page = Files.readString(PAGE);
    for (Command command : Command.values()) {
      if (command != Command.VERSION) {
        assertThat(page).contains("\n.B " + escaped(command.word()) + "\n");
      }
    }
  }

  @Test
  void thePageSaysWhatTheHelpSays() throws IOException {
    String page = Files.readString(PAGE).replace("\\(aq", "'").replace("\\-", "-");
    for (Command command : Command.values()) {
      boolean isListed =
          command.group() != Command.Group.OWN && command.group() != Command.Group.HANDLER;
      if (isListed) {
        String purpose = Purpose.of(command);
        assertThat(page)
            .contains(
                purpose.substring(0, 1).toUpperCase(java.util.Locale.ROOT)
                    + purpose.substring(1)
                    + ".");
      }
    }
  }

  private static String escaped(String word) {
    return word.replace("-", "\\-");
  }
}
