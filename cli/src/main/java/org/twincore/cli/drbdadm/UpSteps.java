package org.twincore.cli.drbdadm;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.MetaDisk;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.config.ResourceConfig;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.VolumeDefinition;

/// The steps that make one resource run: the resource, its volumes, their disks, the connection.
final class UpSteps {
  private final NodeResource resource;
  private final ResourceConfig config;
  private final List<String> handedOn;
  private final String file;

  /// `file` is the configuration file that `resource` comes from.
  UpSteps(NodeResource resource, Optional<String> wantedPeer, List<String> handedOn, String file) {
    this.file = file;
    this.resource = resource;
    this.config = ResourceConfig.of(resource, wantedPeer);
    this.handedOn = handedOn;
  }

  ResourceConfig config() {
    return config;
  }

  Step newResource() throws UsageException {
    List<String> options = CommandLine.options(resource.definition().options(Section.OPTIONS));
    OptionValues values =
        config
            .options()
            .overriddenBy(GivenOptions.of(Section.OPTIONS, Option.Section.OPTIONS, handedOn));
    return new Step.Ask(
        CommandLine.setup(List.of("new-resource", resource.name()), joined(options)),
        new AdminRequest.NewResource(resource.name(), GivenOptions.named(values), handlers()));
  }

  /// The handler programs by name, and where the file is that names them.
  Map<String, String> handlers() {
    Map<String, String> handlers = new TreeMap<>(GivenOptions.named(config.handlers()));
    if (!handlers.isEmpty() && Files.isRegularFile(Path.of(file))) {
      handlers.put("DRBD_CONF", Path.of(file).toAbsolutePath().toString());
    }
    return handlers;
  }

  Step newMinor(VolumeDefinition volume) {
    int minor = volume.minor().orElse(-1);
    return new Step.Ask(
        CommandLine.setup(
            List.of(
                "new-minor",
                resource.name(),
                Integer.toString(minor),
                Integer.toString(volume.number())),
            List.of()),
        new AdminRequest.NewMinor(resource.name(), minor, volume.number()));
  }

  /// Applying the activity log, which the node does itself, and attaching.
  List<Step> attach(VolumeDefinition volume) throws UsageException {
    MetaDisk meta = volume.metaDisk().orElse(MetaDisk.INTERNAL);
    String disk = volume.disk().orElse("");
    int minor = volume.minor().orElse(-1);
    List<String> words =
        List.of("attach", Integer.toString(minor), disk, meta.deviceFor(disk), meta.index());
    OptionValues values =
        volume
            .diskOptions()
            .values(Section.DISK)
            .overriddenBy(GivenOptions.of(Section.DISK, Option.Section.DISK, handedOn));
    return List.of(
        new Step.Implied(CommandLine.metadata(volume, "apply-al", handedOn)),
        new Step.Ask(
            CommandLine.setup(words, joined(CommandLine.options(volume.diskOptions()))),
            new AdminRequest.Attach(
                minor, disk, meta.deviceFor(disk), meta.index(), GivenOptions.named(values))));
  }

  Step connect(boolean discardMyData, boolean tentative) throws UsageException {
    if (config.peer().isEmpty()) {
      return new Step.Refused(
          CommandLine.setup(
              List.of("connect", resource.name(), config.address().toString(), "N/A"),
              joined(CommandLine.options(resource.definition().options(Section.NET)))),
          noPeer());
    }
    ResourceConfig.Peer peer = config.peer().get();
    OptionValues values =
        config.net().overriddenBy(GivenOptions.of(Section.NET, Option.Section.NET, handedOn));
    List<String> options = CommandLine.options(resource.definition().options(Section.NET));
    return new Step.Ask(
        CommandLine.setup(
            List.of(
                "connect", resource.name(), config.address().toString(), peer.address().toString()),
            joined(options)),
        new AdminRequest.Connect(
            resource.name(),
            config.address().toString(),
            peer.address().toString(),
            peer.names().isEmpty() ? "peer" : peer.names().getFirst(),
            peer.isAfterUs() ? 0 : 1,
            GivenOptions.named(values),
            discardMyData,
            tentative));
  }

  /// The peer's address for a command line.
  String peerText() {
    return config.peer().map(peer -> peer.address().toString()).orElse("N/A");
  }

  /// Why there is no peer.
  String noPeer() {
    return resource.definition().at().fileLine()
        + ": in resource "
        + resource.name()
        + (resource.others().isEmpty()
            ? ": there is no host section for the peer"
            : ": there are several peers, --peer NAME says which");
  }

  private List<String> joined(List<String> options) {
    return java.util.stream.Stream.concat(options.stream(), handedOn.stream()).toList();
  }
}
