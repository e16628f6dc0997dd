package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;

/// A resource as one node sees it.
///
/// @param definition the resource; in it the disks of stacked volumes are filled in
/// @param me the host section of this node; empty if the resource is not for this node
/// @param stacked whether this node's section is stacked on another resource
public record NodeResource(
    ResourceDefinition definition, Optional<HostDefinition> me, boolean stacked) {

  /// Whether the resource is not for this node.
  public boolean isIgnored() {
    return me.isEmpty();
  }

  public String name() {
    return definition.name();
  }

  /// This node's section; only where the resource is not ignored.
  public HostDefinition local() {
    return me.orElseThrow();
  }

  /// The other host sections.
  public List<HostDefinition> others() {
    return definition.hosts().stream().filter(host -> !host.equals(me.orElse(null))).toList();
  }

  /// The peer: the other one of two host sections; of more, the one with the wanted name.
  public Optional<HostDefinition> peer(Optional<String> wanted) {
    if (isIgnored()) {
      return Optional.empty();
    }
    List<HostDefinition> others = others();
    if (others.size() == 1) {
      return Optional.of(others.getFirst());
    }
    List<HostDefinition> matching =
        others.stream()
            .filter(host -> wanted.filter(name -> isNamed(host, name)).isPresent())
            .toList();
    return matching.size() == 1 ? Optional.of(matching.getFirst()) : Optional.empty();
  }

  private static boolean isNamed(HostDefinition host, String name) {
    return host.isFloating()
        ? host.address().filter(address -> address.address().equals(name)).isPresent()
        : host.names().contains(name);
  }

  NodeResource with(ResourceDefinition other, Optional<HostDefinition> local) {
    return new NodeResource(other, local, stacked);
  }
}
