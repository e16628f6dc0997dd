package org.twincore.admin;

/// A line on the admin socket that is no request or answer: what is wrong and where.
public final class AdminFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  public AdminFormatException(String message) {
    super(message);
  }
}
