package org.twincore.drbd.config;

import java.util.Optional;

/// One option as it stands in the file, its name in today's spelling.
///
/// @param at where it stands
/// @param name today's name: `resync-rate` for `rate`
/// @param value the text of the value; empty for a bare word such as `stacked-timeouts`
/// @param bare whether the value is printed without quotes (a list of hosts)
public record Setting(Position at, String name, Optional<String> value, boolean bare) {
  Setting(Position at, String name, String value) {
    this(at, name, Optional.of(value), false);
  }

  static Setting word(Position at, String name) {
    return new Setting(at, name, Optional.empty(), false);
  }

  Setting withValue(String other) {
    return new Setting(at, name, Optional.of(other), bare);
  }

  /// The value, or the empty string of a bare word.
  public String text() {
    return value.orElse("");
  }
}
