package org.twincore.cli.drbdsetup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.CompatibilityPage;

/// docs/drbd-compatibility.md has a row for each command of drbdsetup and each option that is none
/// of drbd.conf's, and for no other.
class CompatibilityTest {
  private static final CompatibilityPage PAGE =
      new CompatibilityPage(Path.of(System.getProperty("twincore.root")));

  @Test
  void hasARowForEachCommand() throws IOException {
    assertThat(PAGE.answers("Commands of drbdsetup").keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SetupCommand.values()).map(SetupCommand::word).toList());
  }

  @Test
  void hasARowForEachOption() throws IOException {
    assertThat(PAGE.answers("Options of drbdsetup's commands").keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SetupCommand.values())
                .flatMap(command ->
                    command.options().stream()
                        .map(SetupOption::name)
                        .filter(command::isOwn)
                        .map(name -> "--" + name))
                .distinct()
                .toList());
  }
}
