package org.twincore.cli.drbdadm;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.MetaDisk;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.config.ResourceConfig;
import org.twincore.drbd.config.RunningResource;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// The fewest steps that make a running resource what the file says: nothing is detached or
/// disconnected for a difference that options alone can settle.
final class AdjustSteps {
  private final NodeResource resource;
  private final UpSteps up;
  private final StagedSteps staged;

  AdjustSteps(NodeResource resource, UpSteps up, StagedSteps staged) {
    this.resource = resource;
    this.up = up;
    this.staged = staged;
  }

  /// Adds the steps for a resource that the node does not have.
  static void addAll(NodeResource resource, UpSteps up, StagedSteps staged) throws UsageException {
    staged.add(Stage.RESOURCE, resource, up.newResource());
    for (VolumeDefinition volume : resource.local().volumes()) {
      staged.add(Stage.VOLUME, resource, up.newMinor(volume));
      addAttach(resource, up, volume, staged);
    }
    staged.add(Stage.CONNECTION, resource, up.connect(false, false));
  }

  private static void addAttach(
      NodeResource resource, UpSteps up, VolumeDefinition volume, StagedSteps staged)
      throws UsageException {
    for (Step step : up.attach(volume)) {
      staged.add(Stage.DISK, resource, step);
    }
  }

  /// Adds the steps from the running resource to the file's.
  void add(RunningResource running) throws UsageException {
    resourceOptions(running);
    for (RunningResource.Volume volume : running.volumes()) {
      if (wanted(volume.number()).isEmpty()) {
        removeVolume(volume);
      }
    }
    for (VolumeDefinition volume : resource.local().volumes()) {
      volume(volume, running.volume(volume.number()));
    }
    connection(running);
  }

  private Optional<VolumeDefinition> wanted(int number) {
    return resource.local().volumes().stream()
        .filter(volume -> volume.number() == number)
        .findFirst();
  }

  /// Handlers cannot be read back, so they go along always; a dry run shows them only with options
  /// that differ.
  private void resourceOptions(RunningResource running) {
    OptionValues wanted = up.config().options();
    Map<String, String> handlers = up.handlers();
    Optional<List<String>> difference =
        Difference.of(Option.Section.OPTIONS, wanted, running.options());
    if (difference.isEmpty() && handlers.isEmpty()) {
      return;
    }
    List<String> line =
        difference
            .map(options ->
                CommandLine.setup(
                    List.of("resource-options", resource.name(), "--set-defaults"), options))
            .orElse(List.of());
    staged.add(
        Stage.RESOURCE,
        resource,
        new Step.Ask(
            line,
            new AdminRequest.ResourceOptions(
                resource.name(), GivenOptions.named(wanted), handlers, true)));
  }

  private void removeVolume(RunningResource.Volume volume) {
    String minor = Integer.toString(volume.minor());
    if (volume.disk().isPresent()) {
      detach(volume.minor());
    }
    staged.add(
        Stage.REMOVAL,
        resource,
        new Step.Ask(
            CommandLine.setup(List.of("del-minor", minor), List.of()),
            new AdminRequest.Change(AdminRequest.VolumeVerb.DELETE_MINOR, volume.minor())));
  }

  private void detach(int minor) {
    staged.add(
        Stage.REMOVAL,
        resource,
        new Step.Ask(
            CommandLine.setup(List.of("detach", Integer.toString(minor)), List.of()),
            new AdminRequest.Detach(minor, false)));
  }

  private void volume(VolumeDefinition wanted, Optional<RunningResource.Volume> running)
      throws UsageException {
    int minor = wanted.minor().orElse(-1);
    if (running.isEmpty() || running.get().minor() != minor) {
      running.ifPresent(this::removeVolume);
      staged.add(Stage.VOLUME, resource, up.newMinor(wanted));
      addAttach(resource, up, wanted, staged);
      return;
    }
    RunningResource.Volume volume = running.get();
    if (volume.disk().isEmpty()) {
      addAttach(resource, up, wanted, staged);
    } else if (!isSameDisk(wanted, volume)) {
      detach(minor);
      addAttach(resource, up, wanted, staged);
    } else {
      diskOptions(wanted, volume);
    }
  }

  private static boolean isSameDisk(VolumeDefinition wanted, RunningResource.Volume running) {
    MetaDisk meta = wanted.metaDisk().orElse(MetaDisk.INTERNAL);
    MetaDisk other = running.metaDisk();
    boolean sameMeta =
        meta.isInternal()
            ? other.isInternal()
            : meta.device().equals(other.device()) && meta.slot().equals(other.slot());
    return wanted.disk().equals(running.disk()) && sameMeta;
  }

  private void diskOptions(VolumeDefinition wanted, RunningResource.Volume running) {
    OptionValues values = wanted.diskOptions().values(Section.DISK);
    Optional<List<String>> difference =
        Difference.of(Option.Section.DISK, values, running.options());
    if (difference.isPresent()) {
      String minor = Integer.toString(running.minor());
      staged.add(
          Stage.DISK,
          resource,
          new Step.Ask(
              CommandLine.setup(List.of("disk-options", minor, "--set-defaults"), difference.get()),
              new AdminRequest.DiskOptions(running.minor(), GivenOptions.named(values), true)));
    }
  }

  private void connection(RunningResource running) throws UsageException {
    boolean connected = running.peer().isPresent();
    boolean sameEnds =
        running.local().equals(Optional.of(up.config().address()))
            && running.peer().equals(up.config().peer().map(ResourceConfig.Peer::address));
    if (connected && !sameEnds) {
      staged.add(
          Stage.REMOVAL,
          resource,
          new Step.Ask(
              CommandLine.setup(
                  List.of(
                      "disconnect",
                      running.local().map(Object::toString).orElse(""),
                      running.peer().map(Object::toString).orElse("")),
                  List.of()),
              new AdminRequest.Disconnect(resource.name(), false)));
    }
    if (!connected || !sameEnds) {
      staged.add(Stage.CONNECTION, resource, up.connect(false, false));
      return;
    }
    OptionValues wanted = up.config().net();
    Optional<List<String>> difference = Difference.of(Option.Section.NET, wanted, running.net());
    if (difference.isPresent()) {
      staged.add(
          Stage.CONNECTION,
          resource,
          new Step.Ask(
              CommandLine.setup(
                  List.of(
                      "net-options",
                      up.config().address().toString(),
                      up.peerText(),
                      "--set-defaults"),
                  difference.get()),
              new AdminRequest.NetOptions(resource.name(), GivenOptions.named(wanted), true)));
    }
  }
}
