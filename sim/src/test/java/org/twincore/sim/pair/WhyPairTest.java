package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.engine.exchange.Waiting.Topic;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;

/// `drbdadm why`: each cause that keeps a resource from its best state is named, by the engine's
/// own records, and each is gone from the list when it is over.
class WhyPairTest {
  private static List<Waiting> why(Pair pair, int id) {
    return pair.nodes[id].resource().orElseThrow().why();
  }

  private static Waiting of(Pair pair, int id, Topic topic) {
    List<Waiting> found = why(pair, id).stream().filter(it -> it.topic() == topic).toList();
    assertThat(found).as(topic + " of " + why(pair, id)).hasSize(1);
    return found.getFirst();
  }

  private static void assertNothing(Pair pair, int id) {
    assertThat(why(pair, id).stream().filter(it -> it.topic() != Topic.PROMOTION)).isEmpty();
  }

  @Test
  void nothingIsWaitedForInTheBestState() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    assertThat(why(pair, 0)).isEmpty();
    Waiting promotion = of(pair, 1, Topic.PROMOTION);
    assertThat(promotion.because()).contains("refused by two-primaries");
    assertThat(promotion.until()).contains("secondary on the peer");
  }

  @Test
  void aLostPeerIsLookedForSinceItsLoss() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    long before = pair.simulation.nowNanos();
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.run(15_000);
    Waiting connection = of(pair, 0, Topic.CONNECTION);
    assertThat(connection.state()).isEqualTo("WFConnection");
    assertThat(connection.because())
        .contains("the last connection ended with")
        .contains("the last dial failed: connection refused");
    assertThat(connection.sinceNanos()).isBetween(before, before + 14_000_000_000L);
    pair.start(1);
    pair.awaitUpToDate();
    assertNothing(pair, 0);
    assertNothing(pair, 1);
  }

  @Test
  void aDisconnectIsTheAdminsDoing() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(1, new AdminCommand.Disconnect(false));
    Waiting own = of(pair, 1, Topic.CONNECTION);
    assertThat(own.state()).isEqualTo("StandAlone");
    assertThat(own.because()).contains("disconnect");
    assertThat(own.until()).isEqualTo("connect");
  }

  @Test
  void aSplitBrainSaysWhoMayGiveIn() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.network.open(0, false);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 1, 1);
    pair.ok(1, new AdminCommand.Primary(0, false));
    pair.write(1, 2, 2);
    pair.ok(1, new AdminCommand.Secondary(0));
    pair.network.open(0, true);
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    Waiting connection = of(pair, 0, Topic.CONNECTION);
    assertThat(connection.because())
        .contains("uuid rule 90 -> Disconnecting")
        .contains("handshake split-brain-unresolved");
    assertThat(connection.until()).contains("connect --discard-my-data");
  }

  @Test
  void aPausedResyncSaysWhoPausedIt() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(1000).primary();
    pair.ok(0, new AdminCommand.InvalidateRemote(0));
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    assertThat(of(pair, 1, Topic.RESYNC).state()).startsWith("SyncTarget, ");
    assertThat(of(pair, 1, Topic.DISK).state()).isEqualTo("Inconsistent");
    assertThat(of(pair, 0, Topic.PEER_DISK).state()).isEqualTo("Inconsistent");
    pair.ok(0, new AdminCommand.PauseSync(0));
    pair.awaitConn(1, ConnectionState.PAUSED_SYNC_T);
    assertThat(of(pair, 0, Topic.RESYNC).because()).contains("paused here");
    assertThat(of(pair, 0, Topic.RESYNC).until()).isEqualTo("resume-sync here");
    assertThat(of(pair, 1, Topic.RESYNC).because()).contains("paused by the peer");
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.awaitUpToDate();
    assertNothing(pair, 1);
  }

  @Test
  void frozenIoSaysWhatFroze() throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.FENCING, "resource-and-stonith").primary();
    new ScriptedPrograms(pair.nodes[0], new ArrayList<>()).set("fence-peer", 1, 10_000_000_000L);
    pair.kill(1);
    pair.await(() -> pair.state(0).suspFen(), "the freeze");
    assertThat(of(pair, 0, Topic.IO).because()).contains("implied fencing-freezes");
    assertThat(of(pair, 0, Topic.HANDLER).state()).isEqualTo("fence-peer runs");
    pair.run(30_000);
    assertThat(why(pair, 0)).noneMatch(it -> it.topic() == Topic.HANDLER);
    assertThat(of(pair, 0, Topic.IO).until()).contains("resume-io");
    pair.ok(0, new AdminCommand.ResumeIo(0));
    assertThat(why(pair, 0)).noneMatch(it -> it.topic() == Topic.IO);

    pair.ok(0, new AdminCommand.SuspendIo(0));
    assertThat(of(pair, 0, Topic.IO).because()).isEqualTo("suspend-io: suspend-io");
    pair.ok(0, new AdminCommand.ResumeIo(0));
  }

  @Test
  void aDiskIsMissingSinceItWasDetached() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(1, new AdminCommand.Detach(0, false));
    Waiting disk = of(pair, 1, Topic.DISK);
    assertThat(disk.state()).isEqualTo("Diskless");
    assertThat(disk.because()).isNotEmpty();
    assertThat(disk.until()).isEqualTo("attach");
    pair.await(() -> pair.state(0).pdsk() == DiskState.DISKLESS, "the peer to be Diskless");
    assertThat(of(pair, 0, Topic.PEER_DISK).until()).isEqualTo("attach on the peer");
  }

  /// The state word never changes without the event, and a handshake always names its rule.
  @Test
  void eachHandshakeIsPublishedWithItsRule() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    List<Effect.StateChanged> seen = new ArrayList<>();
    pair.nodes[1].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.StateChanged changed) {
              seen.add(changed);
            }
          }
        });
    pair.network.open(0, false);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.awaitConn(1, ConnectionState.WF_CONNECTION);
    pair.write(0, 1, 1);
    pair.network.open(0, true);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.UP_TO_DATE);
    assertThat(seen)
        .allSatisfy(it -> assertThat(it.reason()).isNotBlank())
        .anySatisfy(it -> assertThat(it.rules()).contains("uuid rule 50 -> WFBitMapT"));
  }
}
