package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.Tamper;

/// What an agreed version lacks is refused in words, or done in the way of that version.
@Tag("slow")
class VersionLacksPairTest {
  private static final int NEW = Features.PROTOCOL_MAX;

  static IntStream versions() {
    return IntStream.rangeClosed(Features.PROTOCOL_MIN, Features.PROTOCOL_MAX);
  }

  private static Pair primary(Pair.Setup setup) throws MetadataException {
    Pair pair = setup.up();
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.ok(0, new AdminCommand.Primary(0, true));
    pair.awaitUpToDate();
    return pair;
  }

  /// Lines of the first node's log.
  private static StringBuilder log(Pair pair) {
    StringBuilder text = new StringBuilder();
    pair.nodes[0].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            if (effect instanceof Effect.Log log) {
              text.append(log.text()).append('\n');
            }
          }
        });
    return text;
  }

  private static void assertRefused(Pair pair, StringBuilder log, String why) {
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    assertThat(log).contains(why);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void severalVolumesNeed100(int version) throws MetadataException {
    Pair pair = new Pair.Setup().volumes(2).speaking(NEW, version).up();
    StringBuilder log = log(pair);
    if (version >= 100) {
      pair.awaitConn(0, ConnectionState.CONNECTED);
      return;
    }
    assertRefused(
        pair,
        log,
        ("the agreed protocol %d does not know more than one volume (100 does), and this resource"
                + " has the volumes [0, 1]")
            .formatted(version));
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 99, 100})
  void aVolumeMoreNeeds100(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(NEW, version));
    AdminResult result = pair.admin(0, new AdminCommand.NewVolume(1, 1, pair.diskOptions()));
    assertThat(result.isSuccess()).isEqualTo(version >= 100);
    if (version < 100) {
      assertThat(result).isInstanceOf(AdminResult.Config.class);
      assertThat(((AdminResult.Config) result).number()).isEqualTo(163);
      pair.ok(0, new AdminCommand.Disconnect(false));
      pair.ok(0, new AdminCommand.NewVolume(1, 1, pair.diskOptions()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 87})
  void digestsOfTheDataNeed87(int version) throws MetadataException {
    Pair pair =
        new Pair.Setup().net(Option.DATA_INTEGRITY_ALG, "crc32c").speaking(NEW, version).up();
    StringBuilder log = log(pair);
    if (version >= 87) {
      pair.awaitConn(0, ConnectionState.CONNECTED);
    } else {
      assertRefused(pair, log, "protocol 86 does not know data-integrity-alg (87 does)");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {91, 92})
  void aDryRunNeeds92(int version) throws MetadataException {
    Pair.Setup setup = new Pair.Setup().speaking(NEW, version);
    Pair pair = primary(setup);
    pair.ok(0, new AdminCommand.Disconnect(false));
    StringBuilder log = log(pair);
    pair.ok(0, new AdminCommand.Connect(setup.net, false, true));
    pair.awaitConn(0, ConnectionState.STAND_ALONE);
    String refusal = "does not know connect --tentative (92 does)";
    assertThat(log.toString().contains(refusal)).isEqualTo(version < 92);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void aVerifyIsThatOfItsVersion(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().net(Option.VERIFY_ALG, "crc32c").speaking(NEW, version));
    byte[] rotten = new byte[Pair.BLOCK];
    rotten[0] = 1;
    for (long block : new long[] {10, 100, 200}) {
      pair.nodes[1].drive(0).data().write(block * Pair.BLOCK, rotten, 0, Pair.BLOCK, true);
    }
    AdminCommand part = new AdminCommand.Verify(0, OptionalLong.of(800), OptionalLong.of(1600));
    AdminResult result = pair.admin(0, part);
    if (version < 88) {
      assertThat(result).isEqualTo(new AdminResult.State(StateResult.NOT_SUPPORTED, ""));
      return;
    }
    assertThat(result.isSuccess()).isTrue();
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.awaitConn(1, ConnectionState.CONNECTED);
    pair.run(100);
    boolean stops = version >= 97 && version != 100;
    long found = stops ? 1 : version >= 90 ? 2 : 3;
    assertThat(pair.volume(0).outOfSyncBlocks()).isEqualTo(found);
    assertThat(pair.volume(1).outOfSyncBlocks()).isEqualTo(found);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void checksumsAreUsedFrom89On(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().net(Option.CSUMS_ALG, "md5").speaking(version, NEW));
    Overheard overheard = Overheard.of(pair);
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(overheard.has(PacketType.CSUM_RS_REQUEST)).isEqualTo(version >= 89);
    assertThat(overheard.has(PacketType.RS_DATA_REQUEST)).isEqualTo(version < 89);
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 89, 90, 101})
  void theInitialSyncIsSkippedFrom90On(int version) throws MetadataException {
    Pair pair = new Pair.Setup().speaking(NEW, version).up();
    pair.awaitConn(0, ConnectionState.CONNECTED);
    AdminResult result = pair.admin(0, new AdminCommand.NewCurrentUuid(0, true));
    assertThat(result.isSuccess()).isEqualTo(version >= 90);
    if (version >= 90) {
      pair.awaitUpToDate();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 99, 100})
  void protocolChangesWhileConnectedFrom100On(int version) throws MetadataException {
    Pair.Setup setup = new Pair.Setup().speaking(NEW, version);
    Pair pair = primary(setup);
    AdminResult result =
        pair.admin(0, new AdminCommand.NetOptions(setup.net.with(Option.PROTOCOL, "A")));
    assertThat(result.isSuccess()).isEqualTo(version >= 100);
    pair.ok(0, new AdminCommand.NetOptions(setup.net.with(Option.MAX_EPOCH_SIZE, 7)));
    pair.write(0, 4, 4);
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
  }

  /// A target of old age says nothing at the end: the source ends by its own count, and where
  /// nothing was to be copied, after a while.
  @ParameterizedTest
  @ValueSource(ints = {86, 94, 95})
  void theSourceEndsAResyncBeforeItsTargetSaysSo(int version) throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(NEW, version));
    silenceEnd(pair);
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {86, 94})
  void theSourceOfAnEmptyResyncEndsItAfterAWhile(int version) throws MetadataException {
    Pair.Setup setup = new Pair.Setup().speaking(NEW, version);
    Pair pair = primary(setup);
    pair.kill(1);
    pair.awaitConn(0, ConnectionState.WF_CONNECTION);
    pair.write(0, 1, 1);
    pair.kill(0);
    pair.start(0);
    pair.start(1);
    pair.awaitUpToDate();
    // A generation more without a mark: the resync has nothing to copy.
    pair.ok(1, new AdminCommand.Disconnect(false));
    pair.ok(0, new AdminCommand.Disconnect(false));
    pair.ok(0, new AdminCommand.NewCurrentUuid(0, false));
    silenceEnd(pair);
    pair.connect(0);
    pair.connect(1);
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
    pair.run(2_000);
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.SYNC_SOURCE);
    pair.awaitUpToDate();
  }

  /// From now on no P_STATE of the second node reaches the first that ends a resync.
  private static void silenceEnd(Pair pair) {
    pair.nodes[0].tamper(
        new Tamper() {
          @Override
          public List<Event> event(SimNode node, Event event) {
            boolean ends =
                event instanceof Event.PacketArrived arrived
                    && arrived.packet() instanceof Packet.State(int word)
                    && node.status().orElseThrow().volumes().getFirst().state().conn()
                        == ConnectionState.SYNC_SOURCE
                    && (word >> 4 & 31) == ConnectionState.CONNECTED.code();
            return ends ? List.of() : List.of(event);
          }

          @Override
          public List<Effect> effect(SimNode node, Effect effect) {
            return List.of(effect);
          }
        });
  }

  /// As a kernel's `la_peer_max_bio_size`: a node that is attached alone may send no more at once.
  @ParameterizedTest
  @CsvSource({"93, 32768", "94, 32768", "95, 131072", "99, 131072", "100, 1048576", "101, 1048576"})
  void theSuperblockKeepsWhatThePeerTakes(int version, int bytes) throws MetadataException {
    Pair pair = new Pair.Setup().speaking(NEW, version).up();
    assertThat(peerMaxBio(pair, 0)).isEqualTo(4096);
    pair.awaitConn(0, ConnectionState.CONNECTED);
    pair.ok(0, new AdminCommand.Primary(0, true));
    pair.awaitUpToDate();
    pair.run(100);
    assertThat(peerMaxBio(pair, 0)).isEqualTo(bytes);
    assertThat(peerMaxBio(pair, 1)).isEqualTo(bytes);
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.attach(0);
    pair.awaitUpToDate();
    assertThat(peerMaxBio(pair, 0)).isEqualTo(bytes);
  }

  private static int peerMaxBio(Pair pair, int id) throws MetadataException {
    return new DriveMetadata(pair.nodes[id].drive(0)).superblock().peerMaxBioBytes();
  }

  /// Before 93 an old peer's number in that place must not be taken for "assume clean": the new
  /// area would stay different on disks that are called UpToDate.
  @ParameterizedTest
  @ValueSource(ints = {92, 93})
  void aNewAreaIsAssumedCleanFrom93On(int version) throws MetadataException {
    long small = 8 << 11;
    Pair pair =
        primary(
            new Pair.Setup()
                .backing(16 << 20, 16 << 20)
                .disk(Option.SIZE, small)
                .disk(Option.C_MIN_RATE, 0)
                .speaking(NEW, version));
    for (int id = 0; id < 2; id++) {
      byte[] block = new byte[Pair.BLOCK];
      block[0] = (byte) (90 + id);
      pair.nodes[id].drive(0).data().write(2550 * Pair.BLOCK, block, 0, Pair.BLOCK, true);
    }
    long usable = pair.nodes[0].drive(0).layout().usableSectors();
    Packet sizes =
        new Packet.Sizes(usable, 0, 0, 32 << 10, 0, Packet.Sizes.NO_RESYNC, Optional.empty());
    pair.withheld.say(pair.nodes[0], PacketType.STATE, sizes, null);
    pair.ok(0, new AdminCommand.PauseSync(0));
    pair.await(() -> pair.withheld.hasSaid(pair.nodes[0]), "the new size is told");
    pair.ok(0, new AdminCommand.DiskOptions(0, pair.diskOptions().with(Option.SIZE, 0L)));
    for (int id = 0; id < 2; id++) {
      int node = id;
      pair.await(() -> pair.volume(node).sizeSectors() > small, "the growth of " + id);
    }
    pair.ok(0, new AdminCommand.ResumeSync(0));
    pair.run(5_000);
    pair.awaitUpToDate();
    assertThat(pair.onDisk(1, 2550)).isEqualTo(version >= 93 ? 91 : 90);
  }

  /// A packet that the agreed version does not know ends the connection, which is sought again.
  @Test
  void whatComesBeforeItsVersionIsAViolation() throws MetadataException {
    Pair pair = primary(new Pair.Setup().speaking(NEW, 95));
    StringBuilder log = log(pair);
    Packet early = new Packet.BlockAck(PacketType.RS_CANCEL, 0, Packet.RESYNC_BLOCK_ID, 4096, 1);
    pair.withheld.say(pair.nodes[1], PacketType.WRITE_ACK, early, null);
    pair.write(0, 1, 1);
    pair.await(
        () -> log.toString().contains("P_RS_CANCEL: comes with protocol 96, agreed is 95"),
        "the violation");
    pair.awaitUpToDate();
    pair.assertEqualDisks();
  }
}
