package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.cli.client.NodeLine;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.NodeConfiguration;

/// The administrator's tool: `drbdadm COMMAND {all|RESOURCE...}`.
///
/// Exit codes are those of DRBD 8.4's drbdadm: 0 done, 1 usage or unknown resource, 10 invalid
/// configuration or refused, 20 failed, and others as drbdsetup gives them.
public final class Drbdadm {
  private static final int FAILED = 20;

  private final Invocation invocation;
  private final Console console;
  private final InputStream in;

  private Drbdadm(Invocation invocation, Console console, InputStream in) {
    this.invocation = invocation;
    this.console = console;
    this.in = in;
  }

  /// Runs one command line; returns its exit code.
  public static int run(
      String[] args, Map<String, String> env, InputStream in, PrintStream out, PrintStream err) {
    Console console = new Console(out, err, env);
    try {
      Invocation invocation = ArgumentParser.parse(List.of(args));
      return new Drbdadm(invocation, console, in).run();
    } catch (UsageException e) {
      console.complain(String.valueOf(e.getMessage()));
      return e.exitCode();
    } catch (ConfigException e) {
      console.complain(String.valueOf(e.getMessage()));
      return e.exitCode();
    } catch (IOException e) {
      console.complain(String.valueOf(e.getMessage()));
      return FAILED;
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int run() throws UsageException, ConfigException, IOException {
    Command command = invocation.command();
    if (command == Command.VERSION) {
      console.out().print(Usage.VERSION);
      return 0;
    }
    if (invocation.flags().help() || command == Command.HELP) {
      return help();
    }
    if (command == Command.HIDDEN_COMMANDS) {
      console.out().print(Usage.hidden());
      return 0;
    }
    if (invocation.word().equals("state")) {
      console.complain("'drbdadm state' is deprecated, use 'drbdadm role'");
    }
    try (NodeLine node = new NodeLine(invocation.flags().node(), console.environment())) {
      if (command == Command.PROC) {
        // Also in a dry run: it changes nothing, and no command of DRBD's stands for it.
        return runner(node).tell(List.of("proc"), node.ask(StatusRequest.proc(invocation)));
      }
      NodeConfiguration all = Loaded.configuration(invocation, console, in);
      Optional<Integer> answered =
          command == Command.STATUS && !invocation.flags().dryRun() ? ask(node) : Optional.empty();
      return answered.isPresent()
          ? answered.get()
          : new Execution(invocation, console, all, node, in).run();
    }
  }

  private int help() {
    Optional<Command> about =
        invocation.command() == Command.HELP
            ? invocation.resources().stream().findFirst().flatMap(Command::of)
            : Optional.of(invocation.command());
    console.out().print(Usage.text(about));
    if (invocation.word().isEmpty() && !invocation.flags().help()) {
      console.say("\nNo command specified");
      return 1;
    }
    return 0;
  }

  private StepRunner runner(NodeLine node) {
    return new StepRunner(
        invocation, console, node, new MetadataTool(console, in), CommandLimits.NONE);
  }

  /// The status as the node has it; empty if the configuration must explain an unknown name.
  private Optional<Integer> ask(NodeLine node) throws IOException {
    List<String> names = invocation.resources();
    if (names.isEmpty() || names.getFirst().equals("all")) {
      AdminRequest status = StatusRequest.of(invocation, Optional.empty());
      return Optional.of(runner(node).tell(List.of("status"), node.ask(status)));
    }
    StringBuilder texts = new StringBuilder();
    for (String name : names) {
      AdminAnswer answer = node.ask(StatusRequest.of(invocation, Optional.of(name)));
      if (!(answer instanceof AdminAnswer.Text(String text))) {
        return Optional.empty();
      }
      texts.append(text);
    }
    console.out().print(texts);
    return Optional.of(0);
  }
}
