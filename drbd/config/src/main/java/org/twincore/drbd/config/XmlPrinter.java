package org.twincore.drbd.config;

import java.util.List;
import org.twincore.drbd.config.HostDefinition.ProxyDefinition;
import org.twincore.drbd.config.Statement.Section;

/// Prints a configuration as XML: `drbdadm dump-xml` (drbd-config section 6).
public final class XmlPrinter {
  private static final List<Section> BEFORE_PROXY =
      List.of(Section.OPTIONS, Section.NET, Section.DISK, Section.STARTUP);

  private final IndentedText out = new IndentedText();

  private XmlPrinter() {}

  /// The whole configuration, resources that are not for this node included.
  public static String print(NodeConfiguration all) {
    XmlPrinter printer = new XmlPrinter();
    Configuration configuration = all.configuration();
    printer.out.open("<config file=\"" + Quoting.xml(configuration.file()) + "\">");
    GlobalSection.of(configuration).printXml(printer.out);
    configuration
        .common()
        .ifPresent(common -> {
          printer.out.open("<common>");
          printer.sections(common);
          printer.out.close("</common>");
        });
    all.resources().forEach(printer::resource);
    printer.out.close("</config>");
    return printer.out.toString();
  }

  /// One resource.
  public static String print(NodeResource resource) {
    XmlPrinter printer = new XmlPrinter();
    printer.resource(resource);
    return printer.out.toString();
  }

  private void resource(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    out.open(
        "<resource name=\"%s\" conf-file-line=\"%s\">"
            .formatted(Quoting.xml(resource.name()), Quoting.xml(definition.at().fileLine())));
    definition.hosts().forEach(this::host);
    sections(definition);
    out.close("</resource>");
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

  private void section(String name, OptionList options) {
    if (!options.isEmpty()) {
      out.open("<section name=\"" + name + "\">");
      options.settings().forEach(this::setting);
      out.close("</section>");
    }
  }

  private void setting(Setting setting) {
    String name = Quoting.xml(setting.name());
    out.line(
        setting
            .value()
            .map(value -> "<option name=\"%s\" value=\"%s\"/>".formatted(name, Quoting.xml(value)))
            .orElse("<option name=\"%s\"/>".formatted(name)));
  }

  private void proxyOptions(String name, OptionList options, OptionList plugins) {
    if (options.isEmpty() && plugins.isEmpty()) {
      return;
    }
    out.open("<section name=\"" + name + "\">");
    options.settings().forEach(this::setting);
    section("plugin", plugins);
    out.close("</section>");
  }

  private void host(HostDefinition host) {
    out.open(
        host.isFloating()
            ? "<host floating=\"1\">"
            : "<host name=\"" + Quoting.xml(String.join(" ", host.names())) + "\">");
    section("options", host.options());
    host.volumes().forEach(this::volume);
    host.address().ifPresent(address -> address("address", address));
    host.proxy().ifPresent(this::proxy);
    out.close("</host>");
  }

  private void volume(VolumeDefinition volume) {
    out.open("<volume vnr=\"" + volume.number() + "\">");
    section("disk", volume.diskOptions());
    out.line(
        "<device minor=\"%d\">%s</device>"
            .formatted(volume.minor().orElse(-1), Quoting.xml(volume.device().orElse(""))));
    out.line("<disk>" + Quoting.xml(volume.disk().orElse("")) + "</disk>");
    volume.metaDisk().ifPresent(this::metaDisk);
    out.close("</volume>");
  }

  private void metaDisk(MetaDisk where) {
    String index = where.slot().isPresent() ? " index=\"" + where.slot().getAsInt() + "\"" : "";
    out.line("<meta-disk" + index + ">" + Quoting.xml(where.device()) + "</meta-disk>");
  }

  private void proxy(ProxyDefinition proxy) {
    out.open("<proxy hostname=\"" + Quoting.xml(String.join(" ", proxy.names())) + "\">");
    address("inside", proxy.inside());
    address("outside", proxy.outside());
    proxyOptions("options", proxy.options(), proxy.plugins());
    out.close("</proxy>");
  }

  private void address(String element, Endpoint endpoint) {
    out.line(
        "<%s family=\"%s\" port=\"%d\">%s</%s>"
            .formatted(
                element,
                endpoint.family(),
                endpoint.port(),
                Quoting.xml(endpoint.address()),
                element));
  }
}
