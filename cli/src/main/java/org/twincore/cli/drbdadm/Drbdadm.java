package org.twincore.cli.drbdadm;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import org.twincore.drbd.config.AddressChecks;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.NodeConfiguration;

/// The administrator's tool: `drbdadm COMMAND {all|RESOURCE...}`.
///
/// Exit codes are those of DRBD 8.4's drbdadm: 0 done, 1 usage or unknown resource, 10 invalid
/// configuration or refused, 20 failed, and others as drbdsetup gives them.
public final class Drbdadm {
  private final Invocation invocation;
  private final Console console;

  private Drbdadm(Invocation invocation, Console console) {
    this.invocation = invocation;
    this.console = console;
  }

  /// Runs one command line; returns its exit code.
  public static int run(
      String[] args, Map<String, String> env, InputStream in, PrintStream out, PrintStream err) {
    Console console = new Console(out, err, env);
    try {
      Invocation invocation = ArgumentParser.parse(List.of(args));
      return new Drbdadm(invocation, console).run(in);
    } catch (UsageException e) {
      console.complain(String.valueOf(e.getMessage()));
      return e.exitCode();
    } catch (ConfigException e) {
      console.complain(String.valueOf(e.getMessage()));
      return e.exitCode();
    } finally {
      out.flush();
      err.flush();
    }
  }

  private int run(InputStream in) throws UsageException, ConfigException {
    NodeConfiguration all = Loaded.configuration(invocation, console, in);
    Command command = invocation.command();
    if (Answers.knows(command)) {
      return answer(all);
    }
    throw UsageException.usage(command.word() + ": not there yet");
  }

  private int answer(NodeConfiguration all) throws UsageException {
    boolean forNode = invocation.command().scope() == Command.Scope.NONE;
    List<String> names = invocation.resources();
    if (forNode && !names.isEmpty()) {
      console.complain("This command will ignore resource names!");
    }
    boolean everything = names.isEmpty() || names.getFirst().equals("all");
    if (forNode || (isDump() && everything)) {
      return answerForNode(all);
    }
    if (everything) {
      for (Target target : Target.all(all, invocation)) {
        console.out().print(Answers.forTarget(invocation, all, target));
      }
      return 0;
    }
    for (String name : names) {
      Target target = Target.named(name, all, invocation);
      console.out().print(Answers.forTarget(invocation, all, target));
    }
    return 0;
  }

  private boolean isDump() {
    return invocation.command() == Command.DUMP || invocation.command() == Command.DUMP_XML;
  }

  private int answerForNode(NodeConfiguration all) {
    if (isDump() && !invocation.flags().dryRun()) {
      List<String> complaints = AddressChecks.complaints(all);
      complaints.forEach(console::complain);
      if (!complaints.isEmpty()) {
        return ConfigException.INVALID;
      }
    }
    console.out().print(Answers.forNode(invocation, all));
    return 0;
  }
}
