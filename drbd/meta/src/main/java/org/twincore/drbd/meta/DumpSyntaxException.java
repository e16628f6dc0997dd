package org.twincore.drbd.meta;

/// A text that restore-md cannot read: where, what it expected, what it found.
public final class DumpSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final int column;

  DumpSyntaxException(int line, int column, String what) {
    super("Parse error in line " + line + ", column " + column + ": " + what);
    this.line = line;
    this.column = column;
  }

  /// From 1.
  public int line() {
    return line;
  }

  /// From 1.
  public int column() {
    return column;
  }
}
