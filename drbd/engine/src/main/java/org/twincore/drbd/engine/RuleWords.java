package org.twincore.drbd.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.twincore.drbd.engine.state.PeerState;
import org.twincore.drbd.engine.state.StateRules;
import org.twincore.drbd.engine.state.SyncHandshake;

/// The rows of the decision tables as logs and `drbdadm why` name them: `uuid rule 70 ->
/// WFBitMapS`, `implied no-data-freezes`, `refused by two-primaries`.
final class RuleWords {
  private RuleWords() {}

  /// What a change implied.
  static List<String> implied(StateRules.Outcome outcome) {
    return outcome.implied().stream().map(row -> "implied " + of(row)).toList();
  }

  /// The row that refused, empty if none did.
  static String refusal(StateRules.Outcome outcome) {
    return outcome.refusal().map(row -> "refused by " + of(row)).orElse("");
  }

  /// All that took part when the peer's state was taken: the comparison of generations, the
  /// handshake of the disks, what P_STATE meant, and what the new state implied.
  static List<String> adopted(PeerState.Adopt adopt) {
    List<String> words = new ArrayList<>();
    adopt
        .handshake()
        .ifPresent(decision -> {
          words.add(
              "uuid rule %d -> %s"
                  .formatted(
                      decision.trace().comparison().rule().number(),
                      adopt.outcome().state().conn()));
          words.addAll(steps(decision.trace()));
        });
    adopt.rules().forEach(row -> words.add("peer's state " + of(row)));
    words.addAll(implied(adopt.outcome()));
    return List.copyOf(words);
  }

  /// Why the peer was dropped.
  static List<String> dropped(PeerState.Drop drop) {
    List<String> words = new ArrayList<>();
    drop.handshake()
        .ifPresent(decision -> {
          words.add(
              "uuid rule %d -> %s"
                  .formatted(decision.trace().comparison().rule().number(), drop.to()));
          words.addAll(steps(decision.trace()));
        });
    drop.rules().forEach(row -> words.add("peer's state " + of(row)));
    drop.outcome().filter(it -> !it.isSuccess()).ifPresent(it -> words.add(refusal(it)));
    return List.copyOf(words);
  }

  private static List<String> steps(SyncHandshake.Trace trace) {
    return trace.steps().stream().map(row -> "handshake " + of(row)).toList();
  }

  /// A row by its name, in small letters.
  static String of(Enum<?> row) {
    return row.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
