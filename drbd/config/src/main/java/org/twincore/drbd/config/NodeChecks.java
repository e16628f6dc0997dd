package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// What drbdadm checks once it knows on which node it runs, and the values that only then get their
/// meaning: `resync-after` becomes a minor, `discard-node-HOST` becomes local or remote.
public final class NodeChecks {
  private static final String DISCARD_NODE = "discard-node-";

  private final NodeConfiguration configuration;
  private final boolean translate;
  private final Optional<String> wantedPeer;
  private final Findings findings = new Findings();
  private final List<NodeResource> resources;

  private NodeChecks(
      NodeConfiguration configuration, boolean translate, Optional<String> wantedPeer) {
    this.configuration = configuration;
    this.translate = translate;
    this.wantedPeer = wantedPeer;
    this.resources = new ArrayList<>(configuration.resources());
  }

  /// Checks for a dump: nothing is translated.
  public static NodeConfiguration forDump(
      NodeConfiguration configuration, Optional<String> wantedPeer) throws ConfigException {
    return new NodeChecks(configuration, false, wantedPeer).run();
  }

  /// Checks for any other command and translates.
  public static NodeConfiguration forUse(
      NodeConfiguration configuration, Optional<String> wantedPeer) throws ConfigException {
    return new NodeChecks(configuration, true, wantedPeer).run();
  }

  private NodeConfiguration run() throws ConfigException {
    for (int i = 0; i < resources.size(); i++) {
      resources.set(i, dropUnknownResyncAfter(resources.get(i)));
      if (!resources.get(i).isIgnored()) {
        check(resources.get(i));
      }
      findings.throwFaults();
      if (translate) {
        resources.set(i, translated(resources.get(i)));
      }
      findings.throwFaults();
    }
    return configuration.with(resources, findings.warnings());
  }

  private NodeResource dropUnknownResyncAfter(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    List<Setting> kept = new ArrayList<>();
    for (Setting setting : definition.options(Section.DISK).settings()) {
      String other = setting.text().split("/", 2)[0];
      boolean unknown =
          setting.name().equals(Option.RESYNC_AFTER.word())
              && resources.stream().noneMatch(r -> !r.isIgnored() && r.name().equals(other));
      if (unknown) {
        warnUnknown(resource, setting);
      } else {
        kept.add(setting);
      }
    }
    return resource.with(definition.withSection(Section.DISK, new OptionList(kept)), resource.me());
  }

  private void warnUnknown(NodeResource resource, Setting setting) {
    findings.warn(
        resource.definition().at(),
        "in resource %s: resource '%s' mentioned in 'resync-after' is not known, option dropped"
            .formatted(resource.name(), setting.text()));
  }

  private void check(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    Position at = definition.at();
    List<String> primaries = definition.becomePrimaryOn();
    boolean mayBeTwo =
        definition.options(Section.NET).first(Option.ALLOW_TWO_PRIMARIES.word()).isPresent();
    if (primaries.contains("both") && !mayBeTwo) {
      findings.fault(
          at,
          "in resource %s: become-primary-on is set to both, but allow-two-primaries is not set."
              .formatted(resource.name()));
    }
    Optional<HostDefinition> peer = resource.peer(wantedPeer);
    if (peer.isEmpty()) {
      return;
    }
    HostDefinition me = resource.local();
    if (me.proxy().isPresent() != peer.get().proxy().isPresent()) {
      findings.fault(
          at,
          "in resource %s: either both 'on' sections must contain a proxy subsection, or none."
              .formatted(resource.name()));
    }
    for (String name : primaries) {
      if (!name.equals("both")
          && !me.names().contains(name)
          && !peer.get().names().contains(name)) {
        findings.fault(
            at,
            "in resource %s: become-primary-on contains '%s', which no 'on' section names."
                .formatted(resource.name(), name));
      }
    }
  }

  private NodeResource translated(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    List<HostDefinition> hosts = new ArrayList<>();
    Optional<HostDefinition> me = resource.me();
    for (HostDefinition host : definition.hosts()) {
      HostDefinition changed =
          host.withVolumes(
              host.volumes().stream()
                  .map(volume ->
                      volume.withDiskOptions(minorsForNames(resource, volume.diskOptions())))
                  .toList());
      hosts.add(changed);
      if (me.isPresent() && me.get().equals(host)) {
        me = Optional.of(changed);
      }
    }
    OptionList net = discardByName(definition.options(Section.NET));
    return resource.with(definition.withHosts(hosts).withSection(Section.NET, net), me);
  }

  private OptionList minorsForNames(NodeResource resource, OptionList options) {
    List<Setting> settings = new ArrayList<>();
    for (Setting setting : options.settings()) {
      if (setting.name().equals(Option.RESYNC_AFTER.word())) {
        minorFor(resource, setting)
            .ifPresentOrElse(
                minor -> settings.add(setting.withValue(Integer.toString(minor))),
                () -> warnUnknown(resource, setting));
      } else {
        settings.add(setting);
      }
    }
    return new OptionList(settings);
  }

  private Optional<Integer> minorFor(NodeResource resource, Setting setting) {
    String[] parts = setting.text().split("/", 2);
    Optional<NodeResource> other =
        resources.stream().filter(r -> !r.isIgnored() && r.name().equals(parts[0])).findFirst();
    if (other.isEmpty()) {
      return Optional.empty();
    }
    List<VolumeDefinition> volumes = other.get().local().volumes();
    if (parts.length == 1 && volumes.size() > 1) {
      findings.fault(
          setting.at(),
          "in resource %s: resync-after contains '%s', which is ambiguous, since it has %d volumes"
              .formatted(resource.name(), setting.text(), volumes.size()));
      return Optional.of(-1);
    }
    return volumes.stream()
        .filter(volume -> parts.length == 1 || Integer.toString(volume.number()).equals(parts[1]))
        .findFirst()
        .map(volume -> volume.minor().orElse(-1));
  }

  private OptionList discardByName(OptionList net) {
    Optional<Setting> policy = net.first(Option.AFTER_SB_0PRI.word());
    if (policy.isEmpty() || !policy.get().text().startsWith(DISCARD_NODE)) {
      return net;
    }
    boolean mine =
        policy.get().text().substring(DISCARD_NODE.length()).equals(configuration.node().name());
    List<Setting> settings = new ArrayList<>(net.settings());
    settings.set(
        settings.indexOf(policy.get()),
        policy.get().withValue(mine ? "discard-local" : "discard-remote"));
    return new OptionList(settings);
  }
}
