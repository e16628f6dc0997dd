package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Extent;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.DpFlags;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// Packets and commands that come when nobody should send them.
class OddMomentPairTest {
  /// Nobody knows yet whether the sender's data has anything to do with ours.
  @Test
  void aWriteBeforeTheHandshakeOfTheDisksIsNotTaken() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 7, 71);
    pair.ok(0, new AdminCommand.Disconnect(false));
    byte[] bytes = new byte[Pair.BLOCK];
    Arrays.fill(bytes, (byte) 99);
    Packet.Data early =
        new Packet.Data(PacketType.DATA, 7 * 8, 1234, 1, DpFlags.SEND_WRITE_ACK, Pair.BLOCK);
    pair.withheld.say(pair.nodes[0], PacketType.SIZES, early, Payload.of(bytes));
    pair.connect(0);
    pair.awaitUpToDate();
    assertThat(pair.withheld.hasSaid(pair.nodes[0])).isTrue();
    assertThat(pair.onDisk(1, 7)).isEqualTo(71);
    pair.assertEqualDisks();
  }

  /// Its target could not write a block, and the disk is kept all the same.
  @Test
  void aSourceEndsWithItsTargetAlsoWhenBlocksFailed() throws MetadataException {
    Pair pair =
        new Pair.Setup().disk(Option.ON_IO_ERROR, "pass_on").resyncKibPerSecond(8000).primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    for (int block = 0; block < 300; block++) {
      pair.write(0, block, 1 + block % 100);
    }
    Extent bad = new Extent(100 * 8, Pair.BLOCK);
    pair.withheld.fail(
        pair.nodes[1],
        effect ->
            effect instanceof Effect.WriteLocal write
                && new Extent(write.sector(), write.payload().lengthBytes()).overlaps(bad));
    pair.connect(0);
    pair.awaitConn(1, ConnectionState.SYNC_TARGET);
    pair.awaitState(1, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.UP_TO_DATE);
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.UP_TO_DATE, DiskState.INCONSISTENT);
    assertThat(pair.volume(0).outOfSyncBlocks()).isBetween(1L, 256L);
    assertThat(pair.volume(1).outOfSyncBlocks()).isBetween(1L, 256L);
    pair.write(0, 1000, 44);
    pair.withheld.release(pair.nodes[1]);
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.connect(0);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 1000)).isEqualTo(44);
  }

  /// It follows its peer, and nobody may go on with the belief that it is behind.
  @ParameterizedTest
  @EnumSource(
      value = ConnectionState.class,
      names = {"CONNECTED", "SYNC_SOURCE"})
  void aConnectedDiskIsNotOutdated(ConnectionState conn) throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(400).primary();
    if (conn == ConnectionState.SYNC_SOURCE) {
      pair.ok(0, new AdminCommand.InvalidateRemote(0));
      pair.awaitConn(0, conn);
    } else {
      assertThat(result(pair, 1)).isEqualTo(StateResult.CONNECTED_OUTDATES);
    }
    assertThat(result(pair, 0)).isEqualTo(StateResult.CONNECTED_OUTDATES);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  @Test
  void aLonelySecondaryIsOutdatedAndAPrimaryIsNot() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    assertThat(result(pair, 0)).isEqualTo(StateResult.NO_UP_TO_DATE_DISK);
    assertThat(result(pair, 1)).isEqualTo(StateResult.SUCCESS);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.OUTDATED);
  }

  private static StateResult result(Pair pair, int node) {
    return pair.admin(node, new AdminCommand.Outdate(0)) instanceof AdminResult.State state
        ? state.result()
        : StateResult.UNKNOWN_ERROR;
  }

  /// Its requests must all be answered first.
  @Test
  void aVolumeWithARequestUnderWayIsNotDeleted() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.ok(0, new AdminCommand.SuspendIo(0));
    long read = pair.start(0, it -> new Event.AppRead(0, it, new Extent(0, Pair.BLOCK)));
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.ok(0, new AdminCommand.Detach(0, true));
    assertThat(pair.admin(0, new AdminCommand.DeleteVolume(0)).isSuccess()).isFalse();
    pair.ok(0, new AdminCommand.ResumeIo(0));
    pair.awaitAnswer(read);
    pair.ok(0, new AdminCommand.DeleteVolume(0));
  }

  @Test
  void aVolumeThatSomebodyHasOpenIsNotDeleted() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.Secondary(0));
    pair.nodes[0].deliver(new Event.Opened(0, Event.Access.READ_ONLY));
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.ok(0, new AdminCommand.Detach(0, true));
    assertThat(pair.admin(0, new AdminCommand.DeleteVolume(0)).isSuccess()).isFalse();
    pair.nodes[0].deliver(new Event.Closed(0, Event.Access.READ_ONLY));
    pair.ok(0, new AdminCommand.DeleteVolume(0));
  }

  /// An ack of the node that resolves conflicts, for nothing that was sent.
  @ParameterizedTest
  @EnumSource(
      value = PacketType.class,
      names = {"SUPERSEDED", "RETRY_WRITE"})
  void aVerdictOnNoWriteEndsTheConnection(PacketType type) throws MetadataException {
    Pair pair = new Pair.Setup().bothPrimary();
    List<String> log = new ArrayList<>();
    for (int id = 0; id < 2; id++) {
      pair.nodes[id].watch(
          new NodeWatcher() {
            @Override
            public void effect(SimNode node, Effect effect) {
              if (effect instanceof Effect.Log said) {
                log.add(said.text());
              }
            }
          });
      Packet.BlockAck verdict = new Packet.BlockAck(type, 8, 4711, Pair.BLOCK, 1);
      pair.withheld.say(pair.nodes[1 - id], PacketType.WRITE_ACK, verdict, null);
    }
    pair.awaitAnswer(pair.startWrite(0, 1, 1, false));
    pair.awaitAnswer(pair.startWrite(1, 2, 2, false));
    pair.await(() -> log.stream().anyMatch(it -> it.contains("P_" + type.name())), "the complaint");
    pair.run(1_000);
    assertThat(pair.read(0, 1)).isEqualTo(1);
    assertThat(pair.read(1, 2)).isEqualTo(2);
  }

  /// The kernel's state crossed our `new-current-uuid --clear-bitmap` on its way, and a kernel does
  /// not say later what it has made of that.
  @Test
  void whatThePeerSaidBeforeTheSkipDoesNotCount() throws MetadataException {
    Pair pair = new Pair.Setup().up();
    pair.awaitState(0, ConnectionState.CONNECTED, DiskState.INCONSISTENT, DiskState.INCONSISTENT);
    pair.nodes[1].tamper(new BeforeTheSkip());
    pair.ok(0, new AdminCommand.NewCurrentUuid(0, true));
    pair.run(1_000);
    assertThat(pair.state(0).pdsk()).isEqualTo(DiskState.UP_TO_DATE);
    assertThat(pair.state(1).disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  /// Each P_STATE of the second node is one from before.
  private static final class BeforeTheSkip implements Tamper {
    @Override
    public List<Effect> effect(SimNode node, Effect effect) {
      if (!(effect instanceof Effect.Send send)
          || !(send.packet() instanceof Packet.State(int word))) {
        return List.of(effect);
      }
      StateWord early =
          StateWord.of(word)
              .orElseThrow()
              .withDisk(DiskState.INCONSISTENT)
              .withPdsk(DiskState.INCONSISTENT);
      return List.of(
          new Effect.Send(
              send.socket(),
              send.framing(),
              send.volume(),
              new Packet.State(early.toInt()),
              send.payload(),
              send.token()));
    }
  }
}
