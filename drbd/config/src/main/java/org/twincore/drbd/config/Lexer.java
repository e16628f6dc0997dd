package org.twincore.drbd.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.twincore.drbd.config.Token.Kind;

/// Cuts the text of one file into tokens (drbd-config section 2). The longest match wins, as in the
/// scanner of drbdadm; a tie goes to the more special kind.
final class Lexer {
  /// Longest bare word.
  static final int WORD_CHARS_MAX = 128;

  /// Longest quoted string, an escaped character counting once.
  static final int STRING_CHARS_MAX = 255;

  private static final int IPV6_CHARS_MAX = 64;
  private static final Pattern INTEGER = Pattern.compile("[0-9]{1,8}[KMGs]?");
  private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  private static final Pattern IPV6_GROUPS =
      Pattern.compile(
          "(([0-9a-fA-F]{1,4}:){0,5}[0-9a-fA-F]{1,4})?:([0-9a-fA-F]{1,4})?:"
              + "([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){0,5})?");
  private static final Pattern IPV6_OF_IPV4 =
      Pattern.compile("::[fF]{4}:[0-9]{1,3}(\\.[0-9]{1,3}){3}");

  private final String file;
  private final String text;
  private int offset;
  private int line = 1;
  private int lineStart;

  Lexer(String file, String text) {
    this.file = file;
    this.text = text;
  }

  /// The next token; [Kind#END] again and again at the end.
  Token next() {
    skipBlanks();
    Position at = new Position(file, line, offset - lineStart + 1);
    if (offset >= text.length()) {
      return new Token(Kind.END, "", at);
    }
    char first = text.charAt(offset);
    if (first == '"') {
      return quoted(at);
    }
    int wordEnd = wordEnd(offset);
    int ipv6End = ipv6End();
    if (ipv6End > wordEnd) {
      return take(Kind.IPV6, ipv6End, at);
    }
    if (wordEnd > offset) {
      return word(wordEnd, at);
    }
    Kind kind = "{};[]:".indexOf(first) >= 0 ? Kind.PUNCTUATION : Kind.STRAY;
    return take(kind, offset + 1, at);
  }

  private void skipBlanks() {
    while (offset < text.length()) {
      char c = text.charAt(offset);
      if (c == '#') {
        int end = text.indexOf('\n', offset);
        offset = end < 0 ? text.length() : end;
      } else if (c == '\n') {
        offset++;
        line++;
        lineStart = offset;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        offset++;
      } else {
        return;
      }
    }
  }

  private Token take(Kind kind, int end, Position at) {
    String taken = text.substring(offset, end);
    offset = end;
    return new Token(kind, taken, at);
  }

  private Token word(int end, Position at) {
    if (end - offset > WORD_CHARS_MAX) {
      return take(Kind.LONG_WORD, end, at);
    }
    String word = text.substring(offset, end);
    Kind kind =
        Keywords.isReserved(word)
            ? Kind.KEYWORD
            : IPV4.matcher(word).matches()
                ? Kind.IPV4
                : INTEGER.matcher(word).matches() ? Kind.INTEGER : Kind.WORD;
    return take(kind, end, at);
  }

  /// End of the word at `from`, looking no further than one character past the limit.
  private int wordEnd(int from) {
    int limit = Math.min(text.length(), from + WORD_CHARS_MAX + 1);
    int end = from;
    while (end < limit && isWordChar(text.charAt(end))) {
      end++;
    }
    return end;
  }

  static boolean isWordChar(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '/'
        || c == '.'
        || c == '_'
        || c == '-';
  }

  /// End of the longest IPv6 address here, or the offset itself.
  private int ipv6End() {
    Matcher mapped = IPV6_OF_IPV4.matcher(text).region(offset, text.length());
    int best = mapped.lookingAt() ? mapped.end() : offset;
    int limit = Math.min(text.length(), offset + IPV6_CHARS_MAX);
    int end = offset;
    int colons = 0;
    while (end < limit && isHexOrColon(text.charAt(end))) {
      colons += text.charAt(end) == ':' ? 1 : 0;
      end++;
    }
    if (colons < 2) {
      return best;
    }
    Matcher groups = IPV6_GROUPS.matcher(text);
    while (end > offset && !groups.region(offset, end).matches()) {
      end--;
    }
    if (end > offset && end < text.length() && text.charAt(end) == '%') {
      int zoneEnd = Math.min(wordEnd(end + 1), end + 1 + WORD_CHARS_MAX);
      end = zoneEnd > end + 1 ? zoneEnd : end;
    }
    return Math.max(best, end);
  }

  private static boolean isHexOrColon(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':';
  }

  private Token quoted(Position at) {
    StringBuilder value = new StringBuilder();
    int i = offset + 1;
    for (int chars = 0; i < text.length(); chars++) {
      char c = text.charAt(i);
      if (c == '"') {
        offset = i + 1;
        return new Token(Kind.QUOTED, value.toString(), at);
      }
      if (c == '\n') {
        return take(Kind.BROKEN_STRING, i, at);
      }
      if (chars == STRING_CHARS_MAX) {
        return take(Kind.LONG_STRING, i + 1, at);
      }
      if (c == '\\') {
        i++;
        if (i >= text.length() || text.charAt(i) == '\n') {
          return take(Kind.BROKEN_STRING, i, at);
        }
      }
      value.append(text.charAt(i));
      i++;
    }
    return take(Kind.STRAY, offset + 1, at);
  }
}
