package org.twincore.drbd.config;

/// Text in lines, four blanks deeper in each block.
final class IndentedText {
  /// The column, counted from the left margin, where values begin.
  private static final int VALUE_COLUMN = 24;

  private static final String STEP = "    ";

  private final StringBuilder text = new StringBuilder();
  private int depth;

  void line(String line) {
    text.append(STEP.repeat(depth)).append(line).append('\n');
  }

  void blank() {
    text.append('\n');
  }

  void open(String line) {
    line(line);
    depth++;
  }

  void close(String line) {
    depth--;
    line(line);
  }

  /// `KEY VALUE;` with the values of all depths in one column.
  void entry(String key, String value) {
    line(padded(key, VALUE_COLUMN - STEP.length() * depth) + " " + value + ";");
  }

  /// As [#entry], with a key column that does not know the depth.
  void fixedEntry(String key, String value) {
    line(padded(key, VALUE_COLUMN - 2 * STEP.length()) + " " + value + ";");
  }

  private static String padded(String key, int width) {
    return key + " ".repeat(Math.max(0, width - key.length()));
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
