package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;

/// In which options two sets of values differ, a missing one counting as its default.
final class Difference {
  private Difference() {}

  /// The wanted options, each as `--name=value`, if any option differs; else empty. All are listed
  /// because they replace the running ones together.
  static Optional<List<String>> of(
      Option.Section section, OptionValues wanted, OptionValues running) {
    boolean differs = false;
    List<String> lines = new ArrayList<>();
    for (Option option : Option.values()) {
      if (option.section() == section && isRuntime(option)) {
        differs |= !effective(option, wanted).equals(effective(option, running));
        wanted.text(option).ifPresent(text -> lines.add("--" + option.word() + "=" + text));
      }
    }
    return differs ? Optional.of(List.copyOf(lines)) : Optional.empty();
  }

  /// Not what is accepted and has no effect, nor the size, which attaching and `resize` settle:
  /// drbdsetup's disk-options does not take it.
  private static boolean isRuntime(Option option) {
    return switch (option) {
      case MAX_BIO_BVECS, USE_BMBV, SIZE -> false;
      default -> true;
    };
  }

  private static Object effective(Option option, OptionValues values) {
    return switch (option.type()) {
      case Option.Type.Number _ -> values.num(option);
      case Option.Type.Flag _ -> values.flag(option);
      case Option.Type.Word _, Option.Type.Text _ -> values.word(option);
    };
  }
}
