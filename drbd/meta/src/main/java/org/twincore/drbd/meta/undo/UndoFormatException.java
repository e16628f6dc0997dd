package org.twincore.drbd.meta.undo;

/// Bytes that are no undo file of a version known here.
public final class UndoFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  UndoFormatException(String message) {
    super(message);
  }
}
