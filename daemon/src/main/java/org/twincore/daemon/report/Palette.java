package org.twincore.daemon.report;

import java.util.Locale;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;

/// The colours of `drbdsetup status`: bold for this node, plain for the peer.
enum Palette {
  /// No escape codes at all.
  NONE,
  TERMINAL;

  /// Whose state is painted.
  enum Side {
    OURS,
    PEERS
  }

  /// What a state means to an admin, with the terminal's colour number.
  private enum Tone {
    NEUTRAL(""),
    PASSING(""),
    ACTIVE("36"),
    GOOD("32"),
    BAD("31");

    private final String number;

    Tone(String number) {
      this.number = number;
    }
  }

  String role(Role role, Side side) {
    Tone tone =
        switch (role) {
          case PRIMARY -> Tone.ACTIVE;
          case SECONDARY -> Tone.NEUTRAL;
          case UNKNOWN -> Tone.PASSING;
        };
    return paint(role.toString(), tone, side);
  }

  String connection(ConnectionState state) {
    Tone tone =
        switch (state) {
          case STAND_ALONE, WF_CONNECTION -> Tone.BAD;
          default ->
              state.isAtLeast(ConnectionState.WF_REPORT_PARAMS) ? Tone.NEUTRAL : Tone.PASSING;
        };
    return paint(StateWords.connection(state), tone, Side.OURS);
  }

  String replication(ConnectionState state) {
    Tone tone =
        switch (state) {
          case SYNC_SOURCE, SYNC_TARGET, PAUSED_SYNC_T -> Tone.BAD;
          case CONNECTED, VERIFY_S, VERIFY_T, PAUSED_SYNC_S, AHEAD -> Tone.NEUTRAL;
          default -> Tone.PASSING;
        };
    Side side =
        switch (state) {
          case SYNC_TARGET, PAUSED_SYNC_T, BEHIND -> Side.OURS;
          default -> Side.PEERS;
        };
    return paint(StateWords.replication(state), tone, side);
  }

  String disk(DiskState state, Side side) {
    Tone tone =
        switch (state) {
          case DISKLESS, INCONSISTENT, OUTDATED -> Tone.BAD;
          case UP_TO_DATE -> Tone.GOOD;
          default -> Tone.PASSING;
        };
    return paint(state.toString(), tone, side);
  }

  private String paint(String word, Tone tone, Side side) {
    boolean plain = tone == Tone.NEUTRAL || tone == Tone.PASSING && side == Side.PEERS;
    if (this == NONE || plain) {
      return word;
    }
    String bold = tone == Tone.PASSING ? "1" : "1;";
    String code = (side == Side.OURS ? bold : "") + tone.number;
    return String.format(Locale.ROOT, "\033[%sm%s\033[0m", code, word);
  }
}
