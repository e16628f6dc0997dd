package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.state.AfterSplitCells.Cell;
import org.twincore.drbd.engine.state.AfterSplitCells.Scene;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeSource;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeTarget;
import org.twincore.drbd.engine.state.SyncHandshake.Decision;
import org.twincore.drbd.engine.state.SyncHandshake.Refuse;

/// Each cell of `after-sb.txt`, from both ends: what this node decides, and that its peer decides
/// the opposite, so that no split brain is settled with two sources or two targets.
class AfterSplitBrainTest {
  @Test
  void eachCellIsAsWritten() throws IOException {
    for (Cell cell : AfterSplitCells.cells().toList()) {
      for (Scene scene : AfterSplitCells.scenes(cell)) {
        Decision decision = SyncHandshake.decide(scene.here());
        assertThat(outcome(decision))
            .as("%s%n%s%n%s", cell, scene, decision.trace())
            .isEqualTo(cell.outcome());
      }
    }
  }

  /// Of the nodes at most one becomes the source and at most one the target; where this one parts,
  /// the peer may only wait to hear of it.
  @Test
  void thePeerDecidesTheOpposite() throws IOException {
    for (Cell cell : AfterSplitCells.cells().toList()) {
      for (Scene scene : AfterSplitCells.scenes(cell)) {
        String here = outcome(SyncHandshake.decide(scene.here()));
        String there = outcome(SyncHandshake.decide(scene.there()));
        assertThat(fitting(cell, here)).as("%s: here %s", scene, here).contains(there);
      }
    }
  }

  private static List<String> fitting(Cell cell, String here) {
    return switch (here) {
      case "S" -> List.of("T", "D", "L", "P", "-");
      case "S!" -> List.of("T!");
      case "T", "D", "L", "P" -> List.of("S");
      case "T!" -> List.of("S!");
      default -> List.of(cell.table().equals("rr") ? "S" : "-");
    };
  }

  /// No word of drbd.conf is left out, and no case of a table.
  @Test
  void theTablesAreComplete() throws IOException {
    TreeSet<String> written = new TreeSet<>();
    AfterSplitCells.cells().forEach(cell -> written.add(cell.table() + " " + cell.policy()));
    for (SplitBrainPolicy policy : SplitBrainPolicy.values()) {
      for (String table : List.of("0pri", "1pri", "2pri")) {
        assertThat(written).contains(table + " " + policy);
      }
    }
    assertThat(AfterSplitCells.cells().filter(cell -> cell.table().equals("0pri")).count())
        .isEqualTo(17 * 8);
    assertThat(AfterSplitCells.cells().filter(cell -> cell.table().equals("1pri")).count())
        .isEqualTo(12 * 6);
    assertThat(AfterSplitCells.cells().filter(cell -> cell.table().equals("2pri")).count())
        .isEqualTo(12 * 3);
    assertThat(written).contains("rr disconnect", "rr call-pri-lost", "rr violently");
  }

  /// Both handlers, and the one for the lost Primary between them.
  @Test
  void handlersAreCalledInOrder() {
    Scene scene = new Scene();
    scene.policies("disconnect", "call-pri-lost-after-sb", "disconnect", "disconnect");
    scene.zeroVerdict("T");
    scene.own = Role.PRIMARY;
    assertThat(SyncHandshake.decide(scene.here()).trace().handlers())
        .containsExactly("initial-split-brain", "pri-lost-after-sb", "split-brain");
    scene.mayDemote = true;
    assertThat(SyncHandshake.decide(scene.here()).trace().handlers())
        .containsExactly("initial-split-brain");
    assertThat(SyncHandshake.decide(scene.there()).trace().handlers())
        .containsExactly("initial-split-brain");
  }

  /// A Primary that the policy made the target asks `rr-conflict` too, as the chapter's combination
  /// has it.
  @ParameterizedTest
  @CsvSource({"disconnect,-", "call-pri-lost,P", "violently,T"})
  void violentlyAs0pAlsoNeedsRrConflict(String word, String outcome) {
    for (Role other : List.of(Role.SECONDARY, Role.PRIMARY)) {
      Scene scene = new Scene();
      scene.policies("discard-least-changes", "violently-as0p", "violently-as0p", word);
      scene.ownBits = 2;
      scene.peerBits = 5;
      scene.own = Role.PRIMARY;
      scene.peer = other;
      assertThat(outcome(SyncHandshake.decide(scene.here()))).isEqualTo(outcome);
    }
  }

  private static String outcome(Decision decision) {
    return switch (decision) {
      case BecomeSource(var _, boolean full) -> full ? "S!" : "S";
      case BecomeTarget(var _, boolean full, boolean demotes) -> demotes ? "D" : full ? "T!" : "T";
      case Refuse refuse ->
          refuse.trace().handlers().contains("pri-lost-after-sb")
              ? "L"
              : refuse.trace().handlers().contains("pri-lost") ? "P" : "-";
      case SyncHandshake.StayConnected _ -> "0";
    };
  }
}
