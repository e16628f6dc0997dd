package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// The source of a resync loses its disk before the resync has begun to copy: the target is as old
/// as before, whatever the two are called then, and nobody may read there as if it were not.
///
/// Found by seed 300337. The kernel calls such a target UpToDate (`sanitize_state`: "D_OUTDATED
/// vanishes when we get connected").
class AbortedResyncPairTest {
  @Test
  void aTargetThatGotNothingIsInconsistent() throws MetadataException {
    Pair pair = fallenBehind();
    pair.withheld.hold(pair.nodes[0], Withheld::isMetadata);
    pair.start(1);
    pair.awaitConn(1, ConnectionState.WF_SYNC_UUID);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    List<StateWord> seen = watch(pair, 1);
    loseDisk(pair);
    pair.await(() -> pair.state(1).pdsk().isBelow(DiskState.INCONSISTENT), "the news");
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.INCONSISTENT);
    assertThat(seen).noneMatch(state -> state.disk() == DiskState.UP_TO_DATE);
    comesToItself(pair);
  }

  @Test
  void aSourceThatHasSentNothingDoesNotUseItsTarget() throws MetadataException {
    Pair pair = fallenBehind();
    long latency = 10 * Simulation.MILLISECOND;
    pair.network.path(0).latency(latency, latency);
    pair.network.path(1).latency(latency, latency);
    pair.start(1);
    pair.awaitConn(0, ConnectionState.WF_BITMAP_S);
    List<StateWord> seen = watch(pair, 0);
    loseDisk(pair);
    pair.await(() -> pair.state(0).disk().isBelow(DiskState.INCONSISTENT), "the loss");
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(7 * 8, Pair.BLOCK)));
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
    pair.run(1000);
    assertThat(seen).noneMatch(state -> state.pdsk() == DiskState.UP_TO_DATE);
    comesToItself(pair);
  }

  private static Pair fallenBehind() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 71);
    pair.flush(0);
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 7, 72);
    pair.flush(0);
    return pair;
  }

  private static void loseDisk(Pair pair) {
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.READS);
    pair.start(0, it -> new Event.AppRead(0, it, new Extent(9 * 8, Pair.BLOCK)));
  }

  private static List<StateWord> watch(Pair pair, int id) {
    List<StateWord> seen = new ArrayList<>();
    pair.nodes[id].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.StateChanged changed) {
              seen.add(changed.after());
            }
          }
        });
    return seen;
  }

  /// The drive works again: all that was ever answered is there.
  private static void comesToItself(Pair pair) throws MetadataException {
    pair.withheld.release(pair.nodes[0]);
    pair.await(() -> pair.state(0).disk() == DiskState.DISKLESS, "the disk's release");
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.attach(0);
    if (pair.state(0).conn() == ConnectionState.STAND_ALONE) {
      pair.connect(0);
    }
    pair.awaitUpToDate();
    assertThat(pair.read(0, 7)).isEqualTo(72);
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }
}
