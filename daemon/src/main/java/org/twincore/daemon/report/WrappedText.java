package org.twincore.daemon.report;

/// Lines of items that go on in a new line when the next item would pass the last column.
///
/// An item starts with its own blank; at the start of a line the blank is left away and the item's
/// indent put instead. As in `drbdsetup`, colour codes count as columns.
final class WrappedText {
  private final StringBuilder text = new StringBuilder();
  private final int columns;
  private int column;

  WrappedText(int columns) {
    this.columns = columns;
  }

  /// Appends an item, in a new line if this one has no room for it.
  WrappedText add(int indent, String item) {
    if (column > 0 && column + item.length() > columns) {
      endLine();
    }
    if (column == 0) {
      String bare = item.startsWith(" ") ? item.substring(1) : item;
      text.repeat(' ', indent).append(bare);
      column = indent + bare.length();
    } else {
      text.append(item);
      column += item.length();
    }
    return this;
  }

  /// Ends a line that has something in it.
  void endLine() {
    if (column > 0) {
      text.append('\n');
      column = 0;
    }
  }

  void emptyLine() {
    endLine();
    text.append('\n');
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
