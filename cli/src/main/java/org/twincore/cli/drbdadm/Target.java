package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.VolumeDefinition;

/// What a command works on: a resource, or one volume of it.
///
/// @param resource the resource
/// @param volumes its volumes, or the one that was named
record Target(NodeResource resource, List<VolumeDefinition> volumes) {
  private static final String MINOR = "minor-";

  static Target whole(NodeResource resource) {
    return new Target(resource, resource.local().volumes());
  }

  boolean isPart() {
    return volumes.size() < resource.local().volumes().size();
  }

  /// All resources of this node of the wanted kind; an exception if there is none.
  static List<Target> all(NodeConfiguration configuration, Invocation invocation)
      throws UsageException {
    boolean stacked = invocation.flags().stacked();
    List<Target> targets = new ArrayList<>();
    for (NodeResource resource : configuration.resources()) {
      if (!resource.isIgnored() && resource.stacked() == stacked) {
        targets.add(whole(resource));
      }
    }
    if (targets.isEmpty()) {
      String node = configuration.node().name();
      throw UsageException.usage(
          configuration.resources().isEmpty()
              ? "no resources defined!"
              : stacked
                  ? "WARN: nothing stacked for this host (" + node + "), nothing to do!"
                  : "WARN: no normal resources defined for this host (" + node + ")!");
    }
    if (invocation.command().scope() == Command.Scope.ONE_VOLUME) {
      throw needsVolume(invocation.command().word(), "<resource>");
    }
    return targets;
  }

  private static UsageException needsVolume(String word, String resource) {
    return UsageException.usage(
        ("%s requires a specific volume id, but none is specified.\n"
                + "Try '%s minor-<minor_number>' or '%s %s/<vnr>'")
            .formatted(word, word, word, resource));
  }

  /// What a name means: `NAME`, `NAME/VOLUME` or `minor-N`.
  static Target named(String name, NodeConfiguration configuration, Invocation invocation)
      throws UsageException {
    Target target = find(name, configuration).orElseThrow(() -> unknown(name));
    boolean stacked = invocation.flags().stacked();
    boolean dump = invocation.command() == Command.DUMP || invocation.command() == Command.DUMP_XML;
    if (target.resource.stacked() != stacked && !dump) {
      throw UsageException.usage(
          "'%s' is a %s resource, and not available in %s mode."
              .formatted(name, stacked ? "normal" : "stacked", stacked ? "stacked" : "normal"));
    }
    checkScope(target, invocation);
    return target;
  }

  private static UsageException unknown(String name) {
    return UsageException.usage("'" + name + "' not defined in your config (for this host).");
  }

  private static void checkScope(Target target, Invocation invocation) throws UsageException {
    String word = invocation.command().word();
    switch (invocation.command().scope()) {
      case RESOURCE, OPTIONAL -> {
        if (target.isPart()) {
          throw UsageException.usage(
              word + " operates on whole resources, but you specified a specific volume!");
        }
      }
      case ONE_VOLUME -> {
        if (target.volumes.size() > 1) {
          throw needsVolume(word, target.resource.name());
        }
      }
      case VOLUME, EITHER, NONE -> {}
    }
  }

  private static Optional<Target> find(String name, NodeConfiguration configuration)
      throws UsageException {
    if (name.startsWith(MINOR)) {
      int minor = number(name.substring(MINOR.length()));
      for (NodeResource resource : configuration.resources()) {
        for (VolumeDefinition volume : localVolumes(resource)) {
          if (volume.minor().equals(OptionalInt.of(minor))) {
            return Optional.of(new Target(resource, List.of(volume)));
          }
        }
      }
      return Optional.empty();
    }
    Optional<Target> plain = configuration.local(name).map(Target::whole);
    int slash = name.indexOf('/');
    if (plain.isPresent() || slash < 0) {
      return plain;
    }
    Optional<NodeResource> resource = configuration.local(name.substring(0, slash));
    int number = number(name.substring(slash + 1));
    return resource.flatMap(found ->
        found.local().volumes().stream()
            .filter(volume -> volume.number() == number)
            .findFirst()
            .map(volume -> new Target(found, List.of(volume))));
  }

  private static List<VolumeDefinition> localVolumes(NodeResource resource) {
    return resource.isIgnored() ? List.of() : resource.local().volumes();
  }

  private static int number(String text) throws UsageException {
    if (text.isEmpty()) {
      throw UsageException.of("missing number argument", 100);
    }
    if (!text.matches("-?[0-9]{1,9}[KMGkmgs]?")) {
      throw UsageException.of(text + " is not a valid number", 20);
    }
    return text.matches("[0-9]+") ? Integer.parseInt(text) : -1;
  }
}
