package org.twincore.it;

/// How much longer than usual a test may wait: `-Dtwincore.patience=5` on a machine that has much
/// else to do, with `-Djunit.jupiter.execution.timeout.mode=disabled`.
final class Patience {
  static final int FACTOR = Integer.getInteger("twincore.patience", 1);

  private Patience() {}
}
