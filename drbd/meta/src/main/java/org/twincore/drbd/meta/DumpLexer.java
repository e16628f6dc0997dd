package org.twincore.drbd.meta;

import java.io.IOException;
import java.io.Reader;

/// Cuts the text of a dump into words, numbers, strings and punctuation; `#` begins a comment.
final class DumpLexer {
  private static final int TOKEN_MAX_CHARS = 256;
  private static final int END = -1;

  private final Reader in;
  private int next;
  private int line = 1;
  private int column;

  DumpLexer(Reader in) throws IOException {
    this.in = in;
    advance();
  }

  enum Kind {
    WORD,
    STRING,
    PUNCTUATION,
    END
  }

  /// A word is a keyword or a number; `text` of a string is without its quotes.
  record Token(Kind kind, String text, int line, int column) {
    String shown() {
      return kind == Kind.END ? "the end of the text" : "'" + text + "'";
    }
  }

  Token token() throws IOException, DumpSyntaxException {
    skipSpaceAndComments();
    int startLine = line;
    int startColumn = column;
    if (next == END) {
      return new Token(Kind.END, "", startLine, startColumn);
    }
    if (next == '"') {
      return new Token(Kind.STRING, string(startLine, startColumn), startLine, startColumn);
    }
    StringBuilder text = new StringBuilder();
    if (next == '{' || next == '}' || next == ';') {
      text.append((char) next);
      advance();
      return new Token(Kind.PUNCTUATION, text.toString(), startLine, startColumn);
    }
    while (isWordCharacter(next)) {
      append(text, startLine, startColumn);
    }
    if (text.isEmpty()) {
      throw new DumpSyntaxException(
          startLine, startColumn, "character 0x%02x has no place here".formatted(next));
    }
    return new Token(Kind.WORD, text.toString(), startLine, startColumn);
  }

  private String string(int startLine, int startColumn) throws IOException, DumpSyntaxException {
    StringBuilder text = new StringBuilder();
    advance();
    while (next != '"') {
      if (next == END || next == '\n') {
        throw new DumpSyntaxException(startLine, startColumn, "this string does not end");
      }
      append(text, startLine, startColumn);
    }
    advance();
    return text.toString();
  }

  private void append(StringBuilder text, int startLine, int startColumn)
      throws IOException, DumpSyntaxException {
    if (text.length() == TOKEN_MAX_CHARS) {
      throw new DumpSyntaxException(
          startLine, startColumn, "a word longer than " + TOKEN_MAX_CHARS + " characters");
    }
    text.append((char) next);
    advance();
  }

  private static boolean isWordCharacter(int c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '-'
        || c == '_'
        || c == '.'
        || c == '\'';
  }

  private void skipSpaceAndComments() throws IOException {
    boolean isComment = false;
    while (next != END) {
      if (next == '#') {
        isComment = true;
      } else if (next == '\n') {
        isComment = false;
      } else if (!isComment && next != ' ' && next != '\t' && next != '\r') {
        return;
      }
      advance();
    }
  }

  private void advance() throws IOException {
    if (next == '\n') {
      line++;
      column = 0;
    }
    next = in.read();
    column++;
  }
}
