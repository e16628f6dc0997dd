package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;

/// What the reading of a configuration found: warnings, and faults that make it unusable but let
/// the reading go on, so that one run shows them all.
final class Findings {
  private static final int KEPT_MAX = 200;

  private final List<String> warnings = new ArrayList<>();
  private final List<ConfigException> faults = new ArrayList<>();

  void warn(Position at, String message) {
    if (warnings.size() < KEPT_MAX) {
      warnings.add(at.fileLine() + ": WARN: " + message);
    }
  }

  void fault(Position at, String message) {
    if (faults.size() < KEPT_MAX) {
      faults.add(ConfigException.invalid(at, message));
    }
  }

  /// A fault that ends the reading, to be thrown; earlier faults are told with it.
  ConfigException fatal(Position at, String message) {
    return fatal(at, message, ConfigException.INVALID);
  }

  ConfigException fatal(Position at, String message, int exitCode) {
    if (faults.isEmpty()) {
      return new ConfigException(at, message, exitCode);
    }
    faults.add(new ConfigException(at, message, exitCode));
    return joined(exitCode);
  }

  /// Throws all faults found so far as one.
  void throwFaults() throws ConfigException {
    if (!faults.isEmpty()) {
      throw faults.size() == 1 ? faults.getFirst() : joined(ConfigException.INVALID);
    }
  }

  /// Each as `FILE:LINE: WARN: text`, in the order found.
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  /// The faults so far, each as `FILE:LINE: text`.
  List<String> faults() {
    return faults.stream().map(fault -> String.valueOf(fault.getMessage())).toList();
  }

  private ConfigException joined(int exitCode) {
    StringBuilder all = new StringBuilder();
    for (ConfigException fault : faults) {
      all.append(all.isEmpty() ? "" : "\n").append(fault.getMessage());
    }
    Position first = faults.getFirst().position().orElseThrow();
    String text = all.substring((first.fileLine() + ": ").length());
    return new ConfigException(first, text, exitCode);
  }
}
