package org.twincore.cli.drbdadm;

import java.io.InputStream;
import java.util.List;
import org.twincore.cli.conf.ConfigFiles;
import org.twincore.cli.conf.ThisNode;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.Configuration;
import org.twincore.drbd.config.LocalNode;
import org.twincore.drbd.config.NodeChecks;
import org.twincore.drbd.config.NodeConfiguration;

/// Reads the configuration as a command needs it.
final class Loaded {
  private Loaded() {}

  /// As written for a dump, merged for one in a dry run, and also translated for all else.
  static NodeConfiguration configuration(Invocation invocation, Console console, InputStream in)
      throws ConfigException {
    Invocation.Flags flags = invocation.flags();
    String file = flags.configFile().orElseGet(ConfigFiles::defaultFile);
    List<String> further = flags.configToTest().map(List::of).orElse(List.of());
    Configuration read = Configuration.read(new ConfigFiles(in), file, further);
    LocalNode node = ThisNode.of(ThisNode.name(flags.node(), console.environment()));
    NodeConfiguration.Match match =
        invocation.command() == Command.PROXY_UP || invocation.command() == Command.PROXY_DOWN
            ? NodeConfiguration.Match.PROXY
            : NodeConfiguration.Match.HOST;
    if (needsNamesOnly(invocation.command())) {
      NodeConfiguration named = NodeConfiguration.tolerant(read, node, match);
      named.warnings().forEach(console::complain);
      named.faults().forEach(console::complain);
      return named;
    }
    NodeConfiguration local = NodeConfiguration.of(read, node, match);
    NodeConfiguration wanted = isDump(invocation) && !flags.dryRun() ? local : local.merged();
    NodeConfiguration checked =
        isDump(invocation)
            ? NodeChecks.forDump(wanted, flags.peer())
            : NodeChecks.forUse(wanted, flags.peer());
    checked.warnings().forEach(console::complain);
    return checked;
  }

  private static boolean needsNamesOnly(Command command) {
    return switch (command) {
      case SH_NOP, SH_RESOURCES, SH_MOD_PARMS -> true;
      default -> false;
    };
  }

  private static boolean isDump(Invocation invocation) {
    return invocation.command() == Command.DUMP || invocation.command() == Command.DUMP_XML;
  }
}
