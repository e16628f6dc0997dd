package org.twincore.drbd.config;

import java.util.List;
import java.util.Optional;

/// A host section of a resource.
///
/// @param at where it begins
/// @param kind `on`, `floating` or `stacked-on-top-of`
/// @param names the host names; of a floating one its address and port; of a stacked one the hosts
///   of the lower resource
/// @param address where it is reached; every complete section has one
/// @param alternate a second address, which 8.4 stores and does not use
/// @param proxy its proxy
/// @param options its own resource options
/// @param volumes its volumes, ascending
/// @param lower the resource below a stacked one
public record HostDefinition(
    Position at,
    Statement.Host.Kind kind,
    List<String> names,
    Optional<Endpoint> address,
    Optional<Endpoint> alternate,
    Optional<ProxyDefinition> proxy,
    OptionList options,
    List<VolumeDefinition> volumes,
    Optional<String> lower) {

  /// A proxy section.
  ///
  /// @param names the hosts the proxy runs on
  /// @param inside the address on the DRBD side
  /// @param outside the address on the far side
  /// @param options its options
  /// @param plugins its plugin lines
  public record ProxyDefinition(
      List<String> names,
      Endpoint inside,
      Endpoint outside,
      OptionList options,
      OptionList plugins) {}

  HostDefinition withNames(List<String> other) {
    return new HostDefinition(
        at, kind, List.copyOf(other), address, alternate, proxy, options, volumes, lower);
  }

  HostDefinition withVolumes(List<VolumeDefinition> other) {
    return new HostDefinition(
        at, kind, names, address, alternate, proxy, options, List.copyOf(other), lower);
  }

  HostDefinition withProxy(ProxyDefinition other) {
    return new HostDefinition(
        at, kind, names, address, alternate, Optional.of(other), options, volumes, lower);
  }

  /// Whether this is `stacked-on-top-of`.
  public boolean isStacked() {
    return kind == Statement.Host.Kind.STACKED;
  }

  /// Whether this is `floating`.
  public boolean isFloating() {
    return kind == Statement.Host.Kind.FLOATING;
  }

  /// The names with a separator between.
  public String joinedNames(String separator) {
    return names.isEmpty() ? "UNKNOWN" : String.join(separator, names);
  }
}
