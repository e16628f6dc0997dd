package org.twincore.drbd.engine.exchange;

import java.util.Locale;

/// One thing that a resource waits for, or that keeps it from its best state, out of the engine's
/// own records. For admins: `drbdadm why`.
///
/// `volume` is [#RESOURCE] for what is about the connection as a whole. `state` is what is, in
/// DRBD's words; `because` the event and the rules that made it so, empty if nothing was recorded;
/// `until` what would end it. `sinceNanos` is the time of the step that began it.
public record Waiting(
    int volume, Topic topic, String state, String because, String until, long sinceNanos) {

  /// In place of a volume's number.
  public static final int RESOURCE = -1;

  /// What a waiting is about.
  public enum Topic {
    CONNECTION,
    HANDLER,
    DISK,
    PEER_DISK,
    RESYNC,
    VERIFY,
    IO,
    PROMOTION,
    ACTIVITY_LOG;

    /// As in JSON and at the start of a line: `peer-disk`.
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }
}
