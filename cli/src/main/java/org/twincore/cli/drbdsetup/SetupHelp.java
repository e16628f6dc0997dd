package org.twincore.cli.drbdsetup;

import java.util.List;

/// The help of drbdsetup, for people and as XML, made from the table of its commands in the layout
/// of DRBD 8.4's.
final class SetupHelp {
  private static final int COLUMNS = 80;
  private static final int IN_A_ROW = 3;

  static final String VERSION =
      """
      DRBDSETUP_BUILDTAG=twincore\\ 0.1.0
      DRBDSETUP_API_VERSION=1
      DRBD_KERNEL_VERSION_CODE=0x08040b
      DRBDSETUP_VERSION_CODE=0x091600
      DRBDSETUP_VERSION=9.22.0
      """;

  private SetupHelp() {}

  /// The list of all commands.
  static String general() {
    StringBuilder text =
        new StringBuilder("\nUSAGE: drbdsetup command device arguments options\n\n");
    text.append("A device is a minor: 0, minor-0 or /dev/drbd0.\n\nCommands are:\n");
    int column = 0;
    for (SetupCommand command : SetupCommand.values()) {
      text.append(column == 0 ? "    " : "").append("%-20s".formatted(command.word()));
      column = (column + 1) % IN_A_ROW;
      text.append(column == 0 ? "\n" : "");
    }
    return text.append(column == 0 ? "" : "\n")
        .append("\nTo get more details about a command issue 'drbdsetup help cmd'.\n")
        .append("--node=NAME says which node of this machine is meant.\n\n")
        .toString();
  }

  /// The arguments and options of one command.
  static String of(SetupCommand command) {
    StringBuilder text = new StringBuilder("USAGE:\n drbdsetup " + command.word());
    int[] column = {text.length() - text.lastIndexOf("\n") - 1};
    command.arguments().forEach(argument -> append(text, column, shown(argument)));
    command.options().forEach(option -> append(text, column, "[" + shown(option) + "]"));
    return text.append('\n').toString();
  }

  private static void append(StringBuilder text, int[] column, String word) {
    if (column[0] + 1 + word.length() > COLUMNS) {
      text.append("\n   ");
      column[0] = IN_A_ROW;
    }
    text.append(' ').append(word);
    column[0] += 1 + word.length();
  }

  private static String shown(String argument) {
    return argument.endsWith("_addr") ? address(argument) : "{" + argument + "}";
  }

  private static String address(String name) {
    return "[{af}:]{" + name + "}[:{port}]";
  }

  private static String shown(SetupOption option) {
    String name = "--" + option.name();
    return switch (option.value()) {
      case SetupOption.Value.Nothing() -> name;
      case SetupOption.Value.Flag(boolean _) -> name + "={yes|no}";
      case SetupOption.Value.Number number ->
          name + "=(" + number.min() + " ... " + number.max() + ")";
      case SetupOption.Value.Word(List<String> words) ->
          name + "={" + String.join("|", words) + "}";
      case SetupOption.Value.Text() -> name + "=<str>";
      case SetupOption.Value.Address() -> name + "=" + address("local_addr");
      case SetupOption.Value.Loose() -> name + "=...";
    };
  }

  /// What `xml-help` prints of a command.
  static String xml(SetupCommand command) {
    StringBuilder text = new StringBuilder("<command name=\"" + command.word() + "\">\n");
    for (String argument : command.arguments()) {
      boolean isGroup = argument.indexOf('|') >= 0;
      text.append(isGroup ? "\t<group>\n" : "");
      for (String one : argument.split("\\|")) {
        text.append(isGroup ? "\t" : "").append("\t<argument>" + one + "</argument>\n");
      }
      text.append(isGroup ? "\t</group>\n" : "");
    }
    command.options().forEach(option -> xml(text, option));
    return text.append("</command>\n").toString();
  }

  private static void xml(StringBuilder text, SetupOption option) {
    String type =
        switch (option.value()) {
          case SetupOption.Value.Nothing() -> "flag";
          case SetupOption.Value.Flag(boolean _) -> "boolean";
          case SetupOption.Value.Number _ -> "numeric";
          case SetupOption.Value.Word(List<String> _) -> "handler";
          case SetupOption.Value.Text(), SetupOption.Value.Loose() -> "string";
          case SetupOption.Value.Address() -> "address";
        };
    text.append("\t<option name=\"" + option.name() + "\" type=\"" + type + "\">\n");
    switch (option.value()) {
      case SetupOption.Value.Flag(boolean defaultValue) ->
          element(text, "default", defaultValue ? "yes" : "no");
      case SetupOption.Value.Word(List<String> words) ->
          words.forEach(word -> element(text, "handler", word));
      case SetupOption.Value.Number number -> {
        element(text, "min", Long.toString(number.min()));
        element(text, "max", Long.toString(number.max()));
        element(text, "default", Long.toString(number.defaultValue()));
        element(
            text,
            "unit_prefix",
            switch (number.unit()) {
              case ONE -> "1";
              case KIB -> "k";
              case SECTORS -> "s";
            });
        if (!option.unit().isEmpty()) {
          element(text, "unit", option.unit());
        }
      }
      case SetupOption.Value.Nothing _,
          SetupOption.Value.Text _,
          SetupOption.Value.Loose _,
          SetupOption.Value.Address _ -> {}
    }
    text.append("\t</option>\n");
  }

  private static void element(StringBuilder text, String name, String value) {
    text.append("\t\t<" + name + ">" + value + "</" + name + ">\n");
  }
}
