package org.twincore.cli.drbdadm;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.cli.client.NodeLine;
import org.twincore.drbd.config.AddressChecks;
import org.twincore.drbd.config.ConfigException;
import org.twincore.drbd.config.LateChecks;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.RunningResource;

/// One command on a configuration: finds its targets, lets steps be made for them and run.
final class Execution {
  private static final int STOPS_THE_REST = 20;

  private final Invocation invocation;
  private final Console console;
  private final NodeConfiguration all;
  private final NodeLine node;
  private final StepRunner runner;
  private final InputStream in;

  Execution(
      Invocation invocation,
      Console console,
      NodeConfiguration all,
      NodeLine node,
      InputStream in) {
    this.invocation = invocation;
    this.console = console;
    this.all = all;
    this.node = node;
    this.in = in;
    this.runner =
        new StepRunner(
            invocation, console, node, new MetadataTool(console, in), CommandLimits.of(all));
  }

  int run() throws UsageException, IOException {
    Command command = invocation.command();
    boolean named = !invocation.resources().isEmpty();
    if (command.scope() == Command.Scope.NONE) {
      if (named) {
        console.complain("This command will ignore resource names!");
      }
      return runForNode();
    }
    if (!named && command.scope() != Command.Scope.OPTIONAL) {
      console.out().print(Usage.text(Optional.of(command)));
      console.say("\nNo resource names specified");
      return 1;
    }
    if (!invocation.flags().dryRun() && !Answers.knows(command)) {
      GivenOptions.refuseUnknown(invocation);
    }
    boolean everything = !named || invocation.resources().getFirst().equals("all");
    if (everything && isDump()) {
      return runForNode();
    }
    return switch (command) {
      case UP, ADJUST, ADJUST_WITH_PROGRESS -> inStages(targets(everything));
      default -> everything ? one(Target.all(all, invocation)) : oneByOne();
    };
  }

  private boolean isDump() {
    return invocation.command() == Command.DUMP || invocation.command() == Command.DUMP_XML;
  }

  private int runForNode() throws UsageException, IOException {
    if (isDump() && !invocation.flags().dryRun()) {
      List<String> complaints = AddressChecks.complaints(all);
      complaints.forEach(console::complain);
      if (!complaints.isEmpty()) {
        return ConfigException.INVALID;
      }
    }
    if (Answers.knows(invocation.command())) {
      console.out().print(Answers.forNode(invocation, all));
      return 0;
    }
    return new NodeSteps(invocation, all, node, runner, console, in).run();
  }

  private List<Target> targets(boolean everything) throws UsageException {
    if (everything) {
      return Target.all(all, invocation);
    }
    List<Target> targets = new ArrayList<>();
    for (String name : invocation.resources()) {
      targets.add(Target.named(name, all, invocation));
    }
    return targets;
  }

  /// Each name is looked at only when those before it are done.
  private int oneByOne() throws UsageException {
    int worst = 0;
    for (String name : invocation.resources()) {
      worst = Math.max(worst, one(List.of(Target.named(name, all, invocation))));
      if (worst >= STOPS_THE_REST) {
        return worst;
      }
    }
    return worst;
  }

  private int one(List<Target> targets) throws UsageException {
    int worst = 0;
    for (Target target : targets) {
      if (Answers.knows(invocation.command())) {
        console.out().print(Answers.forTarget(invocation, all, target));
        continue;
      }
      if (!mayStart(target.resource())) {
        return ConfigException.INVALID;
      }
      for (Step step : new ResourceSteps(invocation, all).of(target)) {
        worst = Math.max(worst, runner.run(step));
        if (worst >= STOPS_THE_REST) {
          return worst;
        }
      }
    }
    return worst;
  }

  /// What the file may say and a node cannot do is refused before the first step.
  private boolean mayStart(NodeResource resource) {
    Command command = invocation.command();
    boolean starts =
        switch (command) {
          case UP, ADJUST, ADJUST_WITH_PROGRESS, NEW_RESOURCE, ATTACH, CONNECT -> true;
          default -> false;
        };
    if (!starts || invocation.flags().dryRun()) {
      return true;
    }
    List<String> complaints = new ArrayList<>(LateChecks.complaints(resource, all));
    AddressChecks.complaint(resource, all).ifPresent(complaints::add);
    if (command != Command.ATTACH && command != Command.NEW_RESOURCE) {
      UpSteps up =
          new UpSteps(resource, invocation.flags().peer(), List.of(), all.configuration().file());
      if (up.config().peer().isEmpty()) {
        complaints.add(up.noPeer());
      }
    }
    complaints.forEach(console::complain);
    LateChecks.warnings(resource).forEach(console::complain);
    return complaints.isEmpty();
  }

  private int inStages(List<Target> targets) throws UsageException, IOException {
    StagedSteps staged = new StagedSteps();
    for (Target target : targets) {
      if (!mayStart(target.resource())) {
        return ConfigException.INVALID;
      }
      UpSteps up =
          new UpSteps(
              target.resource(),
              invocation.flags().peer(),
              invocation.handedOn(),
              all.configuration().file());
      if (invocation.command() == Command.UP) {
        staged.addUp(target, up);
      } else {
        addAdjust(target.resource(), up, staged);
      }
    }
    return run(staged);
  }

  private void addAdjust(NodeResource resource, UpSteps up, StagedSteps staged)
      throws UsageException, IOException {
    Optional<RunningResource> running = running(resource.name());
    if (running.isPresent()) {
      new AdjustSteps(resource, up, staged).add(running.get());
    } else {
      AdjustSteps.addAll(resource, up, staged);
    }
  }

  private Optional<RunningResource> running(String name) throws UsageException, IOException {
    if (invocation.flags().dryRun() && !node.isThere()) {
      return Optional.empty();
    }
    AdminRequest show =
        new AdminRequest.Report(AdminRequest.ReportKind.SHOW, Optional.of(name), List.of());
    if (!(node.ask(show) instanceof AdminAnswer.Text(String text))) {
      return Optional.empty();
    }
    try {
      return RunningResource.read(text).stream()
          .filter(resource -> resource.name().equals(name))
          .findFirst();
    } catch (ConfigException e) {
      throw UsageException.of(String.valueOf(e.getMessage()), STOPS_THE_REST);
    }
  }

  private int run(StagedSteps staged) {
    if (invocation.command() != Command.ADJUST_WITH_PROGRESS || isShown()) {
      return run(staged, Optional.empty());
    }
    Progress progress =
        invocation.has("minors")
            ? new MinorsProgress(console.out())
            : new StageProgress(console.out());
    int code = run(staged, Optional.of(progress));
    progress.end();
    return code;
  }

  private boolean isShown() {
    return invocation.flags().dryRun() || invocation.flags().verbose();
  }

  private int run(StagedSteps staged, Optional<Progress> progress) {
    int worst = 0;
    Set<String> failed = new HashSet<>();
    for (StagedSteps.Owned owned : staged.ordered()) {
      String name = owned.resource().name();
      if (failed.contains(name)) {
        progress.ifPresent(shown -> shown.skipped(owned));
        continue;
      }
      progress.ifPresent(shown -> shown.begin(owned));
      int code = runner.run(owned.step());
      if (code != 0) {
        failed.add(name);
        progress.ifPresentOrElse(
            shown -> shown.failed(code),
            () -> console.complain(name + ": what remains is left out after this failure"));
      }
      worst = Math.max(worst, code);
    }
    return worst;
  }
}
