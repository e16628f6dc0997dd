package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;
import org.twincore.drbd.config.HostDefinition.ProxyDefinition;
import org.twincore.drbd.config.Statement.Section;

/// Prints a configuration in drbd.conf's own words, normalised: `drbdadm dump` (drbd-config section
/// 6). Its output, parsed and printed again, is the same but for the comments.
public final class ConfigPrinter {
  private static final int SHORT_VALUE_CHARS = 3;
  private static final List<Section> BEFORE_PROXY =
      List.of(Section.OPTIONS, Section.NET, Section.DISK, Section.STARTUP);

  private final NodeConfiguration all;
  private final IndentedText out = new IndentedText();

  private ConfigPrinter(NodeConfiguration all) {
    this.all = all;
  }

  /// The whole configuration, resources that are not for this node included.
  public static String print(NodeConfiguration all) {
    ConfigPrinter printer = new ConfigPrinter(all);
    Configuration configuration = all.configuration();
    printer.out.line("# " + configuration.file());
    GlobalSection.of(configuration).print(printer.out);
    configuration.common().ifPresent(printer::common);
    all.resources().forEach(printer::resource);
    return printer.out.toString();
  }

  /// One resource.
  public static String print(NodeConfiguration all, NodeResource resource) {
    ConfigPrinter printer = new ConfigPrinter(all);
    printer.resource(resource);
    return printer.out.toString();
  }

  private void common(ResourceDefinition common) {
    out.open("common {");
    sections(common);
    out.close("}");
    out.blank();
  }

  private void resource(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    String name = Quoting.quoted(resource.name());
    out.line(
        "# resource %s on %s: %s, %s"
            .formatted(
                name,
                all.node().name(),
                resource.isIgnored() ? "ignored" : "not ignored",
                resource.stacked() ? "stacked" : "not stacked"));
    out.line("# defined at " + definition.at().fileLine());
    out.open("resource " + name + " {");
    definition.hosts().forEach(this::host);
    sections(definition);
    out.close("}");
    out.blank();
  }

  private void sections(ResourceDefinition definition) {
    for (Section section : BEFORE_PROXY) {
      section(
          section.word(),
          section == Section.STARTUP ? definition.startupAsPrinted() : definition.options(section));
    }
    proxyOptions("proxy", definition.options(Section.PROXY), definition.options(Section.PLUGIN));
    section("handlers", definition.options(Section.HANDLERS));
  }

  private void section(String word, OptionList options) {
    if (!options.isEmpty()) {
      out.open(word + " {");
      options.settings().forEach(this::setting);
      out.close("}");
    }
  }

  private void setting(Setting setting) {
    if (setting.value().isEmpty()) {
      out.line(setting.name() + ";");
      return;
    }
    String value = setting.bare() ? setting.text() : Quoting.quoted(setting.text());
    out.entry(setting.name(), " ".repeat(Math.max(0, SHORT_VALUE_CHARS - value.length())) + value);
  }

  private void proxyOptions(String word, OptionList options, OptionList plugins) {
    if (options.isEmpty() && plugins.isEmpty()) {
      return;
    }
    out.open(word + " {");
    options.settings().forEach(this::setting);
    if (!plugins.isEmpty()) {
      out.open("plugin {");
      plugins.settings().forEach(plugin -> out.line(plugin.name() + ";"));
      out.close("}");
    }
    out.close("}");
  }

  private void host(HostDefinition host) {
    switch (host.kind()) {
      case ON -> out.open("on " + String.join(" ", host.names()) + " {");
      case FLOATING -> out.open("floating " + written(host.address().orElseThrow()) + " {");
      case STACKED -> {
        out.open("stacked-on-top-of " + Quoting.quoted(host.lower().orElseThrow()) + " {");
        out.line("# on " + String.join(" ", host.names()) + " ");
      }
    }
    section("options", host.options());
    for (VolumeDefinition volume : host.volumes()) {
      if (volume.implicit()) {
        volume(host, volume);
      } else {
        out.open("volume " + volume.number() + " {");
        volume(host, volume);
        out.close("}");
      }
    }
    if (!host.isFloating()) {
      host.address().ifPresent(address -> out.entry("address", written(address)));
    }
    host.alternate()
        .ifPresent(address -> out.fixedEntry("alternate-link-address", written(address)));
    host.proxy().ifPresent(this::proxy);
    out.close("}");
  }

  private void volume(HostDefinition host, VolumeDefinition volume) {
    section("disk", volume.diskOptions());
    Optional<String> minor =
        volume.minor().isPresent()
            ? Optional.of("minor " + volume.minor().getAsInt())
            : Optional.empty();
    volume
        .device()
        .map(name -> Quoting.quoted(name) + minor.map(text -> " " + text).orElse(""))
        .or(() -> minor)
        .ifPresent(text -> out.entry("device", text));
    if (host.isStacked()) {
      return;
    }
    volume.disk().ifPresent(disk -> out.entry("disk", Quoting.quoted(disk)));
    volume.metaDisk().ifPresent(this::metaDisk);
  }

  private void metaDisk(MetaDisk where) {
    if (where.isInternal()) {
      out.entry("meta-disk", "internal");
    } else {
      String device = Quoting.quoted(where.device());
      out.fixedEntry(
          "meta-disk", where.isFlexibleExternal() ? device : device + " [" + where.index() + "]");
    }
  }

  private void proxy(ProxyDefinition proxy) {
    out.open("proxy on " + String.join(" ", proxy.names()) + " {");
    out.fixedEntry("inside", written(proxy.inside()));
    out.fixedEntry("outside", written(proxy.outside()));
    proxyOptions("options", proxy.options(), proxy.plugins());
    out.close("}");
  }

  private static String written(Endpoint endpoint) {
    return endpoint.family() + " " + endpoint.addressAndPort();
  }
}
