package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Stacked resources: their hosts are those of the resource below.
final class Stacking {
  private Stacking() {}

  static List<ResourceDefinition> nameHosts(
      List<ResourceDefinition> resources, Findings findings, Uniqueness unique) {
    List<ResourceDefinition> named = new ArrayList<>();
    for (ResourceDefinition resource : resources) {
      List<HostDefinition> hosts = new ArrayList<>();
      for (HostDefinition host : resource.hosts()) {
        hosts.add(host.isStacked() ? named(resource, host, resources, findings, unique) : host);
      }
      named.add(resource.withHosts(hosts));
    }
    return named;
  }

  private static HostDefinition named(
      ResourceDefinition resource,
      HostDefinition host,
      List<ResourceDefinition> resources,
      Findings findings,
      Uniqueness unique) {
    String lowerName = host.lower().orElseThrow();
    Optional<ResourceDefinition> lower =
        resources.stream().filter(other -> other.name().equals(lowerName)).findFirst();
    if (lower.isEmpty()) {
      findings.fault(
          resource.at(),
          "in resource %s, referenced resource '%s' not defined."
              .formatted(resource.name(), lowerName));
      return host;
    }
    List<String> names =
        lower.get().hosts().stream()
            .filter(other -> !other.isStacked())
            .flatMap(other -> other.names().stream())
            .toList();
    for (VolumeDefinition volume : host.volumes()) {
      Statement.Device device = new Statement.Device(host.at(), volume.device(), volume.minor());
      unique.device(host.at(), device, names);
    }
    host.address()
        .filter(Endpoint::isLoopback)
        .ifPresent(endpoint -> unique.address(host.at(), endpoint, names));
    return host.withNames(names);
  }
}
