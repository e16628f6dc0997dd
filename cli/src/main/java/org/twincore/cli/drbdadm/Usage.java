package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Option;

/// The help texts.
final class Usage {
  private static final String GENERAL =
      """
      GENERAL OPTIONS:
        --stacked, -S
        --dry-run, -d
        --verbose, -v
        --config-file=..., -c ...
        --config-to-test=..., -t ...
        --peer=..., -P ...
        --node=...
        --version, -V
        --setup-option=..., -W ...
        --help, -h

      """;

  private Usage() {}

  /// The help of one command, or the list of commands.
  static String text(Optional<Command> about) {
    StringBuilder text = new StringBuilder();
    text.append("\nUSAGE: drbdadm ")
        .append(about.map(Command::word).orElse("COMMAND"))
        .append(" [OPTION...] {all|RESOURCE...}\n\n")
        .append(GENERAL);
    if (about.isEmpty()) {
      text.append("COMMANDS:\n").append(columns(Command.Group.DAILY));
    } else {
      List<String> options = options(about.get());
      if (!options.isEmpty()) {
        text.append("OPTIONS FOR ").append(about.get().word()).append(":\n");
        options.forEach(option -> text.append("  ").append(option).append('\n'));
      }
    }
    return text.append('\n').toString();
  }

  /// The commands that the general help leaves out.
  static String hidden() {
    return "\nFor shell scripts around drbdadm:\n\n"
        + columns(Command.Group.SHELL)
        + "\nTo run a handler by hand:\n\n"
        + columns(Command.Group.HANDLER)
        + "\nFor experts:\n\n"
        + columns(Command.Group.EXPERT)
        + "\n";
  }

  private static String columns(Command.Group group) {
    StringBuilder text = new StringBuilder();
    boolean left = true;
    for (Command command : Command.values()) {
      if (command.group() == group) {
        text.append(left ? " %-34s".formatted(command.word()) : command.word() + "\n");
        left = !left;
      }
    }
    return left ? text.toString() : text.append('\n').toString();
  }

  private static List<String> options(Command command) {
    List<String> options = new ArrayList<>();
    command.own().forEach(option -> options.add("--" + option.replace("=", "=...")));
    for (Option option : Option.values()) {
      if (command.section().filter(section -> section == option.section()).isPresent()) {
        boolean flag = option.type() instanceof Option.Type.Flag;
        options.add("--" + option.word() + (flag ? "[=...]" : "=..."));
      }
    }
    return options;
  }
}
