package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_S;
import static org.twincore.drbd.ConnectionState.PAUSED_SYNC_T;
import static org.twincore.drbd.ConnectionState.SYNC_SOURCE;

import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataException;

/// `resync-after`: the volumes of a node are resynced one after the other, and all of them are.
class ResyncAfterPairTest {
  @Test
  void aResyncWaitsForAnotherOnes() throws MetadataException {
    Pair pair = behind();
    after(pair, 0, 1, "0");
    pair.start(1);
    awaitConn(pair, 0, 0, SYNC_SOURCE);
    awaitConn(pair, 0, 1, PAUSED_SYNC_S);
    awaitConn(pair, 1, 1, PAUSED_SYNC_T);
    assertThat(pair.volume(0, 1).state().aftrIsp()).isTrue();
    assertThat(pair.volume(1, 1).state().peerIsp()).isTrue();
    pair.run(2000);
    assertThat(pair.volume(0, 1).outOfSyncBlocks()).isGreaterThan(500);
    pair.awaitUpToDate();
    assertThat(pair.volume(0, 1).state().aftrIsp()).isFalse();
    pair.awaitQuiet();
    pair.assertEqualDisks();
  }

  /// A pause by the admin holds the others back as well, as long as it lasts.
  @Test
  void aPausedResyncIsWaitedForToo() throws MetadataException {
    Pair pair = behind();
    after(pair, 0, 1, "0");
    pair.ok(0, new AdminCommand.PauseSync(0));
    pair.start(1);
    awaitConn(pair, 0, 1, PAUSED_SYNC_S);
    pair.run(20_000);
    assertThat(pair.volume(0, 1).state().conn()).isEqualTo(PAUSED_SYNC_S);
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
  }

  /// The order is changed while both are under way.
  @Test
  void theOrderCanBeChanged() throws MetadataException {
    Pair pair = behind();
    after(pair, 0, 1, "0");
    pair.start(1);
    awaitConn(pair, 0, 1, PAUSED_SYNC_S);
    after(pair, 0, 1, "-1");
    awaitConn(pair, 0, 1, SYNC_SOURCE);
    assertThat(pair.volume(0, 0).state().conn()).isEqualTo(SYNC_SOURCE);
    pair.awaitUpToDate();
  }

  /// Two volumes of which the second node lacks a thousand blocks each.
  private static Pair behind() throws MetadataException {
    Pair pair = new Pair.Setup().volumes(2).resyncKibPerSecond(1000).primary();
    pair.kill(1);
    for (int block = 0; block < 1000; block++) {
      pair.write(0, 0, block, 1);
      pair.write(0, 1, block, 2);
    }
    return pair;
  }

  private static void after(Pair pair, int id, int volume, String minor) {
    pair.ok(
        id,
        new AdminCommand.DiskOptions(volume, pair.diskOptions().with(Option.RESYNC_AFTER, minor)));
  }

  private static void awaitConn(Pair pair, int id, int volume, ConnectionState conn) {
    pair.await(
        () -> pair.volume(id, volume).state().conn() == conn, id + "/" + volume + " " + conn);
  }
}
