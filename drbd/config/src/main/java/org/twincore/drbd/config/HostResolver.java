package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.HostDefinition.ProxyDefinition;
import org.twincore.drbd.config.Statement.Address.Use;
import org.twincore.drbd.config.Statement.Section;

/// Resolves the host sections of one resource and checks that they are complete and alike.
final class HostResolver {
  private final Statement.Resource resource;
  private final Findings findings;
  private final Uniqueness unique;

  HostResolver(Statement.Resource resource, Findings findings, Uniqueness unique) {
    this.resource = resource;
    this.findings = findings;
    this.unique = unique;
  }

  HostDefinition host(Statement.Host host, List<VolumeDefinition> inherited) {
    boolean stacked = host.kind() == Statement.Host.Kind.STACKED;
    List<String> names = stacked ? List.of() : host.names();
    if (stacked) {
      unique.use(host.at(), "stacked-on-top-of", host.names().getFirst());
    }
    host.address()
        .ifPresent(
            endpoint -> unique.use(host.at(), "IP", endpoint.address() + ":" + endpoint.port()));
    VolumeSet volumes = new VolumeSet(findings);
    Optional<Endpoint> address = host.address();
    Optional<Endpoint> alternate = Optional.empty();
    Optional<ProxyDefinition> proxy = Optional.empty();
    OptionList options = OptionList.EMPTY;
    for (Statement statement : host.body()) {
      switch (statement) {
        case Statement.Device device -> {
          unique.device(device.at(), device, names);
          volumes.addImplicit(device);
        }
        case Statement.Disk _, Statement.MetaDisk _ -> volumes.addImplicit(statement);
        case Statement.Options(_, Section section, List<Setting> settings) -> {
          if (section == Section.DISK) {
            volumes.addImplicit(statement);
          } else {
            options = options.plus(settings);
          }
        }
        case Statement.Volume volume ->
            volumes.addExplicit(volume, device -> unique.device(device.at(), device, names));
        case Statement.Address(Position at, Use use, Endpoint endpoint) -> {
          unique.address(at, endpoint, names);
          if (use == Use.ALTERNATE) {
            alternate = Optional.of(endpoint);
          } else {
            address = Optional.of(endpoint);
          }
        }
        case Statement.Proxy section -> proxy = proxy(host, section);
        case Statement.Resource _, Statement.Host _, Statement.StandAlone _ ->
            throw new IllegalStateException("no statement of a host: " + statement);
      }
    }
    if (stacked) {
      volumes.sorted().forEach(volume -> volumes.put(volume.withMetaDisk(MetaDisk.INTERNAL)));
    }
    inherit(host.at(), inherited, volumes, names);
    HostDefinition definition =
        new HostDefinition(
            host.at(),
            host.kind(),
            names,
            address,
            alternate,
            proxy,
            options,
            List.copyOf(volumes.sorted()),
            stacked ? Optional.of(host.names().getFirst()) : Optional.empty());
    checkComplete(definition);
    return definition;
  }

  private Optional<ProxyDefinition> proxy(Statement.Host host, Statement.Proxy section) {
    Optional<Endpoint> inside = Optional.empty();
    Optional<Endpoint> outside = Optional.empty();
    OptionList options = OptionList.EMPTY;
    OptionList plugins = OptionList.EMPTY;
    for (Statement statement : section.body()) {
      if (statement instanceof Statement.Address(Position at, Use use, Endpoint endpoint)) {
        unique.address(at, endpoint, section.names());
        if (use == Use.INSIDE) {
          inside = Optional.of(endpoint);
        } else {
          outside = Optional.of(endpoint);
        }
      } else if (statement instanceof Statement.Options(_, Section kind, List<Setting> settings)) {
        if (kind == Section.PLUGIN) {
          plugins = plugins.plus(settings);
        } else {
          options = options.plus(settings);
        }
      }
    }
    if (inside.isEmpty() || outside.isEmpty()) {
      findings.fault(
          host.at(),
          "in resource %s, proxy on %s { ... }: '%s' keyword missing."
              .formatted(
                  resource.name(),
                  String.join(" ", section.names()),
                  inside.isEmpty() ? "inside" : "outside"));
      return Optional.empty();
    }
    return Optional.of(
        new ProxyDefinition(section.names(), inside.get(), outside.get(), options, plugins));
  }

