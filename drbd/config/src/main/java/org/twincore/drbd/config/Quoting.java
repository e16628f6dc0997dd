package org.twincore.drbd.config;

/// How a text is written so that the lexer reads it back.
public final class Quoting {
  private Quoting() {}

  /// What drbdadm writes bare; it puts longer words in quotes, though its lexer takes up to 128.
  private static final int BARE_CHARS_MAX = 80;

  /// The text bare if it is a word, else in quotes with `"` and `\` escaped.
  public static String quoted(String text) {
    if (!text.isEmpty()
        && text.length() <= BARE_CHARS_MAX
        && text.chars().allMatch(c -> Lexer.isWordChar((char) c))) {
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
