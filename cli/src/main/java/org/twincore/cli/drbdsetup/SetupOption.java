package org.twincore.cli.drbdsetup;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Option;

/// An option of a command of drbdsetup: its name, what values it takes, and in what a number
/// counts.
///
/// Most are rows of drbd.conf's table; the rest belongs to the commands.
record SetupOption(String name, Value value, String unit) {
  /// What stands behind the name.
  sealed interface Value {
    /// Nothing.
    record Nothing() implements Value {}

    /// `yes`, `no`, or nothing, which is yes.
    record Flag(boolean defaultValue) implements Value {}

    /// A number in a unit.
    record Number(Option.Unit unit, long defaultValue, long min, long max) implements Value {}

    /// One of a few words.
    record Word(List<String> words) implements Value {}

    /// Free text.
    record Text() implements Value {}

    /// An address of a link.
    record Address() implements Value {}

    /// A number that the help does not describe.
    record Loose() implements Value {}
  }

  /// drbdsetup has the other resource as a minor.
  private static final SetupOption RESYNC_AFTER =
      number(Option.RESYNC_AFTER.word(), Option.Unit.ONE, -1, -1, 1048575, "");

  static SetupOption nothing(String name) {
    return new SetupOption(name, new Value.Nothing(), "");
  }

  static SetupOption flag(String name) {
    return new SetupOption(name, new Value.Flag(false), "");
  }

  static SetupOption number(
      String name, Option.Unit unit, long defaultValue, long min, long max, String counts) {
    return new SetupOption(name, new Value.Number(unit, defaultValue, min, max), counts);
  }

  static SetupOption address(String name) {
    return new SetupOption(name, new Value.Address(), "");
  }

  static SetupOption loose(String name) {
    return new SetupOption(name, new Value.Loose(), "");
  }

  /// A row of drbd.conf's table.
  static SetupOption of(Option option) {
    if (option == Option.RESYNC_AFTER) {
      return RESYNC_AFTER;
    }
    Value value =
        switch (option.type()) {
          case Option.Type.Flag(boolean defaultValue) -> new Value.Flag(defaultValue);
          case Option.Type.Number type ->
              new Value.Number(type.unit(), type.defaultValue(), type.min(), type.max());
          case Option.Type.Word(String _, List<String> words) -> new Value.Word(words);
          case Option.Type.Text() -> new Value.Text();
        };
    return new SetupOption(option.word(), value, option.counted());
  }

  /// Whether the next word is the value where none stands behind `=`.
  boolean needsValue() {
    return switch (value) {
      case Value.Nothing _, Value.Flag _ -> false;
      case Value.Number _, Value.Word _, Value.Text _, Value.Address _, Value.Loose _ -> true;
    };
  }

  /// The canonical spelling of a value, as requests carry it; empty if it is none.
  Optional<String> canonical(String text) {
    return switch (value) {
      case Value.Nothing _ -> Optional.empty();
      case Value.Flag _ ->
          text.equals("yes") || text.equals("no") ? Optional.of(text) : Optional.empty();
      case Value.Number number -> canonical(number, text);
      case Value.Word(List<String> words) ->
          words.contains(text) ? Optional.of(text) : Optional.empty();
      case Value.Text _ -> Optional.of(text);
      case Value.Address _ -> SetupAddress.canonical(text);
      case Value.Loose _ ->
          text.matches("[0-9]{1,9}")
              ? Optional.of(Long.toString(Long.parseLong(text)))
              : Optional.empty();
    };
  }

  /// al-extents is brought into its range by the node, as by the kernel.
  private Optional<String> canonical(Value.Number number, String text) {
    if (text.equals("-1") && number.min() == -1) {
      return Optional.of(text);
    }
    boolean isClamped = name.equals(Option.AL_EXTENTS.word());
    return number.unit().parse(text).stream()
        .filter(it -> isClamped || (it >= number.min() && it <= number.max()))
        .mapToObj(Long::toString)
        .findFirst();
  }
}
