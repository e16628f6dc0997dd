package org.twincore.cli.drbdmeta;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.twincore.drbd.meta.MetadataLayout.Kind;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// One command line, taken apart: `[--force] [-v] MINOR v08 DEVICE INDEX COMMAND [ARGUMENTS]`,
/// options anywhere.
///
/// `values` are the options that belong to the command, by their long names.
record Invocation(
    Flags flags,
    int minor,
    Path device,
    Kind kind,
    Command command,
    List<String> arguments,
    Map<String, String> values,
    List<String> words) {
  static final String PEER_MAX_BIO_SIZE = "--peer-max-bio-size";
  static final String AL_STRIPES = "--al-stripes";
  static final String AL_STRIPE_SIZE = "--al-stripe-size-kB";
  static final String NODE_ID = "--node-id";

  private static final String FORCE = "--force";
  private static final String VERBOSE = "--verbose";
  private static final String IGNORE_SANITY_CHECKS = "--ignore-sanity-checks";
  private static final int FIXED_WORDS = 5;
  private static final int MINOR_MAX = (1 << 20) - 1;
  private static final int INDEX_MAX = 255;

  /// The options without a value.
  record Flags(boolean force, boolean verbose, boolean ignoreSanityChecks) {}

  /// A command line that asks for nothing yet: the usage is to be shown.
  static final class UsageWanted extends Exception {
    private static final long serialVersionUID = 1L;

    UsageWanted(String message) {
      super(message);
    }
  }

  static Invocation parse(String[] args) throws ToolFailure, UsageWanted {
    CommandLine.ParseResult result;
    try {
      result = new CommandLine(spec()).parseArgs(args);
    } catch (CommandLine.ParameterException wrong) {
      throw new UsageWanted("drbdmeta: " + wrong.getMessage());
    }
    List<String> words = result.matchedPositionalValue(0, List.<String>of());
    if (words.size() < FIXED_WORDS - 1) {
      throw new UsageWanted("");
    }
    if (!words.get(1).equals("v08")) {
      throw usage("Unknown format '" + words.get(1) + "': only v08 is known here.");
    }
    if (words.size() < FIXED_WORDS) {
      throw usage("command missing");
    }
    Command command =
        Command.named(words.get(4))
            .orElseThrow(() -> usage("Unknown command '" + words.get(4) + "'."));
    Map<String, String> values = new TreeMap<>();
    for (String name : List.of(PEER_MAX_BIO_SIZE, AL_STRIPES, AL_STRIPE_SIZE, NODE_ID)) {
      Optional<String> value = Optional.ofNullable(result.matchedOptionValue(name, (String) null));
      if (value.isPresent() && !command.options().contains(name)) {
        throw new UsageWanted("drbdmeta: " + command.word() + " has no option " + name);
      }
      value.ifPresent(text -> values.put(name, text));
    }
    return new Invocation(
        new Flags(
            result.hasMatchedOption(FORCE),
            result.hasMatchedOption(VERBOSE),
            result.hasMatchedOption(IGNORE_SANITY_CHECKS)),
        minor(words.get(0)),
        Path.of(words.get(2)),
        kind(words.get(3)),
        command,
        List.copyOf(words.subList(FIXED_WORDS, words.size())),
        values,
        List.of(args));
  }

  private static CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("drbdmeta");
    spec.addOption(flag(FORCE, "-f"));
    spec.addOption(flag(VERBOSE, "-v"));
    spec.addOption(flag(IGNORE_SANITY_CHECKS));
    spec.addOption(value(PEER_MAX_BIO_SIZE, "-p"));
    spec.addOption(value(AL_STRIPES, "-s"));
    spec.addOption(value(AL_STRIPE_SIZE, "-z"));
    spec.addOption(value(NODE_ID, "-i"));
    spec.addPositional(
        PositionalParamSpec.builder()
            .arity("0..*")
            .type(List.class)
            .auxiliaryTypes(String.class)
            .build());
    return spec;
  }

  /// The options by their long names.
  static List<String> optionNames() {
    return spec().options().stream().map(OptionSpec::longestName).toList();
  }

  private static OptionSpec flag(String... names) {
    return OptionSpec.builder(names).arity("0").type(boolean.class).build();
  }

  private static OptionSpec value(String... names) {
    return OptionSpec.builder(names).arity("1").type(String.class).build();
  }

  private static int minor(String word) throws ToolFailure {
    try {
      int minor = Integer.parseInt(word.startsWith("/dev/drbd") ? word.substring(9) : word);
      if (minor >= 0 && minor <= MINOR_MAX) {
        return minor;
      }
    } catch (NumberFormatException notNumber) {
      // said below
    }
    throw usage("'" + word + "' is not a valid minor number.");
  }

  private static Kind kind(String word) throws ToolFailure {
    switch (word) {
      case "internal", "flex-internal" -> {
        return new Kind.Internal();
      }
      case "flex-external" -> {
        return new Kind.FlexExternal();
      }
      default -> {
        try {
          int index = Integer.parseInt(word);
          if (index >= 0 && index <= INDEX_MAX) {
            return new Kind.Indexed(index);
          }
        } catch (NumberFormatException notNumber) {
          // said below
        }
        throw usage("'" + word + "' is not a valid index number.");
      }
    }
  }

  private static ToolFailure usage(String message) {
    return new ToolFailure(ToolFailure.USAGE, message);
  }
}
