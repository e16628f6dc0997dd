package org.twincore.drbd.config;

/// How a text is written so that the lexer reads it back.
public final class Quoting {
  private Quoting() {}

  /// The text bare if it is a word, else in quotes with `"` and `\` escaped.
  public static String quoted(String text) {
    if (!text.isEmpty() && text.chars().allMatch(c -> Lexer.isWordChar((char) c))) {
      return text;
    }
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /// For XML text and attributes.
  static String xml(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&apos;");
  }
}
