package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.twincore.drbd.config.Option;

/// Reads drbdadm's command line as getopt_long does: options before and after the command, long
/// ones abbreviated, `--` as their end. Words between a `--` and the command that follows are
/// handed on to drbdsetup, the spelling of DRBD 8.3: `drbdadm -- --overwrite-data-of-peer primary
/// all`.
final class ArgumentParser {
  /// The options that do not belong to a command.
  private enum General {
    STACKED('S', "stacked", false),
    DRY_RUN('d', "dry-run", false),
    VERBOSE('v', "verbose", false),
    CONFIG_FILE('c', "config-file", true),
    CONFIG_TO_TEST('t', "config-to-test", true),
    DRBDSETUP('s', "drbdsetup", true),
    DRBDMETA('m', "drbdmeta", true),
    DRBD_PROXY_CTL('p', "drbd-proxy-ctl", true),
    SH_VARNAME('n', "sh-varname", true),
    PEER('P', "peer", true),
    VERSION('V', "version", false),
    SETUP_OPTION('W', "setup-option", true),
    HELP('h', "help", false),
    NODE('\0', "node", true);

    private final char letter;
    private final String word;
    private final boolean takesValue;

    General(char letter, String word, boolean takesValue) {
      this.letter = letter;
      this.word = word;
      this.takesValue = takesValue;
    }
  }

  private final List<String> arguments;
  private int index;
  private Optional<Command> command = Optional.empty();
  private String word = "";
  private final List<String> resources = new ArrayList<>();
  private final List<String> handedOn = new ArrayList<>();
  private final Map<General, String> given = new EnumMap<>(General.class);

  private ArgumentParser(List<String> arguments) {
    this.arguments = arguments;
  }

  /// The long names of the options that do not belong to a command.
  static List<String> generalOptions() {
    return Arrays.stream(General.values()).map(option -> option.word).toList();
  }

  static Invocation parse(List<String> arguments) throws UsageException {
    return new ArgumentParser(arguments).parse();
  }

  private Invocation parse() throws UsageException {
    while (index < arguments.size()) {
      String argument = arguments.get(index++);
      if (argument.equals("--")) {
        afterDashes();
      } else if (argument.startsWith("--")) {
        longOption(argument.substring(2));
      } else if (argument.startsWith("-") && argument.length() > 1) {
        shortOptions(argument);
      } else {
        plain(argument);
      }
    }
    if (given.containsKey(General.VERSION)) {
      command = Optional.of(Command.VERSION);
    }
    return new Invocation(
        command.orElse(Command.HELP), word, List.copyOf(resources), List.copyOf(handedOn), flags());
  }

  private Invocation.Flags flags() {
    return new Invocation.Flags(
        given.containsKey(General.DRY_RUN),
        given.containsKey(General.VERBOSE),
        given.containsKey(General.STACKED),
        given.containsKey(General.HELP),
        Optional.ofNullable(given.get(General.CONFIG_FILE)),
        Optional.ofNullable(given.get(General.CONFIG_TO_TEST)),
        Optional.ofNullable(given.get(General.PEER)),
        Optional.ofNullable(given.get(General.NODE)));
  }

  private void plain(String argument) throws UsageException {
    if (command.isPresent()) {
      resources.add(argument);
      return;
    }
    word = argument;
    command = Command.of(argument).filter(found -> found != Command.VERSION);
    if (command.isEmpty()) {
      throw UsageException.usage("drbdadm: Unknown command '" + argument + "'");
    }
  }

  private void afterDashes() throws UsageException {
    while (index < arguments.size()) {
      String argument = arguments.get(index++);
      if (command.isEmpty() && Command.of(argument).isEmpty()) {
        handedOn.add(argument);
      } else {
        plain(argument);
      }
    }
    if (command.isEmpty() && !handedOn.isEmpty()) {
      throw UsageException.usage("drbdadm: Unknown command '" + handedOn.getFirst() + "'");
    }
  }

  private void shortOptions(String argument) throws UsageException {
    for (int i = 1; i < argument.length(); i++) {
      General option = general(argument.charAt(i));
      if (option.takesValue) {
        String rest = argument.substring(i + 1);
        take(option, rest.isEmpty() ? nextValue("-- '" + option.letter + "'") : rest);
        return;
      }
      take(option, "");
    }
  }

  private static General general(char letter) throws UsageException {
    for (General option : General.values()) {
      if (option.letter == letter) {
        return option;
      }
    }
    throw UsageException.usage("drbdadm: invalid option -- '" + letter + "'\ntry 'drbdadm help'");
  }

  private void take(General option, String value) {
    if (option == General.SETUP_OPTION) {
      handedOn.add(value);
    } else {
      given.put(option, value);
    }
  }

  private String nextValue(String shown) throws UsageException {
    if (index == arguments.size()) {
      throw UsageException.usage(
          "drbdadm: option requires an argument " + shown + "\ntry 'drbdadm help'");
    }
    return arguments.get(index++);
  }

  private void longOption(String text) throws UsageException {
    int equals = text.indexOf('=');
    String name = resolved(equals < 0 ? text : text.substring(0, equals));
    String value = equals < 0 ? "" : text.substring(equals + 1);
    for (General option : General.values()) {
      if (option.word.equals(name)) {
        if (equals >= 0 && !option.takesValue) {
          throw UsageException.usage("drbdadm: option '--" + name + "' doesn't allow an argument");
        }
        take(option, option.takesValue && equals < 0 ? nextValue("'--" + name + "'") : value);
        return;
      }
    }
    boolean needsValue = commandOptions().contains(name + "=");
    if (needsValue && equals < 0) {
      value = nextValue("'--" + name + "'");
    }
    handedOn.add(needsValue || equals >= 0 ? "--" + name + "=" + value : "--" + name);
  }

  /// The option's full name; an abbreviation must have one meaning.
  private String resolved(String name) throws UsageException {
    TreeSet<String> candidates = new TreeSet<>();
    for (General option : General.values()) {
      candidates.add(option.word);
    }
    commandOptions().forEach(option -> candidates.add(option.replace("=", "")));
    if (candidates.contains(name)) {
      return name;
    }
    List<String> starting = candidates.stream().filter(word -> word.startsWith(name)).toList();
    if (starting.size() == 1 && !name.isEmpty()) {
      return starting.getFirst();
    }
    String what = starting.isEmpty() ? "unrecognized option '--" : "ambiguous option '--";
    throw UsageException.usage("drbdadm: " + what + name + "'\ntry 'drbdadm help'");
  }

  /// The options of the command, or of all commands while it is not known; `name=` needs a value.
  private List<String> commandOptions() {
    List<Command> commands = command.map(List::of).orElseGet(() -> List.of(Command.values()));
    List<String> names = new ArrayList<>();
    for (Command each : commands) {
      names.addAll(each.own());
      each.section().ifPresent(section -> addSection(section, names));
    }
    return names;
  }

  private static void addSection(Option.Section section, List<String> names) {
    for (Option option : Option.values()) {
      if (option.section() == section) {
        names.add(option.type() instanceof Option.Type.Flag ? option.word() : option.word() + "=");
      }
    }
  }
}
