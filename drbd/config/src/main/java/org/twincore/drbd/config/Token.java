package org.twincore.drbd.config;

/// One token of a drbd.conf.
///
/// @param kind what it is
/// @param text the text; of a quoted string without quotes and backslashes
/// @param at where it begins
record Token(Kind kind, String text, Position at) {
  /// What a token is (drbd-config section 2).
  enum Kind {
    /// A bare word that is no keyword.
    WORD,
    /// A quoted string: never a keyword.
    QUOTED,
    /// A bare word that the grammar reserves everywhere.
    KEYWORD,
    /// 1 to 8 digits with at most one of `K M G s`.
    INTEGER,
    IPV4,
    IPV6,
    /// One of `{ } ; [ ] :`.
    PUNCTUATION,
    /// A bare word of more than 128 characters.
    LONG_WORD,
    /// A quoted string of more than 255 characters.
    LONG_STRING,
    /// A quoted string that its line does not end.
    BROKEN_STRING,
    /// A character that begins nothing.
    STRAY,
    END
  }

  boolean isString() {
    return kind == Kind.WORD || kind == Kind.QUOTED;
  }

  boolean is(char punctuation) {
    return kind == Kind.PUNCTUATION && text.charAt(0) == punctuation;
  }

  boolean isKeyword(String word) {
    return kind == Kind.KEYWORD && text.equals(word);
  }

  /// The bare words that 8.4 does not reserve but older or newer versions know.
  boolean isWord(String word) {
    return kind == Kind.WORD && text.equals(word);
  }
}
