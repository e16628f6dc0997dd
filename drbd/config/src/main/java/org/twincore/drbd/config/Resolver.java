package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// Turns the syntax tree into definitions: hosts take over what stands in their resource above
/// them, and what is missing, double or unequal is a fault (drbd-config section 3, exit code 10).
final class Resolver {
  private final Findings findings = new Findings();
  private final Uniqueness unique = new Uniqueness(findings);

  private Resolver() {}

  static Configuration resolve(SyntaxTree tree) throws ConfigException {
    return new Resolver().configuration(tree);
  }

  private Configuration configuration(SyntaxTree tree) throws ConfigException {
    OptionList global = OptionList.EMPTY;
    Optional<ResourceDefinition> common = Optional.empty();
    List<ResourceDefinition> resources = new ArrayList<>();
    for (Statement statement : tree.statements()) {
      if (statement instanceof Statement.Options options) {
        global = global.plus(options.settings());
      } else if (statement instanceof Statement.Resource resource) {
        ResourceDefinition definition = resource(resource);
        if (resource.name().equals(Parser.COMMON)) {
          common = Optional.of(definition);
        } else {
          resources.add(definition);
        }
      }
    }
    findings.throwFaults();
    List<ResourceDefinition> linked = Stacking.nameHosts(resources, findings, unique);
    List<String> warnings = new ArrayList<>(tree.warnings());
    warnings.addAll(findings.warnings());
    return new Configuration(
        tree.file(), global, common, List.copyOf(linked), List.copyOf(warnings), findings.faults());
  }

  private ResourceDefinition resource(Statement.Resource resource) {
    Map<Section, OptionList> sections = new EnumMap<>(Section.class);
    VolumeSet volumes = new VolumeSet(findings);
    HostResolver hostResolver = new HostResolver(resource, findings, unique);
    List<HostDefinition> hosts = new ArrayList<>();
    boolean stackedTimeouts = false;
    boolean standAlone = false;
    List<String> becomePrimaryOn = List.of();
    for (Statement statement : resource.body()) {
      switch (statement) {
        case Statement.Options(_, Section section, List<Setting> settings) -> {
          for (Setting setting : settings) {
            if (setting.name().equals(Option.STACKED_TIMEOUTS.word())) {
              stackedTimeouts = true;
            } else if (setting.name().equals(Option.BECOME_PRIMARY_ON.word())) {
              becomePrimaryOn = Arrays.asList(setting.text().split(" "));
            } else {
              warnOfPanic(section, setting);
              sections.merge(
                  section,
                  new OptionList(List.of(setting)),
                  (all, one) -> all.plus(one.settings()));
            }
          }
        }
        case Statement.Host host -> hosts.add(hostResolver.host(host, volumes.sorted()));
        case Statement.Volume volume -> volumes.addExplicit(volume, device -> {});
        case Statement.Device _, Statement.Disk _, Statement.MetaDisk _ ->
            volumes.addImplicit(statement);
        case Statement.StandAlone _ -> standAlone = true;
        case Statement.Resource _, Statement.Address _, Statement.Proxy _ ->
            throw new IllegalStateException("no statement of a resource: " + statement);
      }
    }
    hostResolver.checkSetsEqual(hosts);
    return new ResourceDefinition(
        resource.at(),
        resource.name(),
        hosts,
        volumes.sorted(),
        sections,
        stackedTimeouts,
        List.copyOf(becomePrimaryOn),
        standAlone);
  }

  private void warnOfPanic(Section section, Setting setting) {
    if (section == Section.DISK
        && setting.name().equals(Option.ON_IO_ERROR.word())
        && setting.text().equals("panic")) {
      findings.warn(
          setting.at(), "'on-io-error panic' never panics this host: call-local-io-error instead");
    }
  }
}
