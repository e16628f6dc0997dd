package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionList;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.config.Position;
import org.twincore.drbd.config.Setting;
import org.twincore.drbd.config.Statement.Section;

/// Options of a drbd.conf section that stand on the command line, and option values as requests
/// carry them.
final class GivenOptions {
  private static final Position COMMAND_LINE = new Position("command line", 1, 1);

  /// Spellings of `--force` by version.
  private static final List<String> ALWAYS_KNOWN =
      List.of("--force", "--overwrite-data-of-peer", "--do-what-I-say", "-f", "-o");

  private GivenOptions() {}

  /// The values of those handed-on words that are options of the section; others are left alone.
  static OptionValues of(Section section, Option.Section table, List<String> handedOn)
      throws UsageException {
    List<Setting> settings = new ArrayList<>();
    for (String word : handedOn) {
      int equals = word.indexOf('=');
      String name =
          word.startsWith("--") ? word.substring(2, equals < 0 ? word.length() : equals) : "";
      Optional<Option> option = Option.of(table, name);
      if (option.isPresent()) {
        String value = equals < 0 ? "yes" : word.substring(equals + 1);
        settings.add(setting(option.get(), value));
      }
    }
    return new OptionList(settings).values(section);
  }

  private static Setting setting(Option option, String value) throws UsageException {
    Setting setting = new Setting(COMMAND_LINE, option.word(), Optional.of(value), false);
    boolean fits =
        switch (option.type()) {
          case Option.Type.Number _ -> Option.isNumber(option, value);
          case Option.Type.Flag _ -> value.equals("yes") || value.equals("no");
          case Option.Type.Word type -> type.words().contains(value);
          case Option.Type.Text _ -> true;
        };
    if (!fits) {
      throw UsageException.of("--" + option.word() + ": invalid value '" + value + "'", 20);
    }
    return setting;
  }

  /// What is set, by name, in the table's order.
  static Map<String, String> named(OptionValues values) {
    Map<String, String> named = new LinkedHashMap<>();
    for (Option option : values.set().keySet()) {
      values.text(option).ifPresent(text -> named.put(option.word(), text));
    }
    return named;
  }

  /// Refuses a word that the command does not know; drbdsetup would.
  static void refuseUnknown(Invocation invocation) throws UsageException {
    Command command = invocation.command();
    List<String> known = new ArrayList<>(ALWAYS_KNOWN);
    command.own().forEach(name -> known.add("--" + name.replace("=", "")));
    for (Option option : Option.values()) {
      boolean isOwn = command.section().filter(section -> section == option.section()).isPresent();
      if (isOwn || command == Command.UP || command.isMetadata()) {
        known.add("--" + option.word());
      }
    }
    for (String word : invocation.handedOn()) {
      int equals = word.indexOf('=');
      boolean isOption = word.startsWith("-");
      if (isOption && !known.contains(equals < 0 ? word : word.substring(0, equals))) {
        throw UsageException.of("unrecognized option '" + word + "'", 20);
      }
      if (equals > 0) {
        refuseWrongFlag(command, word.substring(0, equals), word.substring(equals + 1));
      }
    }
  }

  /// A flag of the command's own is yes or no.
  private static void refuseWrongFlag(Command command, String option, String value)
      throws UsageException {
    boolean isFlag =
        ALWAYS_KNOWN.contains(option)
            || command.own().stream().anyMatch(own -> option.equals("--" + own));
    if (isFlag && !value.equals("yes") && !value.equals("no")) {
      throw UsageException.of(option + ": invalid value '" + value + "'", 20);
    }
  }
}
