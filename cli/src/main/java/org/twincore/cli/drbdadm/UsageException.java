package org.twincore.cli.drbdadm;

/// A command that cannot be carried out as given, with the exit code that scripts know.
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private UsageException(String message, int exitCode) {
    super(message);
    this.exitCode = exitCode;
  }

  /// Exit code 1: an unknown command or resource, a missing argument.
  static UsageException usage(String message) {
    return new UsageException(message, 1);
  }

  /// Another exit code.
  static UsageException of(String message, int exitCode) {
    return new UsageException(message, exitCode);
  }

  int exitCode() {
    return exitCode;
  }
}
