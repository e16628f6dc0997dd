package org.twincore.daemon.report;

import java.util.Optional;

/// Whose `service drbd status` is imitated; twincore.conf names it by its version.
public enum StatusStyle {
  V0_7("0.7"),
  V8_2("8.2"),
  V8_3("8.3"),
  V8_4("8.4");

  private final String version;

  StatusStyle(String version) {
    this.version = version;
  }

  public String version() {
    return version;
  }

  /// The style of a version like `8.3`; empty for one that is none of the four.
  public static Optional<StatusStyle> ofVersion(String version) {
    for (StatusStyle style : values()) {
      if (style.version.equals(version)) {
        return Optional.of(style);
      }
    }
    return Optional.empty();
  }
}
