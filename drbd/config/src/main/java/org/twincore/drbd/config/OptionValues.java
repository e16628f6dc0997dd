package org.twincore.drbd.config;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/// The values of a set of options; what is not set reads as the table's default. Immutable.
///
/// Numbers are in the option's own unit (see [Option.Type.Number]): `resync-rate` in KiB/s, `size`
/// in sectors, `timeout` in tenths of a second.
public final class OptionValues {
  /// Nothing set: all defaults.
  public static final OptionValues DEFAULTS = new OptionValues(new EnumMap<>(Option.class));

  private final EnumMap<Option, Object> values;

  private OptionValues(EnumMap<Option, Object> values) {
    this.values = values;
  }

  /// The number of an option of type Number.
  public long num(Option option) {
    Object value = values.get(option);
    if (value instanceof Long number) {
      return number;
    }
    if (option.type() instanceof Option.Type.Number number) {
      return number.defaultValue();
    }
    throw new IllegalArgumentException(option.word() + " is no number");
  }

  /// The setting of an option of type Flag.
  public boolean flag(Option option) {
    Object value = values.get(option);
    if (value instanceof Boolean flag) {
      return flag;
    }
    if (option.type() instanceof Option.Type.Flag flag) {
      return flag.defaultValue();
    }
    throw new IllegalArgumentException(option.word() + " is no flag");
  }

  /// The word or text of an option of type Word or Text.
  public String word(Option option) {
    Object value = values.get(option);
    if (value instanceof String text) {
      return text;
    }
    if (option.type() instanceof Option.Type.Word word) {
      return word.defaultValue();
    }
    if (option.type() instanceof Option.Type.Text) {
      return "";
    }
    throw new IllegalArgumentException(option.word() + " is no word");
  }

  /// Whether the option was given rather than defaulted.
  public boolean isSet(Option option) {
    return values.containsKey(option);
  }

  public OptionValues with(Option option, long number) {
    return withChecked(option, number, option.type() instanceof Option.Type.Number);
  }

  public OptionValues with(Option option, boolean flag) {
    return withChecked(option, flag, option.type() instanceof Option.Type.Flag);
  }

  public OptionValues with(Option option, String word) {
    boolean fits =
        switch (option.type()) {
          case Option.Type.Word _, Option.Type.Text _ -> true;
          case Option.Type.Number _, Option.Type.Flag _ -> false;
        };
    return withChecked(option, word, fits);
  }

  private OptionValues withChecked(Option option, Object value, boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException(option.word() + " does not take " + value);
    }
    EnumMap<Option, Object> copy = new EnumMap<>(values);
    copy.put(option, value);
    return new OptionValues(copy);
  }

  /// These values, with all that `over` sets taking their place.
  public OptionValues overriddenBy(OptionValues over) {
    EnumMap<Option, Object> copy = new EnumMap<>(values);
    copy.putAll(over.values);
    return new OptionValues(copy);
  }

  /// What is set, in table order, values as Long, Boolean or String.
  public Map<Option, Object> set() {
    return new EnumMap<>(values);
  }

  /// The set value as the file would spell it, empty if defaulted.
  public Optional<String> text(Option option) {
    return Optional.ofNullable(values.get(option))
        .map(value -> value instanceof Boolean flag ? (flag ? "yes" : "no") : value.toString());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OptionValues that && values.equals(that.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
