package org.twincore.drbd.config;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.twincore.drbd.config.Statement.Section;

/// A resource, or the common section, as the file defines it.
///
/// @param at where its name stands
/// @param name the resource's name, or `common`
/// @param hosts its host sections in the order of the file
/// @param volumes volumes defined for all hosts
/// @param sections its options by section; `startup` without the next two
/// @param stackedTimeouts whether `stacked-timeouts` is given
/// @param becomePrimaryOn the hosts of `become-primary-on`, or `both`
/// @param standAlone whether 0.7's `on-disconnect stand_alone` is given
public record ResourceDefinition(
    Position at,
    String name,
    List<HostDefinition> hosts,
    List<VolumeDefinition> volumes,
    Map<Section, OptionList> sections,
    boolean stackedTimeouts,
    List<String> becomePrimaryOn,
    boolean standAlone) {

  public ResourceDefinition {
    hosts = List.copyOf(hosts);
    volumes = List.copyOf(volumes);
    EnumMap<Section, OptionList> copy = new EnumMap<>(Section.class);
    copy.putAll(sections);
    sections = copy;
  }

  /// The options of a section, perhaps none.
  public OptionList options(Section section) {
    return sections.getOrDefault(section, OptionList.EMPTY);
  }

  /// Whether any host section is stacked.
  public boolean hasStackedHost() {
    return hosts.stream().anyMatch(HostDefinition::isStacked);
  }

  /// The startup options with `stacked-timeouts` and `become-primary-on` at their end.
  OptionList startupAsPrinted() {
    OptionList all = options(Section.STARTUP);
    if (stackedTimeouts) {
      all = all.plus(List.of(Setting.word(at, Option.STACKED_TIMEOUTS.word())));
    }
    if (!becomePrimaryOn.isEmpty()) {
      String hosts = String.join(" ", becomePrimaryOn);
      all =
          all.plus(
              List.of(new Setting(at, Option.BECOME_PRIMARY_ON.word(), Optional.of(hosts), true)));
    }
    return all;
  }

  ResourceDefinition withHosts(List<HostDefinition> other) {
    return new ResourceDefinition(
        at, name, other, volumes, sections, stackedTimeouts, becomePrimaryOn, standAlone);
  }

  ResourceDefinition withSection(Section section, OptionList options) {
    EnumMap<Section, OptionList> changed = new EnumMap<>(Section.class);
    changed.putAll(sections);
    changed.put(section, options);
    return new ResourceDefinition(
        at, name, hosts, volumes, changed, stackedTimeouts, becomePrimaryOn, standAlone);
  }

  ResourceDefinition withStartup(boolean timeouts, List<String> primaries) {
    return new ResourceDefinition(
        at, name, hosts, volumes, sections, timeouts, List.copyOf(primaries), standAlone);
  }
}
