package org.twincore.admin.settings;

/// A settings file that cannot be used: `FILE:LINE:COLUMN: what is wrong`.
public final class SettingsException extends Exception {
  private static final long serialVersionUID = 1L;

  SettingsException(String file, int line, int column, String message) {
    super(file + ":" + line + ":" + column + ": " + message);
  }
}
