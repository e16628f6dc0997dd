package org.twincore.daemon.verify;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.twincore.admin.AdminFormatException;

/// What the books of verifies hold, out of JSON; whatever is missing or of another kind is said.
final class BookJson {
  private BookJson() {}

  static Map<?, ?> map(Object value) throws AdminFormatException {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new AdminFormatException("an object was expected, not " + value);
  }

  static List<?> list(Map<?, ?> in, String key) throws AdminFormatException {
    if (in.get(key) instanceof List<?> list) {
      return list;
    }
    throw new AdminFormatException("\"" + key + "\" is no list");
  }

  static long number(Map<?, ?> in, String key) throws AdminFormatException {
    if (in.get(key) instanceof Long number && number >= 0) {
      return number;
    }
    throw new AdminFormatException("\"" + key + "\" is no number of 0 and up");
  }

  static boolean flag(Map<?, ?> in, String key) throws AdminFormatException {
    if (in.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw new AdminFormatException("\"" + key + "\" is neither true nor false");
  }

  static Instant instant(Map<?, ?> in, String key) throws AdminFormatException {
    try {
      return Instant.parse(String.valueOf(in.get(key)));
    } catch (DateTimeException bad) {
      throw new AdminFormatException("\"" + key + "\" is no time");
    }
  }
}
