package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Simulation;

/// A peer that answers each P_PING and does nothing else holds up an application for `timeout` x
/// `ko-count` at most, and only if `ko-count` is not 0 (drbd-wire section 15).
class LivenessPairTest {
  private static final int TIMEOUT_SECONDS = 6;
  private static final int KO_COUNT = 7;

  @Test
  void aWriteThatThePeerDoesNotWriteIsAnsweredWithoutIt() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    long write = pair.startWrite(0, 1, 1, false);
    assertThat(secondsUntilLost(pair, 0)).isEqualTo(TIMEOUT_SECONDS * KO_COUNT);
    pair.done(write);
    assertThat(pair.volume(0).outOfSyncBlocks()).isOne();
  }

  @Test
  void aReadThatThePeerDoesNotReadEndsTheConnection() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.withheld.hold(pair.nodes[1], effect -> effect instanceof Effect.ReadLocal);
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(8, Pair.BLOCK)));
    assertThat(secondsUntilLost(pair, 0)).isEqualTo(TIMEOUT_SECONDS * KO_COUNT);
    pair.awaitAnswer(read);
    assertThat(pair.answer(read)).isInstanceOf(Effect.AppFailed.class);
  }

  @Test
  void withoutKoCountItWaitsForEver() throws MetadataException {
    Pair pair = new Pair.Setup().net(Option.KO_COUNT, 0).primary();
    pair.withheld.hold(pair.nodes[1], Withheld::isWrite);
    long write = pair.startWrite(0, 1, 1, false);
    pair.run(600_000);
    assertThat(pair.answer(write)).isNull();
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    pair.withheld.release(pair.nodes[1]);
    pair.done(write);
  }

  /// A resync needs no answer that an application waits for: only what cannot be sent tells.
  @Test
  void aTargetThatTakesNoDataIsGivenUp() throws MetadataException {
    Pair pair = source(new Pair.Setup());
    pair.withheld.deafen(pair.nodes[1], PacketType.Stream.DATA);
    assertThat(secondsUntilLost(pair, 0))
        .isBetween((long) TIMEOUT_SECONDS * KO_COUNT, TIMEOUT_SECONDS * KO_COUNT + 5L);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }

  @Test
  void aTargetThatTakesNoDataIsKeptWithoutKoCount() throws MetadataException {
    Pair pair = source(new Pair.Setup().net(Option.KO_COUNT, 0));
    pair.withheld.deafen(pair.nodes[1], PacketType.Stream.DATA);
    pair.run(600_000);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.SYNC_SOURCE);
  }

  /// The second socket carries only small answers, and has no second chance.
  @Test
  void aPeerThatTakesNoAcksIsGivenUpAtOnce() throws MetadataException {
    Pair pair = new Pair.Setup().net(Option.KO_COUNT, 0).net(Option.PING_TIMEOUT, 200).primary();
    pair.network.path(1).window(1_000);
    pair.withheld.deafen(pair.nodes[0], PacketType.Stream.META);
    pair.run(15_000); // its P_PING, unanswered for longer than the acks may take
    for (int block = 0; block < 200; block++) {
      pair.startWrite(0, block, 1, false);
    }
    assertThat(secondsUntilLost(pair, 1)).isEqualTo(TIMEOUT_SECONDS);
  }

  /// A source with all to do, and a target that has begun to ask.
  private static Pair source(Pair.Setup setup) throws MetadataException {
    Pair pair = setup.primary();
    pair.network.path(0).window(4_000);
    pair.network.path(1).window(4_000);
    pair.ok(0, new AdminCommand.InvalidateRemote(0));
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    return pair;
  }

  /// How long it takes until `id` gives the connection up, in whole seconds.
  private static long secondsUntilLost(Pair pair, int id) {
    AtomicBoolean isLost = new AtomicBoolean();
    pair.nodes[id].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.StateChanged changed
                && changed.after().conn() == ConnectionState.TIMEOUT) {
              isLost.set(true);
            }
          }
        });
    long since = pair.simulation.nowNanos();
    pair.await(isLost::get, pair.nodes[id].name() + " to give the connection up");
    return (pair.simulation.nowNanos() - since) / Simulation.SECOND;
  }
}
