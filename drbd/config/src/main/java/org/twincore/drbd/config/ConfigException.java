package org.twincore.drbd.config;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A configuration that cannot be used: what is wrong, where, what was expected and found.
///
/// The message begins with `FILE:LINE: ` when the place is known. The exit code is the one that
/// drbdadm's scripts know: 10 for an invalid configuration, 20 for a malformed number or a file
/// that cannot be read, 100 for an empty one.
public final class ConfigException extends Exception {
  private static final long serialVersionUID = 1L;

  /// Exit code of an invalid configuration.
  public static final int INVALID = 10;

  /// Exit code of a malformed number and of an unreadable file.
  public static final int UNUSABLE = 20;

  /// Exit code of an empty text where a number must stand.
  public static final int NO_NUMBER = 100;

  private final transient @Nullable Position position;
  private final int exitCode;

  ConfigException(@Nullable Position position, String message, int exitCode) {
    super(position == null ? message : position.fileLine() + ": " + message);
    this.position = position;
    this.exitCode = exitCode;
  }

  static ConfigException invalid(Position position, String message) {
    return new ConfigException(position, message, INVALID);
  }

  /// Where the trouble is, with its column; empty if it concerns no single place.
  public Optional<Position> position() {
    return Optional.ofNullable(position);
  }

  /// 10, 20 or 100.
  public int exitCode() {
    return exitCode;
  }
}
