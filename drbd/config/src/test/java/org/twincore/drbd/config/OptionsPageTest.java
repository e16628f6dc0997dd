package org.twincore.drbd.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.testkit.Golden;

/// docs/options.md says what the table says.
class OptionsPageTest {
  @Test
  void thePageIsMadeFromTheTable() {
    StringBuilder page =
        new StringBuilder(
            """
            # drbd.conf's options

            Made from the table in `drbd/config`'s `Option` (`-Dgolden=write` rewrites it). A number
            without suffix is in the unit given; `K`, `M`, `G` and `s` (sectors) may follow it.
            A range marked "at start" is checked when the resource starts, not by the parser.
            """);
    for (Option.Section section : Option.Section.values()) {
      page.append("\n## ").append(section.word()).append("\n\n");
      page.append("| option | values | default |\n|---|---|---|\n");
      for (Option option : Option.values()) {
        if (option.section() == section) {
          page.append(row(option));
        }
      }
    }
    Golden.check("../../docs/options.md", page.toString());
  }

  /// drbd.conf(5) has each option with the values and the default of the table.
  @Test
  void theManPageHasEachOption() throws IOException {
    String page = Files.readString(Path.of("../../docs/man/drbd.conf.5")).replace("\\-", "-");
    for (Option option : Option.values()) {
      String[] cells = row(option).split("\\|");
      String word = option.word();
      String values = cells[2].strip() + "; default " + cells[3].strip() + ".";
      if (option.section() == Option.Section.HANDLERS) {
        assertThat(page).contains(".BR " + word + " ");
      } else {
        assertThat(page).contains(".B " + word + "\n" + values + "\n");
      }
    }
  }

  private static String row(Option option) {
    List<String> cells = new ArrayList<>();
    cells.add("`" + option.word() + "`");
    switch (option.type()) {
      case Option.Type.Number(
              Option.Unit unit,
              long defaultValue,
              long min,
              long max,
              Option.RangeCheck check) -> {
        String at = check == Option.RangeCheck.AT_START ? ", at start" : "";
        cells.add(min + " to " + max + unitText(unit) + at);
        cells.add(Long.toString(defaultValue));
      }
      case Option.Type.Flag(boolean defaultValue) -> {
        cells.add("yes, no");
        cells.add(defaultValue ? "yes" : "no");
      }
      case Option.Type.Word(String defaultValue, List<String> words) -> {
        cells.add(String.join(", ", words));
        cells.add(defaultValue);
      }
      case Option.Type.Text() -> {
        cells.add("text");
        cells.add("none");
      }
    }
    return "| " + String.join(" | ", cells) + " |\n";
  }

  private static String unitText(Option.Unit unit) {
    return switch (unit) {
      case ONE -> "";
      case KIB -> " KiB";
      case SECTORS -> " sectors";
    };
  }
}
