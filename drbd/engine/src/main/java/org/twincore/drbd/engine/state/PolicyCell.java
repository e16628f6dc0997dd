package org.twincore.drbd.engine.state;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;

/// A cell of the policy tables: which option was asked with which policy, who was Primary, and what
/// came out for this node. One that asks `after-sb-0pri` in turn asks it as if nobody was Primary;
/// then both cells were at work.
public record PolicyCell(
    Table table, SplitBrainPolicy policy, Role own, Role peer, AfterSplitBrain.Verdict verdict) {

  /// The options of drbd.conf.
  public enum Table {
    AFTER_SB_0PRI("after-sb-0pri"),
    AFTER_SB_1PRI("after-sb-1pri"),
    AFTER_SB_2PRI("after-sb-2pri"),
    /// `TARGET`: its Primary goes on with the peer's data; else they part.
    RR_CONFLICT("rr-conflict");

    private final String word;

    Table(String word) {
      this.word = word;
    }
  }

  /// As it is published: `after-sb-1pri CONSENSUS Primary/Secondary SOURCE`.
  @Override
  public String toString() {
    return "%s %s %s/%s %s".formatted(table.word, policy.name(), own, peer, verdict);
  }

  /// Every cell that drbd.conf's words can lead to, by asking the tables about everything.
  public static Set<PolicyCell> all() {
    Set<PolicyCell> cells = new LinkedHashSet<>();
    for (Role own : List.of(Role.SECONDARY, Role.PRIMARY)) {
      for (Role peer : List.of(Role.SECONDARY, Role.PRIMARY)) {
        for (int facts = 0; facts < 1 << 4; facts++) {
          for (int bits = 0; bits < 9; bits++) {
            ask(cells, facts(own, peer, facts, bits));
          }
        }
      }
    }
    for (Role peer : List.of(Role.SECONDARY, Role.PRIMARY)) {
      for (SplitBrainPolicy policy : SyncHandshake.CONFLICT_POLICIES) {
        cells.add(SyncHandshake.conflict(policy, peer));
      }
    }
    return cells;
  }

  private static AfterSplitBrain.Facts facts(Role own, Role peer, int flags, int bits) {
    UuidCompare.Terms terms = new UuidCompare.Terms(101, true, (flags & 1) != 0);
    UuidCompare.Question question =
        new UuidCompare.Question(node(own, flags & 2), node(peer, flags & 4), terms);
    return new AfterSplitBrain.Facts(question, bits % 3, bits / 3, (flags & 8) != 0);
  }

  private static UuidCompare.Node node(Role role, int wasPrimary) {
    long bitmap = 0x10 | (wasPrimary == 0 ? 0 : GenerationUuids.PRIMARY_BIT);
    return new UuidCompare.Node(new GenerationUuids(0x20, bitmap, 0, 0), role, false);
  }

  private static void ask(Set<PolicyCell> cells, AfterSplitBrain.Facts facts) {
    for (SplitBrainPolicy without : SplitForecast.WITHOUT) {
      for (SplitBrainPolicy one : SplitForecast.WITH_ONE) {
        for (SplitBrainPolicy two : SplitForecast.WITH_TWO) {
          SyncHandshake.Policies policies =
              new SyncHandshake.Policies(without, one, two, SplitBrainPolicy.DISCONNECT, false);
          cells.addAll(AfterSplitBrain.recover(facts, policies).cells());
        }
      }
    }
  }
}
