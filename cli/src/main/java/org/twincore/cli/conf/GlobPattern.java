package org.twincore.cli.conf;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// One component of a shell pattern: `*`, `?`, `[...]` and a backslash before a plain character. A
/// leading dot is matched only by a dot.
final class GlobPattern {
  private final boolean matchesHidden;
  private final Pattern regex;

  GlobPattern(String pattern) {
    matchesHidden = pattern.startsWith(".");
    Pattern compiled;
    try {
      compiled = Pattern.compile(regex(pattern), Pattern.DOTALL);
    } catch (PatternSyntaxException _) {
      compiled = Pattern.compile(Pattern.quote(pattern));
    }
    regex = compiled;
  }

  static boolean isWild(String part) {
    return part.indexOf('*') >= 0 || part.indexOf('?') >= 0 || part.indexOf('[') >= 0;
  }

  static String unescaped(String part) {
    return part.replaceAll("\\\\(.)", "$1");
  }

  boolean matches(String name) {
    return (matchesHidden || !name.startsWith(".")) && regex.matcher(name).matches();
  }

  private static String regex(String pattern) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      int close = c == '[' ? pattern.indexOf(']', i + 2) : -1;
      if (c == '*') {
        out.append(".*");
      } else if (c == '?') {
        out.append('.');
      } else if (close > 0) {
        out.append(set(pattern.substring(i + 1, close)));
        i = close;
      } else {
        i += c == '\\' && i + 1 < pattern.length() ? 1 : 0;
        out.append(Pattern.quote(pattern.substring(i, i + 1)));
      }
    }
    return out.toString();
  }

  private static String set(String members) {
    boolean negated = members.startsWith("!") || members.startsWith("^");
    String plain = negated ? members.substring(1) : members;
    return (negated ? "[^" : "[") + plain.replaceAll("([\\[\\]\\\\^&])", "\\\\$1") + "]";
  }
}
