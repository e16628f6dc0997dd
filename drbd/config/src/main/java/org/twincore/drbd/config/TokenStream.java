package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.config.Token.Kind;

/// The tokens of one file with one token of look-ahead, and what the parser expects of them.
final class TokenStream {
  private static final int SHOWN_CHARS = 20;

  private final Lexer lexer;
  private final boolean lineEndsStatement;
  private final Findings findings;
  private @Nullable Token ahead;
  private Position lastAt = new Position("", 1, 1);

  /// @param lineEndsStatement whether a missing `;` at the end of a line is forgiven (0.7)
  TokenStream(Lexer lexer, boolean lineEndsStatement, Findings findings) {
    this.lexer = lexer;
    this.lineEndsStatement = lineEndsStatement;
    this.findings = findings;
  }

  Token peek() {
    if (ahead == null) {
      ahead = lexer.next();
    }
    return ahead;
  }

  Token next() {
    Token token = peek();
    ahead = null;
    lastAt = token.at();
    return token;
  }

  /// Where the token stands that was taken last.
  Position lastAt() {
    return lastAt;
  }

  Findings findings() {
    return findings;
  }

  /// Takes the punctuation, or fails.
  Token expect(char punctuation) throws ConfigException {
    Token token = next();
    if (!token.is(punctuation)) {
      throw unexpected(token, String.valueOf(punctuation));
    }
    return token;
  }

  /// Takes the `;` of a statement. In 0.7 the end of the line does as well, with a warning.
  void endStatement() throws ConfigException {
    Token token = peek();
    if (lineEndsStatement && !token.is(';') && token.at().line() > lastAt.line()) {
      findings.warn(
          token.at(),
          "missing ';' at the end of line " + lastAt.line() + ", forgiven as DRBD 0.7 did");
      return;
    }
    expect(';');
  }

  /// Takes a word that is no keyword, or a quoted string.
  Token expectString() throws ConfigException {
    Token token = next();
    if (!token.isString()) {
      throw unexpected(token, "a word or a quoted string");
    }
    return token;
  }

  /// Takes an integer and returns its digits' value without regard to a suffix.
  Token expectInteger() throws ConfigException {
    Token token = next();
    if (token.kind() != Kind.INTEGER) {
      throw unexpected(token, "a number");
    }
    return token;
  }

  /// Takes the value of an option: a word, a quoted string, an integer, or the word `on`.
  Token expectValue() throws ConfigException {
    Token token = next();
    if (!token.isString() && token.kind() != Kind.INTEGER && !token.isKeyword("on")) {
      throw unexpected(token, "a value");
    }
    return token;
  }

  /// Takes the keyword if it comes next.
  Optional<Token> takeKeyword(String word) {
    return peek().isKeyword(word) ? Optional.of(next()) : Optional.empty();
  }

  /// Host names up to `end`, which is taken.
  List<String> expectHosts(char end) throws ConfigException {
    List<String> names = new ArrayList<>();
    while (peek().isString()) {
      names.add(next().text());
    }
    if (names.isEmpty() || !peek().is(end)) {
      throw unexpected(next(), names.isEmpty() ? "a host name" : "a host name or " + end);
    }
    next();
    return List.copyOf(names);
  }

  /// What stands here instead of what should.
  ConfigException unexpected(Token token, String expected) {
    String message =
        switch (token.kind()) {
          case LONG_WORD ->
              "word of more than " + Lexer.WORD_CHARS_MAX + " characters: " + shown(token);
          case LONG_STRING ->
              "quoted string of more than "
                  + Lexer.STRING_CHARS_MAX
                  + " characters: "
                  + shown(token);
          case BROKEN_STRING -> "quoted string is not closed on its line: " + shown(token);
          case END -> parseError(expected, "end of file");
          case STRAY -> parseError(expected, strayName(token.text().charAt(0)));
          case WORD, QUOTED, KEYWORD, INTEGER, IPV4, IPV6, PUNCTUATION ->
              parseError(expected, shown(token)) + versionNote(token);
        };
    return findings.fatal(token.at(), message);
  }

  private static String parseError(String expected, String found) {
    return "Parse error: '" + expected + "' expected,\n\tbut got '" + found + "'";
  }

  private static String versionNote(Token token) {
    if (token.kind() != Kind.WORD) {
      return "";
    }
    if (Keywords.isDrbd9(token.text())) {
      return "\n\t'" + token.text() + "' is DRBD 9 syntax, not supported for 8.4";
    }
    if (Keywords.isBefore07(token.text())) {
      return "\n\t'" + token.text() + "' is of DRBD 0.6 or older and has no successor";
    }
    return "";
  }

  private static String shown(Token token) {
    String text = token.text();
    return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
  }

  private static String strayName(char c) {
    return c > ' ' && c < 127 ? String.valueOf(c) : "character 0x%02x".formatted((int) c);
  }
}
