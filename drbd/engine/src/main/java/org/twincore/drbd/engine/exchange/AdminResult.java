package org.twincore.drbd.engine.exchange;

import org.twincore.drbd.StateResult;

/// How a command ended; numbers and exit codes as in drbd-status section 7.
public sealed interface AdminResult {

  /// A state change was made or refused. `detail` says more for an admin, may be empty.
  record State(StateResult result, String detail) implements AdminResult {}

  /// A configuration failure with its number (101 = fine, 102 and up = refused).
  record Config(int number, String text) implements AdminResult {}

  AdminResult OK = new State(StateResult.SUCCESS, "");

  default boolean isSuccess() {
    return switch (this) {
      case State(StateResult result, String _) -> result.isSuccess();
      case Config(int number, String _) -> number == 101;
    };
  }
}
