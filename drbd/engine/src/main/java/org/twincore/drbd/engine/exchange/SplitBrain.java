package org.twincore.drbd.engine.exchange;

import java.util.List;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;

/// A split brain of one volume, as this node met it last.
///
/// @param nanos when, in the steps' time
/// @param ending what became of that meeting, in the words of the log
/// @param isOpen nothing has settled it
/// @param needsAlways the policies count only with `always-asbp`
/// @param forecasts what each policy would have made of it
public record SplitBrain(
    long nanos,
    String ending,
    boolean isOpen,
    boolean needsAlways,
    Side own,
    Side peer,
    List<Forecast> forecasts) {

  public SplitBrain {
    forecasts = List.copyOf(forecasts);
  }

  /// What a side said of itself: blocks of 4 KiB that it had changed alone.
  public record Side(GenerationUuids uuids, Role role, long changedBlocks) {}

  /// Whose data would stay.
  public enum Fate {
    OWN_STAYS,
    PEER_STAYS,
    /// The nodes stay apart.
    NOBODY_GIVES_IN
  }

  /// One policy of `after-sb-0pri`, `-1pri` or `-2pri`.
  public record Forecast(String option, String policy, Fate fate) {}

  /// Blocks of 4 KiB that this node has changed alone, one behind the other.
  public record Range(long firstBlock, long blocks) {}
}
