package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// A resource as a running node needs it: one local and one peer host, every option with its value.
///
/// @param name the resource's name
/// @param definedAt where the file defines it
/// @param hostNames the names of the local host section
/// @param address where this node listens and from where it connects
/// @param peer the peer; empty if the file names none or leaves the choice open
/// @param volumes the local volumes, ascending
/// @param options resource options
/// @param net network options
/// @param startup start-up options
/// @param becomePrimaryOn the hosts to be promoted at boot, or `both`
/// @param handlers handler commands
/// @param stacked whether the volumes lie on another resource's devices
/// @param standAloneOnDisconnect whether a lost connection is not retried (0.7's stand_alone)
public record ResourceConfig(
    String name,
    Position definedAt,
    List<String> hostNames,
    Endpoint address,
    Optional<Peer> peer,
    List<Volume> volumes,
    OptionValues options,
    OptionValues net,
    OptionValues startup,
    List<String> becomePrimaryOn,
    OptionValues handlers,
    boolean stacked,
    boolean standAloneOnDisconnect) {

  /// The peer host.
  ///
  /// @param names its names
  /// @param address where it is reached: its own address, or the near side of our proxy
  /// @param isAfterUs whether its section stands after ours, which gives the nodes their order
  public record Peer(List<String> names, Endpoint address, boolean isAfterUs) {}

  /// A local volume.
  ///
  /// @param number the volume number
  /// @param isImplicit whether the file leaves out the number
  /// @param device the device's name, e.g. /dev/drbd0
  /// @param minor its number
  /// @param disk the backing disk
  /// @param metaDisk where the metadata lies
  /// @param diskOptions its disk options
  public record Volume(
      int number,
      boolean isImplicit,
      String device,
      int minor,
      String disk,
      MetaDisk metaDisk,
      OptionValues diskOptions) {
    /// The device that holds the metadata.
    public String metaDevice() {
      return metaDisk.deviceFor(disk);
    }
  }

  /// The configuration of a resource that this node takes part in.
  ///
  /// @param resource of a merged and translated [NodeConfiguration]
  /// @param wantedPeer the peer's name where there is a choice
  public static ResourceConfig of(NodeResource resource, Optional<String> wantedPeer) {
    HostDefinition me = resource.local();
    ResourceDefinition definition = resource.definition();
    return new ResourceConfig(
        resource.name(),
        definition.at(),
        me.names(),
        me.address().orElseThrow(),
        resource.peer(wantedPeer).map(peer -> peer(definition, me, peer)),
        me.volumes().stream().map(ResourceConfig::volume).toList(),
        definition.options(Section.OPTIONS).plus(me.options().settings()).values(Section.OPTIONS),
        definition.options(Section.NET).values(Section.NET),
        definition.options(Section.STARTUP).values(Section.STARTUP),
        definition.becomePrimaryOn(),
        definition.options(Section.HANDLERS).values(Section.HANDLERS),
        resource.stacked(),
        definition.standAlone());
  }

  private static Peer peer(ResourceDefinition definition, HostDefinition me, HostDefinition peer) {
    Endpoint address =
        me.proxy()
            .map(HostDefinition.ProxyDefinition::inside)
            .orElseGet(() -> peer.address().orElseThrow());
    boolean isAfterUs = definition.hosts().indexOf(peer) > definition.hosts().indexOf(me);
    return new Peer(peer.names(), address, isAfterUs);
  }

  private static Volume volume(VolumeDefinition volume) {
    return new Volume(
        volume.number(),
        volume.implicit(),
        volume.deviceName(),
        volume.minor().orElse(-1),
        volume.disk().orElse(""),
        volume.metaDisk().orElse(MetaDisk.INTERNAL),
        volume.diskOptions().values(Section.DISK));
  }
}
