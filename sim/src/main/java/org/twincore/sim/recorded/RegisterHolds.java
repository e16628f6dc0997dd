package org.twincore.sim.recorded;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.sim.check.Violation;

/// Each hot block was one register for the clients of both nodes, linearizable (docs/durability.md,
/// "Two Primaries"), and has now the last of what was written.
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
    List<String> wrong = new ArrayList<>();
    for (int side : mustBeOne ? List.of(Recording.ALL) : sides(recording, victim)) {
      Optional<String> found = recording.history(side, contents).nonlinearity();
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
