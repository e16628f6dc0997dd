package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The options of `global` that a dump shows: those that differ from their defaults. What only
/// concerns the run time of commands does not make the section appear.
///
/// @param shown whether the text shows the section
/// @param lines the options as the text shows them
/// @param elements the options as XML shows them
record GlobalSection(boolean shown, List<String> lines, List<String> elements) {
  static GlobalSection of(Configuration configuration) {
    OptionList global = configuration.global();
    List<String> lines = new ArrayList<>();
    List<String> elements = new ArrayList<>();
    if (configuration.skipsAddressCheck()) {
      lines.add("disable-ip-verification;");
      elements.add("<disable-ip-verification/>");
    }
    text(global, Option.MINOR_COUNT)
        .ifPresent(count -> {
          lines.add("minor-count " + count + ";");
          elements.add("<minor-count count=\"" + count + "\"/>");
        });
    text(global, Option.DIALOG_REFRESH)
        .filter(seconds -> !seconds.equals("1"))
        .ifPresent(seconds -> {
          lines.add("dialog-refresh " + seconds + ";");
          elements.add("<dialog-refresh refresh=\"" + seconds + "\"/>");
        });
    text(global, Option.USAGE_COUNT)
        .filter(word -> !word.equals("ask"))
        .ifPresent(word -> lines.add("usage-count " + word + ";"));
    boolean shown = !lines.isEmpty();
    timeLimit(global, Option.CMD_TIMEOUT_SHORT, "5", lines);
    timeLimit(global, Option.CMD_TIMEOUT_MEDIUM, "600", lines);
    timeLimit(global, Option.CMD_TIMEOUT_LONG, "0", lines);
    return new GlobalSection(shown, List.copyOf(lines), List.copyOf(elements));
  }

  /// What is not set shows as `unset`; what is set to the default does not show.
  private static void timeLimit(
      OptionList global, Option option, String unset, List<String> lines) {
    String seconds = text(global, option).orElse(unset);
    if (!seconds.equals(OptionValues.DEFAULTS.num(option) + "")) {
      lines.add(option.word() + " " + seconds + ";");
    }
  }

  private static Optional<String> text(OptionList global, Option option) {
    return option.type() instanceof Option.Type.Number
        ? global
            .last(option.word())
            .map(_ -> Long.toString(global.values(Statement.Section.GLOBAL).num(option)))
        : global.last(option.word()).map(Setting::text);
  }

  void print(IndentedText out) {
    if (shown) {
      out.open("global {");
      lines.forEach(out::line);
      out.close("}");
      out.blank();
    }
  }

  void printXml(IndentedText out) {
    if (!elements.isEmpty()) {
      out.open("<global>");
      elements.forEach(out::line);
      out.close("</global>");
    }
  }
}
