package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;

/// Whether the addresses of a node's own host sections are configured on this machine.
public final class AddressChecks {
  private AddressChecks() {}

  /// What is wrong, each as `FILE:LINE: text`; empty if nothing, or if `global` forbids to look.
  public static List<String> complaints(NodeConfiguration all) {
    return all.resources().stream().flatMap(one -> complaint(one, all).stream()).toList();
  }

  /// What is wrong with one resource.
  public static Optional<String> complaint(NodeResource resource, NodeConfiguration all) {
    if (resource.isIgnored() || resource.stacked() || all.configuration().skipsAddressCheck()) {
      return Optional.empty();
    }
    HostDefinition me = resource.local();
    Endpoint address = me.address().orElseThrow();
    boolean checked = address.family().equals("ipv4") || address.family().equals(Endpoint.IPV6);
    if (!checked || all.node().hasAddress().test(address)) {
      return Optional.empty();
    }
    return Optional.of(
        "%s: in resource %s, on %s:\n\tIP %s not found on this host."
            .formatted(
                resource.definition().at().fileLine(),
                resource.name(),
                me.joinedNames(" "),
                address.address()));
  }
}
