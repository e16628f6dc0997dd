package org.twincore.cli.drbdsetup;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A command line of drbdsetup in its parts, read as `getopt_long` reads one: options anywhere, a
/// value behind `=` or as the next word, names as short as they are unique.
///
/// `options` has canonical values in the order of the line, the last of a name counting; an option
/// that takes none has `yes`.
record SetupLine(
    SetupCommand command,
    List<String> arguments,
    Map<String, String> options,
    Optional<String> node) {
  /// A line that is none, with what to say about it.
  static final class WrongLine extends Exception {
    private static final long serialVersionUID = 1L;

    WrongLine(String text) {
      super(text);
    }
  }

  private static final String NODE = "node";

  /// Written by the tools of DRBD 8.3 for `--force`.
  private static final String OVERWRITE = "overwrite-data-of-peer";

  /// What `drbdadm` still hands on and nothing obeys.
  private static final String USE_BMBV = "use-bmbv";

  boolean has(String option) {
    return options.getOrDefault(option, "no").equals("yes");
  }

  /// The value of an option, or `otherwise`.
  String value(String option, String otherwise) {
    return options.getOrDefault(option, otherwise);
  }

  /// The value of an option that is a number, or `otherwise`.
  long number(String option, long otherwise) {
    String text = options.get(option);
    return text == null ? otherwise : Long.parseLong(text);
  }

  /// The options that are rows of drbd.conf's table.
  Map<String, String> sectionOptions() {
    Map<String, String> section = new LinkedHashMap<>();
    options.forEach((name, value) -> {
      if (!command.isOwn(name)) {
        section.put(name, value);
      }
    });
    return section;
  }

  /// Reads the words behind the command.
  static SetupLine parse(SetupCommand command, List<String> words) throws WrongLine {
    List<String> arguments = new ArrayList<>();
    Map<String, String> options = new LinkedHashMap<>();
    Optional<String> node = Optional.empty();
    boolean onlyArguments = false;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      if (onlyArguments || !word.startsWith("-") || word.equals("-")) {
        arguments.add(word);
        continue;
      }
      if (word.equals("--")) {
        onlyArguments = true;
        continue;
      }
      int equals = word.indexOf('=');
      SetupOption option = option(command, equals < 0 ? word : word.substring(0, equals));
      Optional<String> given =
          equals < 0 ? Optional.empty() : Optional.of(word.substring(equals + 1));
      if (given.isEmpty() && option.needsValue() && !option.name().equals("color")) {
        i++;
        if (i == words.size()) {
          throw new WrongLine("drbdsetup: option '" + word + "' requires an argument");
        }
        given = Optional.of(words.get(i));
      }
      String value = valueOf(option, given);
      if (option.name().equals(NODE)) {
        node = Optional.of(value);
      } else if (!option.name().equals(USE_BMBV)) {
        options.put(option.name().equals(OVERWRITE) ? "force" : option.name(), value);
      }
    }
    checkArguments(command, arguments);
    return new SetupLine(command, List.copyOf(arguments), options, node);
  }

  private static SetupOption option(SetupCommand command, String word) throws WrongLine {
    String name = word.startsWith("--") ? word.substring(2) : "";
    List<SetupOption> known = new ArrayList<>(command.options());
    known.add(new SetupOption(NODE, new SetupOption.Value.Text(), ""));
    if (command == SetupCommand.PRIMARY) {
      known.add(SetupOption.flag(OVERWRITE));
    }
    if (command == SetupCommand.ATTACH || command == SetupCommand.DISK_OPTIONS) {
      known.add(SetupOption.flag(USE_BMBV));
    }
    List<SetupOption> found = new ArrayList<>();
    for (SetupOption option : known) {
      if (option.name().equals(name)) {
        return option;
      }
      if (!name.isEmpty() && option.name().startsWith(name)) {
        found.add(option);
      }
    }
    if (found.size() != 1) {
      throw new WrongLine(
          found.isEmpty()
              ? "drbdsetup: unrecognized option '" + word + "'"
              : "drbdsetup: option '" + word + "' is ambiguous");
    }
    return found.getFirst();
  }

  private static String valueOf(SetupOption option, Optional<String> given) throws WrongLine {
    if (option.name().equals("color")) {
      String when = given.orElse("always");
      if (!List.of("always", "auto", "never").contains(when)) {
        throw new WrongLine("unknown --color argument");
      }
      return when;
    }
    // drbdadm hands a flag of the startup section on as a bare yes or no.
    if (option.name().equals("wait-after-sb")) {
      return given.orElse("yes").equals("no") || given.orElse("yes").equals("0") ? "no" : "yes";
    }
    if (given.isEmpty()) {
      return "yes";
    }
    return option
        .canonical(given.get())
        .orElseThrow(() ->
            new WrongLine(
                "Option --%s: invalid argument '%s'".formatted(option.name(), given.get())));
  }

  private static void checkArguments(SetupCommand command, List<String> arguments)
      throws WrongLine {
    int wanted = command.arguments().size();
    if (arguments.size() < wanted && !command.isAboutAll()) {
      throw new WrongLine("Missing argument '" + command.arguments().get(arguments.size()) + "'");
    }
    if (arguments.size() > wanted) {
      throw new WrongLine(
          "Excess arguments: " + String.join(" ", arguments.subList(wanted, arguments.size())));
    }
  }
}
