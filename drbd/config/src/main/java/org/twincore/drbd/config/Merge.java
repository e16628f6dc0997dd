package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// Merges the common section into each resource, and each resource's disk options into its volumes.
///
/// The nearer value wins; where a resource has both `disk { }` and `volume N { disk { } }` above
/// its host sections, drbdadm lets the resource's win, and so do we.
final class Merge {
  private Merge() {}

  static List<NodeResource> all(Optional<ResourceDefinition> common, List<NodeResource> resources) {
    return resources.stream().map(resource -> one(common, resource)).toList();
  }

  private static NodeResource one(Optional<ResourceDefinition> common, NodeResource resource) {
    ResourceDefinition merged = resource.definition();
    if (common.isPresent()) {
      merged = inherit(merged, common.get());
    }
    List<HostDefinition> hosts = new ArrayList<>();
    Optional<HostDefinition> me = resource.me();
    for (HostDefinition host : merged.hosts()) {
      HostDefinition full = host(merged, host);
      hosts.add(full);
      if (resource.me().isPresent() && host.equals(resource.me().get())) {
        me = Optional.of(full);
      }
    }
    return resource.with(merged.withHosts(hosts), me);
  }

  private static ResourceDefinition inherit(
      ResourceDefinition resource, ResourceDefinition common) {
    ResourceDefinition merged = resource;
    for (Section section : Section.values()) {
      if (section != Section.PLUGIN) {
        merged =
            merged.withSection(
                section, merged.options(section).inheriting(common.options(section)));
      }
    }
    if (resource.options(Section.PLUGIN).isEmpty()) {
      OptionList plugins = OptionList.EMPTY.inheriting(common.options(Section.PLUGIN));
      merged = merged.withSection(Section.PLUGIN, plugins);
    }
    return merged.withStartup(
        resource.stackedTimeouts() || common.stackedTimeouts(),
        resource.becomePrimaryOn().isEmpty()
            ? common.becomePrimaryOn()
            : resource.becomePrimaryOn());
  }

  private static HostDefinition host(ResourceDefinition resource, HostDefinition host) {
    List<VolumeDefinition> volumes = new ArrayList<>();
    for (VolumeDefinition volume : host.volumes()) {
      OptionList options = volume.diskOptions().inheriting(resource.options(Section.DISK));
      for (VolumeDefinition above : resource.volumes()) {
        if (above.number() == volume.number()) {
          options = options.inheriting(above.diskOptions());
        }
      }
      VolumeDefinition named = volume.withDevice(Optional.of(volume.deviceName()), volume.minor());
      volumes.add(named.withDiskOptions(options));
    }
    HostDefinition full = host.withVolumes(volumes);
    return host.proxy()
        .map(proxy ->
            full.withProxy(
                new HostDefinition.ProxyDefinition(
                    proxy.names(),
                    proxy.inside(),
                    proxy.outside(),
                    proxy.options().inheriting(resource.options(Section.PROXY)),
                    proxy.plugins().inheriting(resource.options(Section.PLUGIN)))))
        .orElse(full);
  }
}
