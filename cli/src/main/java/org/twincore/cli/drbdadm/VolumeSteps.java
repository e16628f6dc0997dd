package org.twincore.cli.drbdadm;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.VolumeVerb;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.config.ResourceDefinition;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// The steps of a command for one volume.
final class VolumeSteps {
  private final Invocation invocation;
  private final Command command;
  private final NodeConfiguration all;

  VolumeSteps(Invocation invocation, NodeConfiguration all) {
    this.invocation = invocation;
    this.command = invocation.command();
    this.all = all;
  }

  List<Step> of(NodeResource resource, VolumeDefinition volume) throws UsageException {
    int minor = volume.minor().orElse(-1);
    return switch (command) {
      case ATTACH -> up(resource).attach(volume);
      case NEW_MINOR, SH_NEW_MINOR -> List.of(up(resource).newMinor(volume));
      case DETACH -> one(minor, new AdminRequest.Detach(minor, ResourceSteps.isForced(invocation)));
      case DISK_OPTIONS -> one(minor, diskOptions(minor));
      case PRIMARY ->
          one(minor, new AdminRequest.Primary(minor, ResourceSteps.isForced(invocation)));
      case SECONDARY -> one(minor, change(VolumeVerb.SECONDARY, minor));
      case INVALIDATE_REMOTE -> one(minor, change(VolumeVerb.INVALIDATE_REMOTE, minor));
      case PAUSE_SYNC -> one(minor, change(VolumeVerb.PAUSE_SYNC, minor));
      case RESUME_SYNC -> one(minor, change(VolumeVerb.RESUME_SYNC, minor));
      case SUSPEND_IO -> one(minor, change(VolumeVerb.SUSPEND_IO, minor));
      case RESUME_IO -> one(minor, change(VolumeVerb.RESUME_IO, minor));
      case NEW_CURRENT_UUID ->
          one(minor, new AdminRequest.NewCurrentUuid(minor, invocation.has("clear-bitmap")));
      case INVALIDATE -> orMetadata(volume, minor, VolumeVerb.INVALIDATE);
      case OUTDATE -> orMetadata(volume, minor, VolumeVerb.OUTDATE);
      case ROLE, CSTATE -> List.of(query(minor, Optional.empty()));
      case DSTATE, SHOW_GI, GET_GI -> List.of(query(minor, Optional.of(metadata(volume))));
      case CREATE_MD, DUMP_MD, WIPE_MD, APPLY_AL, SET_GI -> List.of(metadata(volume));
      case WAIT_CONNECT, WAIT_SYNC -> List.of(waiting(resource, minor));
      case SH_B_PRI -> becomePrimary(resource, minor);
      case RESIZE, CHECK_RESIZE -> new ResizeSteps(invocation).of(volume, minor);
      case VERIFY -> one(minor, new AdminRequest.Verify(minor, sectors("start"), sectors("stop")));
      case REPAIR -> one(minor, new AdminRequest.Repair(minor, source(resource)));
      default -> throw new IllegalStateException(command + " is for no volume");
    };
  }

  /// The node whose blocks are right; there is no default, since the other one's are overwritten.
  private AdminRequest.Side source(NodeResource resource) throws UsageException {
    List<String> peers = up(resource).config().peer().map(it -> it.names()).orElse(List.of());
    String local = all.node().name();
    String said = invocation.value("source").orElse("");
    if (!said.equals(local) && !peers.contains(said)) {
      throw UsageException.of(
          "repair: --source=%s or --source=%s must say whose blocks are right"
              .formatted(local, peers.isEmpty() ? "PEER" : peers.getFirst()),
          20);
    }
    return said.equals(local) ? AdminRequest.Side.LOCAL : AdminRequest.Side.PEER;
  }

  /// A place on the device; a plain number counts sectors.
  private long sectors(String name) throws UsageException {
    Optional<String> text = invocation.value(name);
    if (text.isEmpty()) {
      return AdminRequest.Verify.NOT_GIVEN;
    }
    OptionalLong sectors = Option.Unit.SECTORS.parse(text.get());
    if (sectors.isEmpty() || sectors.getAsLong() < 0) {
      throw UsageException.of(
          "verify: --%s=%s is no number of sectors (nor of bytes as 4k, 1M, 2G)"
              .formatted(name, text.get()),
          20);
    }
    return sectors.getAsLong();
  }

  private UpSteps up(NodeResource resource) {
    return new UpSteps(
        resource, invocation.flags().peer(), invocation.handedOn(), all.configuration().file());
  }

  private static AdminRequest change(VolumeVerb verb, int minor) {
    return new AdminRequest.Change(verb, minor);
  }

  private List<Step> one(int minor, AdminRequest request) {
    return List.of(new Step.Ask(line(minor), request));
  }

  private List<String> line(int minor) {
    return CommandLine.setup(
        List.of(command.word(), Integer.toString(minor)), invocation.handedOn());
  }

  private Step.Metadata metadata(VolumeDefinition volume) {
    return new Step.Metadata(CommandLine.metadata(volume, command.word(), invocation.handedOn()));
  }

  private List<Step> orMetadata(VolumeDefinition volume, int minor, VolumeVerb verb) {
    return List.of(
        new Step.AskOrMetadata(new Step.Ask(line(minor), change(verb, minor)), metadata(volume)));
  }

  private Step query(int minor, Optional<Step.Metadata> otherwise) {
    return new Step.Query(line(minor), command, minor, otherwise);
  }

  private AdminRequest diskOptions(int minor) throws UsageException {
    Map<String, String> options =
        GivenOptions.named(
            GivenOptions.of(Section.DISK, Option.Section.DISK, invocation.handedOn()));
    return new AdminRequest.DiskOptions(minor, options, invocation.has("set-defaults"));
  }

  /// As `wait-connect` of the file's start-up options, which the command line overrides.
  private Step waiting(NodeResource resource, int minor) throws UsageException {
    ResourceDefinition definition = resource.definition();
    OptionValues startup =
        definition
            .options(Section.STARTUP)
            .values(Section.STARTUP)
            .overriddenBy(
                GivenOptions.of(Section.STARTUP, Option.Section.STARTUP, invocation.handedOn()));
    AdminRequest.Goal goal =
        command == Command.WAIT_SYNC ? AdminRequest.Goal.SYNCED : AdminRequest.Goal.CONNECTED;
    return new Step.Ask(
        CommandLine.setup(
            List.of(command.word(), Integer.toString(minor)),
            CommandLine.options(definition.options(Section.STARTUP))),
        new AdminRequest.Await(
            resource.name(),
            AdminRequest.Await.ALL_VOLUMES,
            goal,
            startup.num(Option.WFC_TIMEOUT),
            startup.num(Option.DEGR_WFC_TIMEOUT),
            startup.num(Option.OUTDATED_WFC_TIMEOUT),
            startup.flag(Option.WAIT_AFTER_SB)));
  }

  private List<Step> becomePrimary(NodeResource resource, int minor) {
    List<String> names = resource.definition().becomePrimaryOn();
    if (!names.contains("both") && !names.contains(all.node().name())) {
      return List.of();
    }
    return List.of(
        new Step.Insist(
            new Step.Ask(
                CommandLine.setup(
                    List.of("primary", Integer.toString(minor)), invocation.handedOn()),
                new AdminRequest.Primary(minor, false))));
  }
}