  /// Fills what the host's volumes leave open from those that stand above it in the resource.
  private void inherit(
      Position at, List<VolumeDefinition> from, VolumeSet volumes, List<String> names) {
    for (VolumeDefinition source : from) {
      VolumeDefinition target =
          volumes.sorted().stream()
              .filter(volume -> volume.number() == source.number())
              .findFirst()
              .orElse(VolumeDefinition.empty(source.number(), source.implicit()));
      if (target.disk().isEmpty() && source.disk().isPresent()) {
        String disk = source.disk().get();
        target = target.withDisk(disk);
        names.forEach(name -> unique.use(at, "disk", name + ":" + disk));
      }
      if (target.minor().isEmpty() && source.minor().isPresent()) {
        int minor = source.minor().getAsInt();
        names.forEach(name -> unique.use(at, "device-minor", name + ":" + minor));
        target = target.withDevice(target.device().or(source::device), source.minor());
      }
      if (target.metaDisk().isEmpty() && source.metaDisk().isPresent()) {
        target = target.withMetaDisk(source.metaDisk().get());
      }
      volumes.put(target);
    }
    for (VolumeDefinition volume : volumes.sorted()) {
      MetaDisk meta = volume.metaDisk().orElse(MetaDisk.INTERNAL);
      if (!meta.isInternal()) {
        names.forEach(name ->
            unique.use(at, "meta-disk", "%s:%s[%s]".formatted(name, meta.device(), meta.index())));
      }
    }
  }

  private void checkComplete(HostDefinition host) {
    if (host.address().isEmpty()) {
      missing(host, "address");
    }
    if (host.isStacked()) {
      return;
    }
    boolean anyImplicit = false;
    for (VolumeDefinition volume : host.volumes()) {
      anyImplicit |= volume.implicit();
      if (volume.minor().isEmpty() && volume.device().isEmpty()) {
        missing(host, "device");
      }
      if (volume.disk().isEmpty()) {
        missing(host, "disk");
      }
      if (volume.metaDisk().isEmpty()) {
        missing(host, "meta-disk");
      }
    }
    if (anyImplicit && host.volumes().size() > 1) {
      findings.fault(
          host.at(),
          "in resource " + resource.name() + ": you must not mix implicit and explicit volumes");
    }
  }

  private void missing(HostDefinition host, String keyword) {
    findings.fault(
        host.at(),
        "in resource %s, on %s { ... }: '%s' keyword missing."
            .formatted(resource.name(), host.joinedNames(" "), keyword));
  }

  /// All hosts must have the same volumes.
  void checkSetsEqual(List<HostDefinition> hosts) {
    for (int i = 1; i < hosts.size(); i++) {
      checkSetsEqual(hosts.getFirst(), hosts.get(i));
      checkSetsEqual(hosts.get(i), hosts.getFirst());
    }
  }

  private void checkSetsEqual(HostDefinition one, HostDefinition other) {
    for (VolumeDefinition volume : one.volumes()) {
      Optional<VolumeDefinition> match =
          other.volumes().stream().filter(v -> v.number() == volume.number()).findFirst();
      if (match.isEmpty()) {
        findings.fault(
            resource.end(),
            "in resource %s: volume %d of %s is not defined on %s"
                .formatted(
                    resource.name(),
                    volume.number(),
                    one.joinedNames(" "),
                    other.joinedNames(" ")));
      } else if (match.get().implicit() != volume.implicit()) {
        findings.fault(
            resource.end(),
            "in resource %s: volume %d must not be implicit on one host but not on the other"
                .formatted(resource.name(), volume.number()));
      }
    }
  }
}
