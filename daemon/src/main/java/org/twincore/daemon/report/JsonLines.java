package org.twincore.daemon.report;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// JSON with one member a line and two blanks a level, as DRBD 9's tool prints it.
final class JsonLines {
  private static final String STEP = "  ";

  private final StringBuilder text = new StringBuilder();
  private int depth;
  private boolean fresh = true;

  /// A member whose value needs no quotes.
  void raw(String key, Object value) {
    member(key).append(value);
  }

  void text(String key, String value) {
    quoted(member(key), value);
  }

  /// A member that is an array of objects, or the whole text for an empty key.
  <T> void array(String key, List<T> items, Consumer<T> object) {
    boolean outermost = key.isEmpty();
    if (outermost) {
      text.append("[\n");
    } else {
      member(key).append('[');
      depth += 1;
    }
    for (int at = 0; at < items.size(); at++) {
      if (!outermost) {
        text.append(at == 0 ? "\n" : ",\n").append(STEP.repeat(depth));
      } else if (at > 0) {
        text.append(",\n");
      }
      text.append('{');
      depth++;
      fresh = true;
      object.accept(items.get(at));
      depth--;
      text.append('\n').append(STEP.repeat(depth)).append('}');
    }
    fresh = false;
    if (outermost) {
      text.append(items.isEmpty() ? "]\n" : "\n]\n");
    } else {
      text.append(" ]");
      depth -= 1;
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }

  private StringBuilder member(String key) {
    text.append(fresh ? "\n" : ",\n").append(STEP.repeat(depth));
    fresh = false;
    return quoted(text, key).append(": ");
  }

  private static StringBuilder quoted(StringBuilder out, String value) {
    out.append('"');
    for (int at = 0; at < value.length(); at++) {
      char letter = value.charAt(at);
      if (letter == '"' || letter == '\\') {
        out.append('\\').append(letter);
      } else if (letter < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) letter));
      } else {
        out.append(letter);
      }
    }
    return out.append('"');
  }
}
