package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// A configuration as one node sees it: which host section is its own, which resources are not for
/// it, and what stacked volumes lie on.
///
/// @param configuration the configuration
/// @param node this node
/// @param resources all resources in the order of the files, ignored ones too
/// @param warnings the configuration's warnings and those that arose since
/// @param faults what is wrong, where that was tolerated
public record NodeConfiguration(
    Configuration configuration,
    LocalNode node,
    List<NodeResource> resources,
    List<String> warnings,
    List<String> faults) {

  /// By which part of a host section a node finds its own.
  public enum Match {
    /// By the host's name or address.
    HOST,
    /// By the host of its proxy.
    PROXY
  }

  /// Finds the node's sections.
  ///
  /// @throws ConfigException if a resource has two sections for this node, or a stacked volume lies
  ///   on nothing
  public static NodeConfiguration of(Configuration configuration, LocalNode node, Match match)
      throws ConfigException {
    NodeConfiguration found = tolerant(configuration, node, match);
    if (found.faults.isEmpty()) {
      return found;
    }
    throw new ConfigException(null, String.join("\n", found.faults), ConfigException.INVALID);
  }

  /// As [#of], but what is wrong is only told in `faults`: for the questions that need no more than
  /// the names of resources.
  public static NodeConfiguration tolerant(
      Configuration configuration, LocalNode node, Match match) {
    Findings findings = new Findings();
    Map<String, NodeResource> found = new LinkedHashMap<>();
    for (boolean stacked : new boolean[] {false, true}) {
      for (ResourceDefinition resource : configuration.resources()) {
        if (resource.hasStackedHost() == stacked) {
          found.put(resource.name(), localize(resource, node, match, found, findings));
        }
      }
    }
    boolean isSound = findings.faults().isEmpty() && configuration.lateFaults().isEmpty();
    List<NodeResource> ordered = new ArrayList<>();
    for (ResourceDefinition resource : configuration.resources()) {
      NodeResource local = Objects.requireNonNull(found.get(resource.name()));
      ordered.add(resource.hasStackedHost() && isSound ? onLower(local, found, findings) : local);
    }
    List<String> faults = new ArrayList<>(configuration.lateFaults());
    faults.addAll(findings.faults());
    return new NodeConfiguration(
        configuration, node, List.copyOf(ordered), configuration.warnings(), List.copyOf(faults));
  }

  private static NodeResource localize(
      ResourceDefinition resource,
      LocalNode node,
      Match match,
      Map<String, NodeResource> found,
      Findings findings) {
    Optional<HostDefinition> me = Optional.empty();
    for (HostDefinition host : resource.hosts()) {
      if (isLocal(host, node, match, found)) {
        if (me.isPresent()) {
          findings.fault(
              host.at(),
              "in resource %s: there are multiple host sections for this node (%s, %s)."
                  .formatted(resource.name(), me.get().joinedNames(" "), host.joinedNames(" ")));
        }
        if (me.isEmpty()) {
          me = Optional.of(host);
        }
      }
    }
    return new NodeResource(resource, me, me.filter(HostDefinition::isStacked).isPresent());
  }

  private static boolean isLocal(
      HostDefinition host, LocalNode node, Match match, Map<String, NodeResource> found) {
    if (match == Match.PROXY) {
      return host.proxy().filter(proxy -> proxy.names().contains(node.name())).isPresent();
    }
    return switch (host.kind()) {
      case ON -> host.names().contains(node.name());
      case FLOATING -> {
        Endpoint address = host.address().orElseThrow();
        yield node.hasAddress().test(address) || node.name().equals(address.address());
      }
      case STACKED -> {
        NodeResource lower = found.get(host.lower().orElseThrow());
        yield lower != null && !lower.isIgnored();
      }
    };
  }

  /// Fills in the disks of stacked volumes: the devices of the resource below.
  private static NodeResource onLower(
      NodeResource resource, Map<String, NodeResource> found, Findings findings) {
    if (resource.isIgnored()) {
      return resource;
    }
    List<HostDefinition> hosts = new ArrayList<>();
    Optional<HostDefinition> me = resource.me();
    for (HostDefinition host : resource.definition().hosts()) {
      HostDefinition filled = host;
      NodeResource lower = host.lower().map(found::get).orElse(null);
      if (lower != null && !lower.isIgnored()) {
        filled = host.withVolumes(onLower(resource, host, lower, findings));
      }
      hosts.add(filled);
      if (me.isPresent() && host.equals(me.get())) {
        me = Optional.of(filled);
      }
    }
    return resource.with(resource.definition().withHosts(hosts), me);
  }

  private static List<VolumeDefinition> onLower(
      NodeResource resource, HostDefinition host, NodeResource lower, Findings findings) {
    List<VolumeDefinition> volumes = new ArrayList<>();
    for (VolumeDefinition volume : host.volumes()) {
      Optional<VolumeDefinition> below =
          lower.local().volumes().stream().filter(v -> v.number() == volume.number()).findFirst();
      if (below.isEmpty() || below.get().implicit() != volume.implicit()) {
        findings.fault(
            host.at(),
            "in resource %s: volume %d is not defined in %s below it"
                .formatted(resource.name(), volume.number(), lower.name()));
      } else {
        VolumeDefinition filled = volume.withDisk(below.get().deviceName());
        volumes.add(
            filled.metaDisk().isPresent() ? filled : filled.withMetaDisk(MetaDisk.INTERNAL));
      }
    }
    return volumes;
  }

  /// The resource of that name that this node takes part in.
  public Optional<NodeResource> local(String name) {
    return resources.stream()
        .filter(resource -> !resource.isIgnored() && resource.name().equals(name))
        .findFirst();
  }

  NodeConfiguration with(List<NodeResource> other, List<String> more) {
    List<String> all = new ArrayList<>(warnings);
    all.addAll(more);
    return new NodeConfiguration(configuration, node, List.copyOf(other), List.copyOf(all), faults);
  }

  /// The same with the common section merged into the resources and these into their volumes, as
  /// every command but a plain dump works on.
  public NodeConfiguration merged() {
    return with(Merge.all(configuration.common(), resources), List.of());
  }
}
