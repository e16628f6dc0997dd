package org.twincore.drbd.config;

/// A place in a configuration file, printed as `FILE:LINE:COLUMN`.
///
/// @param file the path as the messages show it
/// @param line from 1
/// @param column from 1, in characters
public record Position(String file, int line, int column) {
  /// `FILE:LINE`, the form that drbdadm prints and scripts read.
  public String fileLine() {
    return file + ":" + line;
  }

  @Override
  public String toString() {
    return fileLine() + ":" + column;
  }
}
