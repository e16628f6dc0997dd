package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.SimDrive;

/// A Primary without a disk goes on with the peer's: which generation that is, and who hears of it
/// when.
class DisklessPrimaryPairTest {
  private static final int BLOCK_BYTES = 4096;

  /// The peer was the source of a resync, so that its bitmap counts for a generation already: it
  /// begins no other one, and nothing may wait for its word. (Found beside the scripted kernel.)
  @Test
  void whatAnAbortedTargetWritesAsPrimaryIsAnswered() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(100).primary();
    pair.begin(1, new AdminCommand.Invalidate(0));
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.ok(1, new AdminCommand.Detach(0, true));
    pair.await(() -> pair.state(1).disk() == DiskState.DISKLESS, "the loss of the disk");
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.done(pair.startWrite(1, 7, 71, false));
    pair.attach(1);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
  }

  /// Else the own disk, which was a crashed Primary's, would become the source: what only the peer
  /// had acknowledged would be overwritten. (Found beside the scripted kernel.)
  @Test
  void theDiskThatComesBackIsOlderThanThePeers() throws MetadataException {
    Pair pair = connectedWithoutDisk();
    long before = generation(pair);
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(generation(pair)).isNotEqualTo(before);
    pair.assertEqualDisks();
  }

  /// Else the own disk could be attached alone, and older data be read than before.
  @Test
  void whatIsReadThereBelongsToANewGeneration() throws MetadataException {
    Pair pair = connectedWithoutDisk();
    long before = generation(pair);
    pair.awaitAnswer(
        pair.start(0, cookie -> new Event.AppRead(0, cookie, new Extent(0, BLOCK_BYTES))));
    assertThat(generation(pair)).isNotEqualTo(before);
  }

  /// A Primary whose disk failed while the link was down, connected again.
  private static Pair connectedWithoutDisk() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 71);
    pair.network.open(0, false);
    pair.network.open(1, false);
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.WRITES);
    pair.awaitAnswer(pair.startWrite(0, 6, 6, false));
    pair.nodes[0].drive(0).health().failing(SimDrive.Failing.NOTHING);
    pair.network.open(0, true);
    pair.network.open(1, true);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.DISKLESS, DiskState.UP_TO_DATE);
    return pair;
  }

  private static long generation(Pair pair) {
    return pair.volume(1).uuids().orElseThrow().currentIdentity();
  }
}
