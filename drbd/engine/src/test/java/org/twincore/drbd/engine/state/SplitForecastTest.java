package org.twincore.drbd.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.SplitBrain.Fate;
import org.twincore.drbd.engine.exchange.SplitBrain.Forecast;
import org.twincore.drbd.engine.state.AfterSplitCells.Cell;
import org.twincore.drbd.engine.state.AfterSplitCells.Scene;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeSource;
import org.twincore.drbd.engine.state.SyncHandshake.BecomeTarget;
import org.twincore.drbd.engine.state.SyncHandshake.Decision;

/// What the dossier foretells of a policy is what the handshakes of both nodes make of it: each
/// cell of `after-sb.txt`, with each `rr-conflict`.
class SplitForecastTest {
  private static final List<String> TABLES = List.of("0pri", "1pri", "2pri");

  private static Scene with(Scene scene, SplitBrainPolicy readWriteConflict) {
    scene.policies[3] = readWriteConflict;
    return scene;
  }

  /// Both decide; the peer, of which nobody knows whether it may, can give up its role.
  private static Fate real(Scene scene) {
    Decision here = SyncHandshake.decide(scene.here());
    scene.mayDemote = true;
    Decision there = SyncHandshake.decide(scene.there());
    if (here instanceof BecomeSource && there instanceof BecomeTarget) {
      return Fate.OWN_STAYS;
    }
    return here instanceof BecomeTarget && there instanceof BecomeSource
        ? Fate.PEER_STAYS
        : Fate.NOBODY_GIVES_IN;
  }

  private static List<Forecast> forecasts(Scene scene) {
    return SplitForecast.of(scene.here(), UuidCompare.compare(scene.here().question()));
  }

  private static Optional<Fate> foretold(Scene scene, String option, String policy) {
    return forecasts(scene).stream()
        .filter(it -> it.option().equals(option) && it.policy().equals(policy))
        .map(Forecast::fate)
        .findFirst();
  }

  /// A policy that makes no sense for that number of Primaries is not listed, and parts the nodes.
  @ParameterizedTest
  @EnumSource(names = {"DISCONNECT", "CALL_HELPER", "VIOLENTLY"})
  void eachCellIsForetold(SplitBrainPolicy readWriteConflict) throws IOException {
    TreeSet<String> listed = new TreeSet<>();
    TreeSet<String> sensible = new TreeSet<>();
    for (Cell cell : AfterSplitCells.cells().toList()) {
      if (!TABLES.contains(cell.table())) {
        continue;
      }
      for (Scene scene : AfterSplitCells.scenes(cell)) {
        with(scene, readWriteConflict);
        Optional<Fate> foretold = foretold(scene, "after-sb-" + cell.table(), cell.policy());
        foretold.ifPresent(_ -> listed.add(cell.table() + " " + cell.policy()));
        if (!cell.outcome().equals("-") || cell.policy().equals("disconnect")) {
          sensible.add(cell.table() + " " + cell.policy());
        }
        assertThat(foretold.orElse(Fate.NOBODY_GIVES_IN))
            .as("%s%n%s", cell, scene)
            .isEqualTo(real(scene));
      }
    }
    assertThat(listed).isEqualTo(sensible);
  }

  /// `after-sb-0pri` is told as if both were Secondary, which a Primary's `rr-conflict` does not
  /// concern.
  @Test
  void aPrimaryIsToldWhatItsDataWouldComeToAsSecondary() throws IOException {
    for (Cell cell : AfterSplitCells.cells().filter(it -> it.table().equals("0pri")).toList()) {
      for (Scene scene : AfterSplitCells.scenes(cell)) {
        Fate asSecondary = real(scene);
        scene.own = Role.PRIMARY;
        foretold(scene, "after-sb-0pri", cell.policy())
            .ifPresent(fate -> assertThat(fate).as("%s", scene).isEqualTo(asSecondary));
      }
    }
  }

  /// As is told of a split brain that the policies settle only with `always-asbp`; what an admin
  /// gives in by hand is left out.
  @Test
  void withoutACommonGenerationTheForecastIsThatOfAlwaysAsbp() throws IOException {
    for (Cell cell :
        AfterSplitCells.cells()
            .filter(it -> it.policy().equals("no") && it.table().equals("asbp"))
            .toList()) {
      for (Scene scene : AfterSplitCells.scenes(cell)) {
        assertThat(forecasts(scene))
            .extracting(Forecast::policy, Forecast::fate)
            .contains(
                tuple("discard-remote", Fate.OWN_STAYS), tuple("disconnect", Fate.NOBODY_GIVES_IN));
      }
    }
  }

  /// The chapter's combination needs its `rr-conflict violently`.
  @Test
  void violentlyAs0pWithoutViolentlyKeepsThemApart() {
    Scene scene = new Scene();
    scene.policies("discard-local", "violently-as0p", "disconnect", "disconnect");
    scene.own = Role.PRIMARY;
    assertThat(foretold(scene, "after-sb-1pri", "violently-as0p")).contains(Fate.NOBODY_GIVES_IN);
    with(scene, SplitBrainPolicy.VIOLENTLY);
    assertThat(foretold(scene, "after-sb-1pri", "violently-as0p")).contains(Fate.PEER_STAYS);
  }
}
