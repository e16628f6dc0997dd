package org.twincore.cli.drbdadm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.Parser;
import org.twincore.testkit.CompatibilityPage;

/// docs/drbd-compatibility.md has each command, option, handler and policy that the program's own
/// tables have, no other, and says of each what becomes of it.
class CompatibilityTest {
  private static final CompatibilityPage PAGE =
      new CompatibilityPage(Path.of(System.getProperty("twincore.root")));

  private static void assertRows(String heading, Stream<String> names) throws IOException {
    assertThat(PAGE.answers(heading).keySet()).containsExactlyInAnyOrderElementsOf(names.toList());
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
  void eachOldNameOfACommand() throws IOException {
    Map<String, String> rows = PAGE.answers("Old names in drbdadm");
    assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(Command.OLD_NAMES.keySet());
    rows.keySet().forEach(name -> assertThat(Command.of(name)).isPresent());
  }

  @Test
  void eachOptionOfACommand() throws IOException {
    assertRows(
        "General options of drbdadm", ArgumentParser.generalOptions().stream().map("--"::concat));
    assertRows(
        "Options of drbdadm's commands",
        Arrays.stream(Command.values())
            .flatMap(command -> command.own().stream())
            .map(option -> "--" + option.replace("=", ""))
            .distinct());
  }

  /// Of these and of all that other sections have, the parser reads exactly these.
  @Test
  void eachOptionOfProxy() throws IOException {
    Set<String> rows = PAGE.answers("Options of proxy").keySet();
    assertThat(PAGE.refused("Options of proxy")).isEqualTo(rows);
    Set<String> words = new TreeSet<>(rows);
    Arrays.stream(Option.values()).map(Option::word).forEach(words::add);
    words.removeIf(word -> !isReadInProxy(word));
    assertThat(words).isEqualTo(rows);
  }

  private static boolean isReadInProxy(String option) {
    String setting = option.equals("plugin") ? "plugin { lzma; }" : option + " 5;";
    try {
      return !new Parser(new TextSource("resource r { proxy { " + setting + " } }"))
          .parse("/t.conf", List.of())
          .statements()
          .isEmpty();
    } catch (ConfigException _) {
      return false;
    }
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
        Stream.concat(
            Stream.of("after-sb-0pri discard-node-NAME"),
            Arrays.stream(Option.values())
                .filter(option -> option.type() instanceof Option.Type.Word)
                .flatMap(option ->
                    ((Option.Type.Word) option.type())
                        .words().stream().map(word -> option.word() + " " + word))));
  }
}
