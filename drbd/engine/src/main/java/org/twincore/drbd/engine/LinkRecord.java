package org.twincore.drbd.engine;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.state.SyncHandshake;

/// What became of the connection, for admins: since when it is as it is, how the last one ended,
/// and why the last dial failed. Nothing is decided by it.
final class LinkRecord {
  /// An event with its time.
  record Note(long nanos, String text) {}

  private ConnectionState conn = ConnectionState.STAND_ALONE;
  private long seekingNanos;
  private @Nullable Note end;
  private @Nullable Note dial;
  private List<String> endRules = List.of();
  private SyncHandshake.@Nullable Step refusal;
  private @Nullable Note fencing;

  /// The connection as a whole went on to a state that the world brought.
  void moved(ConnectionState to, String reason, long nanos) {
    boolean wasSeeking =
        conn.isBelow(ConnectionState.WF_REPORT_PARAMS) && conn != ConnectionState.STAND_ALONE;
    boolean seeks =
        to.isBelow(ConnectionState.WF_REPORT_PARAMS) && to != ConnectionState.STAND_ALONE;
    if (seeks && !wasSeeking) {
      seekingNanos = nanos;
      dial = null;
    }
    boolean ends =
        to == ConnectionState.DISCONNECTING
            || (to.isAtLeast(ConnectionState.TIMEOUT) && to.isBelow(ConnectionState.WF_CONNECTION));
    if (ends) {
      end = new Note(nanos, to + ": " + reason);
    }
    if (to == ConnectionState.STAND_ALONE && end == null) {
      end = new Note(nanos, reason);
    }
    if (to == ConnectionState.WF_REPORT_PARAMS) {
      refusal = null;
      endRules = List.of();
    }
    conn = to;
  }

  /// `connect`: what was before is no reason any more.
  void begins() {
    end = null;
    dial = null;
    refusal = null;
    endRules = List.of();
  }

  /// A dial came to nothing.
  void dialFailed(String cause, long nanos) {
    dial = new Note(nanos, cause);
  }

  /// The disks found no way together; the end of the connection follows.
  void refused(List<String> rules, Optional<SyncHandshake.Step> last) {
    endRules = List.copyOf(rules);
    refusal = last.orElse(null);
  }

  /// `fence-peer` was started.
  void fencingBegins(long nanos) {
    fencing = new Note(nanos, "fence-peer runs");
  }

  /// `fence-peer` ended.
  void fencingEnds() {
    fencing = null;
  }

  /// The `fence-peer` program that runs now.
  Optional<Note> fencing() {
    return Optional.ofNullable(fencing);
  }

  /// Since when the peer is looked for.
  long seekingNanos() {
    return seekingNanos;
  }

  /// How the last connection ended.
  Optional<Note> end() {
    Note last = end;
    return last == null || endRules.isEmpty()
        ? Optional.ofNullable(last)
        : Optional.of(new Note(last.nanos, last.text + " (" + String.join(", ", endRules) + ")"));
  }

  /// Why the last dial failed.
  Optional<Note> dial() {
    return Optional.ofNullable(dial);
  }

  /// The step of the handshake that refused the peer last.
  Optional<SyncHandshake.Step> refusal() {
    return Optional.ofNullable(refusal);
  }
}
