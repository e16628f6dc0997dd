package org.twincore.daemon.report;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.wire.StateWord;

/// How status and events2 name states; they split /proc/drbd's one `cs:` into connection and
/// replication.
final class StateWords {
  private StateWords() {}

  static String connection(ConnectionState state) {
    if (state.isAtLeast(ConnectionState.WF_REPORT_PARAMS)) {
      return "Connected";
    }
    return state == ConnectionState.WF_CONNECTION ? "Connecting" : state.toString();
  }

  static String replication(ConnectionState state) {
    if (!state.isAtLeast(ConnectionState.CONNECTED)) {
      return "Off";
    }
    return state == ConnectionState.CONNECTED ? "Established" : state.toString();
  }

  static String resyncSuspended(StateWord state) {
    return reasons(
        state.userIsp() ? "user" : "",
        state.peerIsp() ? "peer" : "",
        state.aftrIsp() ? "dependency" : "");
  }

  /// Which side holds a volume's requests back: `no`, `upper`, `lower` or both.
  static String blocked(StateWord state, boolean diskCongested) {
    return reasons(state.isSuspended() ? "upper" : "", diskCongested ? "lower" : "");
  }

  static String writeOrdering(char letter) {
    return switch (letter) {
      case 'b' -> "barrier";
      case 'f' -> "flush";
      case 'd' -> "drain";
      default -> "none";
    };
  }

  static String yesOrNo(boolean claim) {
    return claim ? "yes" : "no";
  }

  /// The non-empty words with commas between, or `no` without any.
  static String reasons(String... words) {
    String joined = Arrays.stream(words).filter(w -> !w.isEmpty()).collect(Collectors.joining(","));
    return joined.isEmpty() ? "no" : joined;
  }
}
