package org.twincore.drbd;

/// Checks that must hold whatever the world does; always on.
///
/// A broken invariant is a bug of ours, never an operating error: it is not caught below the loop,
/// which freezes the I/O of the one resource.
public final class Invariant {
  private Invariant() {}

  /// Thrown when an invariant does not hold.
  public static final class Broken extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    Broken(String message) {
      super(message);
    }
  }

  /// Throws [Broken] with the message unless the condition holds.
  public static void check(boolean condition, String message) {
    if (!condition) {
      throw new Broken(message);
    }
  }

  /// As [#check(boolean, String)], with a `String.format` message that is built only on failure.
  public static void check(boolean condition, String format, long first, long second) {
    if (!condition) {
      throw new Broken(format.formatted(first, second));
    }
  }
}
