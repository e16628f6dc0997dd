package org.twincore.drbd.engine;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.twincore.drbd.wire.StateWord;

/// When each part of one volume's state word became what it is, by what event and which rules. What
/// an admin is told comes from here; nothing is decided by it.
final class ChangeRecord {
  /// A part of the state word that changes on its own.
  enum Part {
    ROLE(StateWord::role),
    CONNECTION(StateWord::conn),
    DISK(StateWord::disk),
    PEER_DISK(StateWord::pdsk),
    PAUSE_HERE(StateWord::userIsp),
    PAUSE_AT_PEER(StateWord::peerIsp),
    PAUSE_BY_DEPENDENCY(StateWord::aftrIsp),
    SUSPENDED_BY_USER(StateWord::susp),
    SUSPENDED_WITHOUT_DATA(StateWord::suspNod),
    SUSPENDED_BY_FENCING(StateWord::suspFen);

    private final Function<StateWord, Object> value;

    Part(Function<StateWord, Object> value) {
      this.value = value;
    }

    private boolean differs(StateWord before, StateWord after) {
      return !value.apply(before).equals(value.apply(after));
    }
  }

  /// `reason` is the event or command, `rules` the rows that were at work.
  record Change(long nanos, String reason, List<String> rules) {
    Change {
      rules = List.copyOf(rules);
    }

    /// `resync done`, or `P_STATE (uuid rule 50 -> WFBitMapT, implied disk-lowered)`.
    String text() {
      return rules.isEmpty() ? reason : reason + " (" + String.join(", ", rules) + ")";
    }
  }

  private final Map<Part, Change> last = new EnumMap<>(Part.class);

  /// A state was adopted.
  void changed(StateWord before, StateWord after, Change change) {
    for (Part part : Part.values()) {
      if (part.differs(before, after)) {
        last.put(part, change);
      }
    }
  }

  /// How that part became what it is; empty if it is as at the start.
  Optional<Change> last(Part part) {
    return Optional.ofNullable(last.get(part));
  }
}
