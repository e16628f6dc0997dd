package org.twincore.cli.drbdmeta;

import org.jspecify.annotations.Nullable;

/// The command ends here with this exit code; the message, if any, goes to standard error.
final class ToolFailure extends Exception {
  private static final long serialVersionUID = 1L;

  /// Refused by the disk or by its metadata.
  static final int FAILED = 1;

  /// outdate on a disk whose data is inconsistent.
  static final int INCONSISTENT = 5;

  /// A value or a text that cannot be read.
  static final int BAD_VALUE = 10;

  /// A wrong command line, or a device that cannot be used.
  static final int USAGE = 20;

  /// create-md must not overwrite this.
  static final int WOULD_DESTROY = 40;

  private final int exitCode;

  ToolFailure(int exitCode, @Nullable String message) {
    super(message);
    this.exitCode = exitCode;
  }

  int exitCode() {
    return exitCode;
  }
}
