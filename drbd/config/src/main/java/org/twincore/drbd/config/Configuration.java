package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;

/// A whole drbd.conf, checked as far as that needs no knowledge of the machine it is read on.
///
/// @param file the main file's path as messages show it
/// @param global the options of `global`
/// @param common the common section
/// @param resources the resources in the order of the files
/// @param warnings what the reader should know, each as `FILE:LINE: WARN: text`
/// @param lateFaults what is wrong with stacked resources, each as `FILE:LINE: text`; the few
///   questions that do not look at them are answered nevertheless
public record Configuration(
    String file,
    OptionList global,
    Optional<ResourceDefinition> common,
    List<ResourceDefinition> resources,
    List<String> warnings,
    List<String> lateFaults) {

  /// Reads and checks a configuration; `further` files are read as if they followed the first.
  ///
  /// @throws ConfigException if the configuration cannot be used
  public static Configuration read(ConfigSource source, String file, List<String> further)
      throws ConfigException {
    return Resolver.resolve(new Parser(source).parse(file, further));
  }

  /// The values of `global`.
  public OptionValues globalValues() {
    return global.values(Statement.Section.GLOBAL);
  }

  /// Whether addresses need not be configured on this host.
  public boolean skipsAddressCheck() {
    return global.last(Option.DISABLE_IP_VERIFICATION.word()).isPresent();
  }

  Optional<ResourceDefinition> resource(String name) {
    return resources.stream().filter(resource -> resource.name().equals(name)).findFirst();
  }
}
