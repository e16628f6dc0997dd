package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.config.Statement.Section;

/// Options of one section in the order of the file, an option given twice standing twice: the last
/// one counts. Immutable.
///
/// @param settings the options, oldest first
public record OptionList(List<Setting> settings) {
  /// No options.
  public static final OptionList EMPTY = new OptionList(List.of());

  public OptionList {
    settings = List.copyOf(settings);
  }

  /// The table's section for a section of the file.
  static Option.Section tableSection(Section section) {
    return switch (section) {
      case GLOBAL -> Option.Section.GLOBAL;
      case OPTIONS -> Option.Section.OPTIONS;
      case NET -> Option.Section.NET;
      case DISK -> Option.Section.DISK;
      case STARTUP -> Option.Section.STARTUP;
      case HANDLERS -> Option.Section.HANDLERS;
      case PROXY, PLUGIN -> throw new IllegalArgumentException(section.word() + " has no table");
    };
  }

  /// The first setting of that name.
  public Optional<Setting> first(String name) {
    return settings.stream().filter(setting -> setting.name().equals(name)).findFirst();
  }

  /// The setting of that name that counts: the last.
  public Optional<Setting> last(String name) {
    return settings.reversed().stream().filter(setting -> setting.name().equals(name)).findFirst();
  }

  public boolean isEmpty() {
    return settings.isEmpty();
  }

  OptionList plus(List<Setting> more) {
    List<Setting> all = new ArrayList<>(settings);
    all.addAll(more);
    return new OptionList(all);
  }

  /// These options, preceded by what only `wider` has; the order is that of drbdadm's command
  /// lines, where each added option goes to the front.
  OptionList inheriting(OptionList wider) {
    List<Setting> all = new ArrayList<>(settings);
    for (Setting setting : wider.settings) {
      if (all.stream().noneMatch(own -> own.name().equals(setting.name()))) {
        all.addFirst(setting);
      }
    }
    return new OptionList(all);
  }

  /// The values that count. A number that the table does not allow and the parser does not refuse
  /// reads as its default (`al-extents` as its nearest limit); [LateChecks] names it.
  public OptionValues values(Section section) {
    OptionValues values = OptionValues.DEFAULTS;
    for (Setting setting : settings) {
      Optional<Option> option = Option.of(tableSection(section), setting.name());
      if (option.isPresent()) {
        values = with(values, option.get(), setting);
      }
    }
    return values;
  }

  private static OptionValues with(OptionValues values, Option option, Setting setting) {
    String text = setting.text();
    return switch (option.type()) {
      case Option.Type.Flag _ -> values.with(option, !text.equals("no"));
      case Option.Type.Text _ -> values.with(option, text);
      case Option.Type.Word _ ->
          values.with(
              option,
              option == Option.ON_IO_ERROR && text.equals("panic") ? "call-local-io-error" : text);
      case Option.Type.Number type -> {
        OptionalLong number = Numbers.parse(text, type.unit());
        if (number.isEmpty()) {
          yield values;
        }
        long clamped = Math.clamp(number.getAsLong(), type.min(), type.max());
        yield clamped == number.getAsLong() || option == Option.AL_EXTENTS
            ? values.with(option, clamped)
            : values;
      }
    };
  }
}
