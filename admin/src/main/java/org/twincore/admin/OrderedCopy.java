package org.twincore.admin;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Immutable copies that keep their order, which `Map.copyOf` does not.
final class OrderedCopy {
  private OrderedCopy() {}

  static Map<String, String> of(Map<String, String> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }
}
