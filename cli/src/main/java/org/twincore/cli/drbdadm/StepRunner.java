package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.cli.client.NodeLine;
import org.twincore.cli.client.NodeLine.VolumeInNode;
import org.twincore.cli.client.VolumeAnswers;
import org.twincore.cli.drbdmeta.GenerationLegend;

/// Carries out steps, one after the other; each gives an exit code.
final class StepRunner {
  private static final int FAILED = 20;
  private static final int NO_MINOR = 127;

  /// As often as drbdadm does, and so long apart.
  private static final int TRIES_MAX = 5;

  private static final long BETWEEN_TRIES_MILLIS = 1_000;

  /// As drbdadm's own limit.
  private static final long HANDLER_SECONDS_MAX = 600;

  /// Numbers that say that the node does not have the disk: 127 no minor, 138 no disk, 158 no
  /// resource.
  private static final Set<Integer> NOT_CONFIGURED = Set.of(NO_MINOR, 138, 158);

  private static final int DISKLESS = -11;

  private final Invocation invocation;
  private final Console console;
  private final NodeLine node;
  private final MetadataTool metadata;
  private final CommandLimits limits;

  StepRunner(
      Invocation invocation,
      Console console,
      NodeLine node,
      MetadataTool metadata,
      CommandLimits limits) {
    this.invocation = invocation;
    this.console = console;
    this.node = node;
    this.metadata = metadata;
    this.limits = limits;
  }

  int run(Step step) {
    Invocation.Flags flags = invocation.flags();
    if (flags.dryRun() || flags.verbose()) {
      step.lines()
          .forEach(line ->
              console.say(flags.dryRun() ? CommandLine.shown(line) : CommandLine.forLogs(line)));
    }
    if (flags.dryRun()) {
      return 0;
    }
    try {
      return carryOut(step);
    } catch (IOException e) {
      console.complain(String.valueOf(e.getMessage()));
      return FAILED;
    }
  }

  private int carryOut(Step step) throws IOException {
    return switch (step) {
      case Step.Ask ask -> ask(ask);
      case Step.Insist(Step.Ask ask) -> insist(ask);
      case Step.Metadata tool -> metadata.run(tool.arguments());
      case Step.AskOrMetadata(Step.Ask ask, Step.Metadata otherwise) -> askOr(ask, otherwise);
      case Step.CheckResize(Step.Ask ask, var _, Step.Metadata otherwise) -> askOr(ask, otherwise);
      case Step.Query query -> query(query);
      case Step.Handler handler -> handler(handler);
      case Step.Implied _ -> 0;
      case Step.Refused(List<String> _, String why) -> {
        console.complain(why);
        yield FAILED;
      }
    };
  }

  private int ask(Step.Ask ask) throws IOException {
    return tell(ask.line(), answer(ask));
  }

  /// What the node says within the command's limit.
  private AdminAnswer answer(Step.Ask ask) throws IOException {
    long seconds = limits.seconds(ask.request());
    return node.ask(ask.request(), seconds)
        .orElseGet(() ->
            new AdminAnswer.Failed(
                "Command '%s' did not terminate within %d seconds"
                    .formatted(CommandLine.forLogs(ask.line()), seconds)));
  }

  private int insist(Step.Ask ask) throws IOException {
    AdminAnswer answer = answer(ask);
    for (int tries = 1; tries < TRIES_MAX && isRefused(answer); tries++) {
      try {
        Thread.sleep(BETWEEN_TRIES_MILLIS); // what was in the way says nothing when it is over
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        break;
      }
      answer = answer(ask);
    }
    return tell(ask.line(), answer);
  }

  private static boolean isRefused(AdminAnswer answer) {
    return answer instanceof AdminAnswer.Result result && !result.isSuccess();
  }

  private int askOr(Step.Ask ask, Step.Metadata otherwise) throws IOException {
    if (!node.isThere()) {
      return metadata.run(otherwise.arguments());
    }
    AdminAnswer answer = answer(ask);
    boolean hasNoDisk =
        answer instanceof AdminAnswer.Result(Kind kind, int number, String _)
            && ((kind == Kind.CONFIG && NOT_CONFIGURED.contains(number))
                || (kind == Kind.STATE && number == DISKLESS));
    return hasNoDisk ? metadata.run(otherwise.arguments()) : tell(ask.line(), answer);
  }

  /// Prints an answer and gives its exit code.
  int tell(List<String> line, AdminAnswer answer) {
    return switch (answer) {
      case AdminAnswer.Text(String text) -> {
        console.out().print(text);
        yield 0;
      }
      case AdminAnswer.Result result -> {
        if (!result.isSuccess()) {
          complain(line, result);
        }
        yield result.exitCode();
      }
      case AdminAnswer.Failed(String text) -> {
        console.complain(text);
        yield FAILED;
      }
      case AdminAnswer.Status _, AdminAnswer.Info _, AdminAnswer.Line _, AdminAnswer.End _ -> {
        console.complain("the node gave an answer of the wrong kind");
        yield FAILED;
      }
    };
  }

  private void complain(List<String> line, AdminAnswer.Result result) {
    String object = line.size() > 2 ? line.get(2) : "";
    String what =
        switch (result.kind()) {
          case STATE -> "State change failed";
          case CONFIG -> "Failure";
          case WAIT -> "timed out";
        };
    if (result.kind() != Kind.WAIT) {
      console.complain("%s: %s: (%d) %s".formatted(object, what, result.number(), result.text()));
    }
    console.complain(
        "Command '%s' terminated with exit code %d"
            .formatted(CommandLine.forLogs(line), result.exitCode()));
  }

  private int query(Step.Query query) throws IOException {
    if (query.otherwise().isPresent() && !node.isThere()) {
      return metadata.run(query.otherwise().get().arguments());
    }
    Optional<VolumeInNode> found = node.volume(query.minor());
    // A volume without a disk still has a state; its generations stand only in the metadata.
    boolean hasAnswer =
        found.isPresent()
            && (query.command() == Command.DSTATE
                || !VolumeAnswers.isDiskless(found.get().volume()));
    if (!hasAnswer && query.otherwise().isPresent()) {
      return metadata.run(query.otherwise().get().arguments());
    }
    if (found.isEmpty()) {
      return tell(
          query.line(),
          new AdminAnswer.Result(Kind.CONFIG, NO_MINOR, "Device minor not allocated"));
    }
    switch (query.command()) {
      case ROLE -> console.say(VolumeAnswers.role(found.get().volume()));
      case CSTATE -> console.say(VolumeAnswers.connection(found.get().volume()));
      case DSTATE -> console.say(VolumeAnswers.disks(found.get().volume()));
      case GET_GI -> console.say(VolumeAnswers.generations(found.get().volume()));
      case SHOW_GI ->
          GenerationLegend.print(console.out(), VolumeAnswers.generations(found.get().volume()));
      default -> throw new IllegalStateException("no question: " + query.command().word());
    }
    return 0;
  }

  private int handler(Step.Handler handler) throws IOException {
    console.out().flush();
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", handler.command()).inheritIO();
    for (String variable : handler.environment()) {
      int equals = variable.indexOf('=');
      builder.environment().put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    try {
      Process program = builder.start();
      if (program.waitFor(HANDLER_SECONDS_MAX, TimeUnit.SECONDS)) {
        return program.exitValue();
      }
      console.complain(
          "Command '%s' did not terminate within %d seconds"
              .formatted(handler.command(), HANDLER_SECONDS_MAX));
      program.descendants().forEach(ProcessHandle::destroyForcibly);
      program.destroyForcibly();
      return FAILED;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }
}
