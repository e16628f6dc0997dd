package org.twincore.drbd.config;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What may stand only once in a whole configuration: addresses, devices, minors, disks.
final class Uniqueness {
  private final Findings findings;
  private final Map<String, Position> firstUse = new HashMap<>();

  Uniqueness(Findings findings) {
    this.findings = findings;
  }

  void use(Position at, String what, String key) {
    Position first = firstUse.putIfAbsent(what + " " + key, at);
    if (first != null) {
      findings.fault(
          at,
          "conflicting use of %s '%s' ...\n%s: %s '%s' first used here."
              .formatted(what, key, first.fileLine(), what, key));
    }
  }

  /// A loopback address may be used once on each host, any other once in all.
  void address(Position at, Endpoint endpoint, List<String> hosts) {
    String key = endpoint.address() + ":" + endpoint.port();
    if (!endpoint.isLoopback()) {
      use(at, "IP", key);
      return;
    }
    for (String host : hosts) {
      use(at, "IP", host + ":" + key);
    }
  }

  void device(Position at, Statement.Device device, List<String> hosts) {
    for (String host : hosts) {
      device.minor().ifPresent(minor -> use(at, "device-minor", host + ":" + minor));
      device.name().ifPresent(name -> use(at, "device", host + ":" + name));
    }
  }
}
