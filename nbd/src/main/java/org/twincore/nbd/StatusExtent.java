package org.twincore.nbd;

/// A run of an export with one `base:allocation` state, length in bytes above 0.
public record StatusExtent(long lengthBytes, int flags) {
  /// Not allocated; says nothing about what is read there.
  public static final int HOLE = 1;

  /// Reads as zeroes.
  public static final int ZERO = 2;

  public StatusExtent {
    if (lengthBytes <= 0) {
      throw new IllegalArgumentException("status extent of " + lengthBytes + " bytes");
    }
  }

  public static StatusExtent data(long lengthBytes) {
    return new StatusExtent(lengthBytes, 0);
  }

  public static StatusExtent hole(long lengthBytes) {
    return new StatusExtent(lengthBytes, HOLE | ZERO);
  }
}
