package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// The steps of a command that is carried out resource by resource, in the order of the names.
final class ResourceSteps {
  private static final String FORCE = "--force";
  private static final List<String> PRIMARY_BY_FORCE =
      List.of(FORCE, "--overwrite-data-of-peer", "--do-what-I-say", "-f", "-o");

  private final Invocation invocation;
  private final NodeConfiguration all;

  ResourceSteps(Invocation invocation, NodeConfiguration all) {
    this.invocation = invocation;
    this.all = all;
  }

  /// Whether [#of] knows the command; `up` and `adjust` go by stages.
  static boolean knows(Command command) {
    return switch (command) {
      case UP, ADJUST, ADJUST_WITH_PROGRESS -> false;
      default -> !Answers.knows(command) && command.scope() != Command.Scope.NONE;
    };
  }

  /// The steps for one target.
  List<Step> of(Target target) throws UsageException {
    return switch (invocation.command()) {
      case NEW_RESOURCE -> List.of(up(target).newResource());
      case CONNECT ->
          List.of(
              up(target).connect(invocation.has("discard-my-data"), invocation.has("tentative")));
      case DISCONNECT -> disconnect(target);
      case DOWN ->
          List.of(
              new Step.Ask(
                  line("down", target.resource().name()),
                  new AdminRequest.Down(target.resource().name())));
      case NET_OPTIONS -> netOptions(target);
      case RESOURCE_OPTIONS -> resourceOptions(target);
      case STATUS ->
          List.of(
              new Step.Ask(
                  line("status", target.resource().name()),
                  StatusRequest.of(invocation, Optional.of(target.resource().name()))));
      case WHY -> List.of(why(target));
      case UNDO_SPLIT_BRAIN -> List.of(new UndoSteps(invocation).of(target));
      case VERIFY_REPORT -> List.of(verifyReport(target));
      default -> {
        if (DossierSteps.isWanted(invocation)) {
          yield List.of(new DossierSteps(invocation).of(target));
        }
        if (invocation.command().group() == Command.Group.HANDLER) {
          yield HandlerSteps.of(invocation, all, target);
        }
        List<Step> steps = new ArrayList<>();
        for (VolumeDefinition volume : target.volumes()) {
          steps.addAll(new VolumeSteps(invocation, all).of(target.resource(), volume));
        }
        yield steps;
      }
    };
  }

  UpSteps up(Target target) {
    return new UpSteps(
        target.resource(),
        invocation.flags().peer(),
        invocation.handedOn(),
        all.configuration().file());
  }

  /// Whether the words ask for a primary against the rules, in any spelling of any version; the
  /// last of them counts.
  static boolean isForced(Invocation invocation) {
    return invocation.handedOn().reversed().stream()
        .filter(word -> PRIMARY_BY_FORCE.contains(word) || word.startsWith(FORCE + "="))
        .findFirst()
        .filter(word -> !word.equals(FORCE + "=no"))
        .isPresent();
  }

  private List<String> line(String... words) {
    return CommandLine.setup(List.of(words), invocation.handedOn());
  }

  private Step why(Target target) {
    int volume =
        target.isPart() ? target.volumes().getFirst().number() : AdminRequest.Why.ALL_VOLUMES;
    return new Step.Ask(
        line("why", target.resource().name()),
        new AdminRequest.Why(
            Optional.of(target.resource().name()),
            volume,
            invocation.has("json") ? AdminRequest.Layout.JSON : AdminRequest.Layout.TEXT));
  }

  private Step verifyReport(Target target) {
    return new Step.Ask(
        line("verify-report", target.resource().name()),
        new AdminRequest.VerifyReport(
            Optional.of(target.resource().name()),
            invocation.has("json") ? AdminRequest.Layout.JSON : AdminRequest.Layout.TEXT));
  }

  private List<Step> disconnect(Target target) throws UsageException {
    UpSteps up = up(target);
    return List.of(
        new Step.Ask(
            line("disconnect", up.config().address().toString(), up.peerText()),
            new AdminRequest.Disconnect(target.resource().name(), isForced(invocation))));
  }

  private List<Step> netOptions(Target target) throws UsageException {
    UpSteps up = up(target);
    Map<String, String> options =
        GivenOptions.named(GivenOptions.of(Section.NET, Option.Section.NET, invocation.handedOn()));
    return List.of(
        new Step.Ask(
            line("net-options", up.config().address().toString(), up.peerText()),
            new AdminRequest.NetOptions(
                target.resource().name(), options, invocation.has("set-defaults"))));
  }

  private List<Step> resourceOptions(Target target) throws UsageException {
    Map<String, String> options =
        GivenOptions.named(
            GivenOptions.of(Section.OPTIONS, Option.Section.OPTIONS, invocation.handedOn()));
    String name = target.resource().name();
    return List.of(
        new Step.Ask(
            line("resource-options", name),
            new AdminRequest.ResourceOptions(name, options, null, invocation.has("set-defaults"))));
  }
}
