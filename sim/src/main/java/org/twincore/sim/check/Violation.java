package org.twincore.sim.check;

/// A rule was broken; names the checker that saw it.
public final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String checker;

  public Violation(String checker, String message) {
    super(checker + ": " + message);
    this.checker = checker;
  }

  /// The simple name of the checker's class.
  public String checker() {
    return checker;
  }
}
