package org.twincore.sim.recorded;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.sim.check.Violation;
import org.twincore.testkit.RegisterHistory;

/// Each hot block was one register for the clients of both nodes, linearizable (docs/durability.md,
/// "Two Primaries"), and has now the last of what was written.
///
/// Only regular if a client may have read what no node is bound to keep: a write that has no answer
/// yet, in the caches of two machines that both lose their power, or on a single Primary whose peer
/// takes over without it.
///
/// If only one node went on alone its side is the one that stands; if both did, one of them: the
/// one that the admin kept, if he had to choose. With resource-and-stonith nobody may, unless the
/// admin thawed what was frozen.
final class RegisterHolds {
  private static final String NAME = "RegisterHolds";

  private RegisterHolds() {}

  static void check(Duo duo, Recording recording, boolean isThawed, @Nullable Integer victim) {
    Map<Long, Long> contents = duo.contents(0);
    if (!contents.equals(duo.contents(1))) {
      throw new Violation(NAME, "at rest %s and %s".formatted(contents, duo.contents(1)));
    }
    boolean mustBeOne = duo.terms.fencing().equals("resource-and-stonith") && !isThawed;
    boolean isRegular = !duo.terms.allowsTwo() || recording.bothLostPower();
    List<String> wrong = new ArrayList<>();
    for (int side : mustBeOne ? List.of(Recording.ALL) : sides(recording, victim)) {
      RegisterHistory history = recording.history(side, contents);
      Optional<String> found = isRegular ? history.irregularity() : history.nonlinearity();
      if (found.isEmpty()) {
        return;
      }
      wrong.add((side == Recording.ALL ? "" : "side of node " + side + ": ") + found.get());
    }
    throw new Violation(NAME, String.join("; ", wrong));
  }

  private static List<Integer> sides(Recording recording, @Nullable Integer victim) {
    boolean first = recording.wentOnAlone(0);
    boolean second = recording.wentOnAlone(1);
    if (!first && !second) {
      return List.of(Recording.ALL);
    }
    if (first && second) {
      return victim == null ? List.of(0, 1) : List.of(1 - victim);
    }
    return List.of(first ? 0 : 1);
  }
}
