package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Option;

/// The help texts, in the layout of DRBD 8.4's drbdadm; a command's help also says what it does,
/// with an example.
final class Usage {
  /// What `--version` prints: assignments for a shell, of the tools whose place this takes. The
  /// kernel version is that of the DRBD that the node's status texts are like.
  static final String VERSION =
      """
      DRBDADM_BUILDTAG=twincore\\ 0.1.0
      DRBDADM_API_VERSION=1
      DRBD_KERNEL_VERSION_CODE=0x08040b
      DRBDADM_VERSION_CODE=0x091600
      DRBDADM_VERSION=9.22.0
      """;

  private static final String GENERAL =
      """
      GENERAL OPTIONS:
        --stacked, -S
        --dry-run, -d
        --verbose, -v
        --config-file=..., -c ...
        --config-to-test=..., -t ...
        --drbdsetup=..., -s ...
        --drbdmeta=..., -m ...
        --drbd-proxy-ctl=..., -p ...
        --sh-varname=..., -n ...
        --peer=..., -P ...
        --version, -V
        --setup-option=..., -W ...
        --help, -h
        --node=...

      """;

  private static final String CLOSING =
      """

      Version: 9.22.0 (api:1)
      Twincore 0.1.0
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
        text.append('\n');
      }
      text.append("WHAT IT DOES:\n  ").append(Purpose.of(about.get())).append('\n');
      text.append("\nEXAMPLE:\n  drbdadm ").append(Purpose.example(about.get())).append('\n');
    }
    return text.append(CLOSING).toString();
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
        text.append(left ? " " : "").append("%-35s".formatted(command.word()));
        text.append(left ? "" : "\n");
        left = !left;
      }
    }
    return left ? text.toString() : text.append('\n').toString();
  }

  private static List<String> options(Command command) {
    List<String> options = new ArrayList<>();
    boolean takesNo = !command.isMetadata() && command != Command.STATUS && command != Command.PROC;
    for (String own : command.own()) {
      options.add("--" + (own.endsWith("=") ? own + "..." : own + (takesNo ? "[=...]" : "")));
    }
    for (Option option : Option.values()) {
      if (command.section().filter(section -> section == option.section()).isPresent()) {
        boolean flag = option.type() instanceof Option.Type.Flag;
        options.add("--" + option.word() + (flag ? "[=...]" : "=..."));
      }
    }
    return options;
  }
}
