package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.config.Option;
import org.twincore.testkit.DocTable;

/// docs/drbd-compatibility.md has each command, option, handler and policy that the program's own
/// tables have, no other, and says of each what becomes of it.
class CompatibilityTest {
  private static final Path PAGE =
      Path.of(System.getProperty("twincore.root"), "docs", "drbd-compatibility.md");
  private static final List<String> ANSWERS = List.of("same", "better", "refused", "not yet");

  private static void assertRows(String heading, Stream<String> names) throws IOException {
    Map<String, String> rows = DocTable.rows(PAGE, heading);
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(names.toList());
    assertThat(rows.values()).isSubsetOf(ANSWERS);
  }

  @Test
  void eachCommandOfDrbdadm() throws IOException {
    assertRows(
        "Commands of drbdadm",
        Arrays.stream(Command.values())
            .filter(command -> command.group() != Command.Group.OWN)
            .map(Command::word));
  }

  @Test
  void eachOptionAndHandler() throws IOException {
    for (Option.Section section : Option.Section.values()) {
      String heading =
          section == Option.Section.HANDLERS ? "Handlers" : "Options of " + section.word();
      assertRows(
          heading,
          Arrays.stream(Option.values())
              .filter(option -> option.section() == section)
              .map(Option::word));
    }
  }

  @Test
  void eachPolicy() throws IOException {
    assertRows(
        "Policies",
        Arrays.stream(Option.values())
            .filter(option -> option.type() instanceof Option.Type.Word)
            .flatMap(option ->
                ((Option.Type.Word) option.type())
                    .words().stream().map(word -> option.word() + " " + word)));
  }
}
