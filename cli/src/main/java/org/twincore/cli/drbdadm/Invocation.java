package org.twincore.cli.drbdadm;

import java.util.List;
import java.util.Optional;

/// A command line of drbdadm, read.
///
/// @param command the command
/// @param word the command as it was spelled
/// @param resources what it is to work on: names, `NAME/VOLUME`, `minor-N`, or `all`
/// @param handedOn what drbdsetup is handed on: options of the command, each as `--name` or
///   `--name=value`, the words between `--` and the command, and those of `-W`
/// @param flags the general options
record Invocation(
    Command command, String word, List<String> resources, List<String> handedOn, Flags flags) {

  /// General options.
  ///
  /// @param dryRun print what would be done
  /// @param verbose print what is done
  /// @param stacked work on stacked resources
  /// @param help print the usage
  /// @param configFile the file to read
  /// @param configToTest a further file
  /// @param peer the peer where there is a choice
  /// @param node the name of this node
  record Flags(
      boolean dryRun,
      boolean verbose,
      boolean stacked,
      boolean help,
      Optional<String> configFile,
      Optional<String> configToTest,
      Optional<String> peer,
      Optional<String> node) {}

  /// Whether the flag is given, and not last as `=no`; also among the words behind `--`, where old
  /// scripts write it.
  boolean has(String name) {
    String word = "--" + name;
    return handedOn.reversed().stream()
        .filter(option -> option.equals(word) || option.startsWith(word + "="))
        .findFirst()
        .filter(option -> !option.equals(word + "=no"))
        .isPresent();
  }

  /// The value of an option, the last one if it is given twice.
  Optional<String> value(String name) {
    String start = "--" + name + "=";
    return handedOn.reversed().stream()
        .filter(option -> option.startsWith(start))
        .findFirst()
        .map(option -> option.substring(start.length()));
  }
}
