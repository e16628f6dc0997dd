package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.NodeWatcher;
import org.twincore.sim.world.SimNode;
import org.twincore.sim.world.SimStore;

/// Backing disks that grow under a device in use. Keeps the promises that a disk called UpToDate
/// has what was answered and equals the other, and that what may differ is marked: whatever moment
/// of the move of the metadata a crash finds.
class GrowPairTest {
  private static final long SMALL = 8 << 20;
  private static final long LARGE = 12 << 20;

  /// By less than the metadata takes: old and new place overlap.
  private static final long LITTLE = SMALL + 8192;

  private static Pair.Setup setup() {
    return new Pair.Setup().backing(SMALL, SMALL).disk(Option.C_MIN_RATE, 0);
  }

  /// Both disks grow, and differ where they are new.
  private static void grow(Pair pair, long bytes) {
    for (int node = 0; node < 2; node++) {
      growOne(pair, node, bytes);
    }
  }

  private static void growOne(Pair pair, int node, long bytes) {
    SimStore store = pair.nodes[node].drive(0).data();
    long before = store.sizeBytes();
    pair.nodes[node].drive(0).grow(bytes);
    byte[] garbage = new byte[(int) (bytes - before)];
    Arrays.fill(garbage, (byte) (90 + node));
    store.write(before, garbage, 0, garbage.length, true);
  }

  private static AdminCommand.Resize resize(long wantedSectors, boolean clean, boolean force) {
    return new AdminCommand.Resize(
        0, wantedSectors, new AdminCommand.Assume(clean, force), Optional.empty());
  }

  private static AdminCommand.Resize resize() {
    return resize(0, false, false);
  }

  private static long usable(Pair pair, int node) {
    return pair.nodes[node].drive(0).layout().usableSectors();
  }

  private static void awaitSize(Pair pair, long sectors) {
    for (int node = 0; node < 2; node++) {
      int which = node;
      pair.await(() -> pair.volume(which).sizeSectors() == sectors, node + " to have " + sectors);
    }
  }

  private static void assertInStep(Pair pair, long sectors) {
    awaitSize(pair, sectors);
    pair.run(100);
    pair.awaitUpToDate();
    pair.awaitQuiet();
    assertThat(pair.volume(0).outOfSyncBlocks()).isZero();
    assertThat(pair.volume(1).outOfSyncBlocks()).isZero();
    for (long block = 0; block < sectors / 8; block++) {
      assertThat(pair.nodes[0].drive(0).data().block(block))
          .as("block %d", block)
          .isEqualTo(pair.nodes[1].drive(0).data().block(block));
    }
  }

  private static void assertRefused(Pair pair, int node, AdminCommand command, int number) {
    AdminResult result = pair.admin(node, command);
    assertThat(result).isInstanceOf(AdminResult.Config.class);
    assertThat(((AdminResult.Config) result).number()).isEqualTo(number);
  }

  /// The Primary is source, whoever's admin it was; what was written stays, new blocks can be
  /// written at once.
  @ParameterizedTest
  @CsvSource({"0, 12582912", "1, 12582912", "0, 8396800", "1, 8396800"})
  void theNewAreaIsCopied(int admin, long bytes) throws MetadataException {
    Pair pair = setup().primary();
    pair.write(0, 100, 5);
    grow(pair, bytes);
    Load load = new Load(pair, 0, 0, 1, 8);
    pair.ok(admin, resize());
    awaitSize(pair, usable(pair, 0));
    load.stop();
    assertInStep(pair, usable(pair, 0));
    assertThat(load.failed()).isZero();
    long last = usable(pair, 0) / 8 - 1;
    pair.write(0, last, 6);
    assertThat(pair.onDisk(1, last)).isEqualTo(6);
    assertThat(pair.read(0, 100)).isEqualTo(5);
  }

  /// The metadata is found where it is now: what is written before a crash is in step after it.
  @Test
  void theMovedMetadataIsTheRealOne() throws MetadataException {
    Pair pair = setup().primary();
    grow(pair, LARGE);
    pair.ok(0, resize());
    assertInStep(pair, usable(pair, 0));
    for (int block = 0; block < 40; block++) {
      pair.startWrite(0, block * 60, 7, false);
    }
    pair.run(1);
    pair.powerCut(0);
    pair.powerCut(1);
    pair.start(0);
    pair.start(1);
    assertInStep(pair, usable(pair, 0));
  }

  /// Whatever step of the move a crash finds, at the admin's node or at the other: all is in step
  /// again afterwards, nothing that was answered is lost, and the growth can be had.
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"0, 8650752, false", "1, 8650752, false", "0, 8396800, false", "1, 8396800, true"})
  void aCrashAtAnyStepLosesNothing(int victim, long bytes, boolean clean) throws MetadataException {
    for (SimStore.Keep keep : List.of(SimStore.Keep.NOTHING, SimStore.Keep.ANYTHING)) {
      int step = 0;
      while (crashAt(victim, bytes, clean, keep, step)) {
        step++;
      }
      assertThat(step).as("steps of a move").isGreaterThan(4);
    }
  }

  /// Whether there was such a step.
  private static boolean crashAt(
      int victim, long bytes, boolean clean, SimStore.Keep keep, int step)
      throws MetadataException {
    Pair pair = setup().primary();
    for (int block = 0; block < 20; block++) {
      pair.write(0, block * 50, 1 + block);
    }
    pair.flush(0);
    if (clean) {
      pair.nodes[0].drive(0).grow(bytes);
      pair.nodes[1].drive(0).grow(bytes);
    } else {
      grow(pair, bytes);
    }
    SimNode node = pair.nodes[victim];
    int[] left = {step};
    node.watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode from, Effect effect) {
            if (effect instanceof Effect.OfDisk && left[0]-- == 0) {
              pair.simulation.after(0, () -> node.end(SimNode.Ending.POWER_CUT, keep));
            }
          }
        });
    pair.begin(0, resize(0, clean, false));
    pair.run(400);
    left[0] = -1;
    boolean crashed = !node.isRunning();
    if (crashed) {
      pair.start(victim);
      if (victim == 0) {
        pair.run(500);
        pair.ok(0, new AdminCommand.Primary(0, false));
      }
      pair.awaitUpToDate();
      pair.run(200);
      pair.awaitUpToDate();
      pair.ok(1, resize());
    }
    assertInStep(pair, usable(pair, 0));
    for (int block = 0; block < 20; block++) {
      assertThat(pair.read(0, block * 50)).isEqualTo(1 + block);
    }
    return crashed;
  }

  /// With --assume-clean nothing is copied; what the old metadata was reads as zeroes on both.
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void assumeCleanCopiesNothing(int admin) throws MetadataException {
    Pair pair = setup().primary();
    pair.write(0, 100, 5);
    pair.nodes[0].drive(0).grow(LARGE);
    pair.nodes[1].drive(0).grow(LARGE);
    boolean[] synced = {false};
    pair.nodes[0].watch(
        new NodeWatcher() {
          @Override
          public void effect(SimNode node, Effect effect) {
            synced[0] |=
                effect instanceof Effect.StateChanged changed
                    && changed.after().conn() == ConnectionState.SYNC_SOURCE;
          }
        });
    pair.ok(admin, resize(0, true, false));
    assertInStep(pair, usable(pair, 0));
    assertThat(synced[0]).isFalse();
    assertThat(pair.nodes[0].drive(0).data().block(SMALL / 4096 - 1)).containsOnly(0);
  }

  /// The smaller disk gives the size; when that one grows too the device does.
  @Test
  void theSmallerDiskGivesTheSize() throws MetadataException {
    Pair pair = setup().primary();
    long before = usable(pair, 0);
    growOne(pair, 0, LARGE);
    pair.ok(0, resize());
    assertInStep(pair, before);
    growOne(pair, 1, LARGE + (1 << 20));
    pair.ok(1, resize());
    assertInStep(pair, usable(pair, 0));
  }

  @Test
  void aSizeCanBeNamedAndTakenBack() throws MetadataException {
    Pair pair = setup().primary();
    pair.write(0, 10, 3);
    pair.ok(0, resize(8192, false, false));
    assertInStep(pair, 8192);
    pair.ok(0, resize());
    assertInStep(pair, usable(pair, 0));
    assertThat(pair.read(0, 10)).isEqualTo(3);
    assertRefused(pair, 0, resize(usable(pair, 0) + 8, false, false), 111);
  }

  /// Its activity log would take room that the device has: only `--size` shrinks it. Nothing moves.
  @Test
  void aResizeDoesNotShrinkByTheWay() throws MetadataException {
    Pair pair = setup().primary();
    long before = usable(pair, 0);
    pair.write(0, before / 8 - 1, 4);
    AdminCommand.AlStripes larger = new AdminCommand.AlStripes(3, 8);
    assertRefused(
        pair,
        0,
        new AdminCommand.Resize(0, 0, AdminCommand.Assume.NOTHING, Optional.of(larger)),
        170);
    assertInStep(pair, before);
    assertThat(pair.read(0, before / 8 - 1)).isEqualTo(4);
    pair.powerCut(0);
    pair.start(0);
    assertInStep(pair, before);
  }

  /// A disk that was copied to a smaller place has not the end of its device any more. Where its
  /// data counts it is not attached; a size that the admin names is cut to.
  @ParameterizedTest
  @CsvSource({"true, 0, false", "true, 8192, true", "false, 0, true"})
  void aConsistentDiskDoesNotShrinkWhenItIsAttached(
      boolean isConsistent, long wantedSectors, boolean isTaken) throws MetadataException {
    Pair pair = setup().disk(Option.SIZE, wantedSectors).up();
    pair.kill(0);
    long usable = usable(pair, 0);
    int flags = MetadataFlags.AL_CLEAN | (isConsistent ? MetadataFlags.CONSISTENT : 0);
    new DriveMetadata(pair.nodes[0].drive(0))
        .create(
            78,
            fresh ->
                fresh
                    .withUuids(new GenerationUuids(0x770, 0, 0, 0))
                    .withFlags(flags)
                    .withLastAgreedSectors(usable + 8));
    pair.startProcess(0);
    AdminCommand attach = pair.attachCommand(0, 0);
    if (isTaken) {
      pair.ok(0, attach);
      assertThat(pair.volume(0).sizeSectors()).isEqualTo(wantedSectors == 0 ? usable : 8192);
    } else {
      assertRefused(pair, 0, attach, 170);
      assertThat(pair.state(0).disk()).isEqualTo(DiskState.DISKLESS);
    }
  }

  @Test
  void whatTheKernelRefusesIsRefused() throws MetadataException {
    Pair pair = setup().resyncKibPerSecond(2000).primary();
    pair.ok(0, new AdminCommand.Secondary(0));
    assertRefused(pair, 0, resize(), 131);
    pair.ok(0, new AdminCommand.Primary(0, false));
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    assertRefused(pair, 0, resize(), 130);
    assertRefused(pair, 1, resize(), 130);
    pair.awaitUpToDate();
    pair.ok(1, new AdminCommand.Detach(0, false));
    assertRefused(pair, 1, resize(), 138);
  }

  /// Without the peer only who vouches for it gets more; the peer follows when it is back.
  @Test
  void aloneItTakesAWord() throws MetadataException {
    Pair pair = setup().primary();
    pair.ok(0, new AdminCommand.Disconnect(false));
    long before = usable(pair, 0);
    growOne(pair, 0, LARGE);
    pair.ok(0, resize());
    assertThat(pair.volume(0).sizeSectors()).isEqualTo(before);
    pair.ok(0, resize(0, false, true));
    assertThat(pair.volume(0).sizeSectors()).isEqualTo(usable(pair, 0));
    growOne(pair, 1, LARGE);
    pair.ok(1, new AdminCommand.Disconnect(false));
    pair.ok(1, resize());
    pair.connect(1);
    pair.connect(0);
    assertInStep(pair, usable(pair, 0));
  }

  /// A disk that grew while its node was down: its metadata is found where the end was.
  @ParameterizedTest
  @ValueSource(longs = {LARGE, LITTLE})
  void aDiskThatGrewMeanwhileIsAttached(long bytes) throws MetadataException {
    Pair pair = setup().primary();
    pair.kill(1);
    pair.write(0, 33, 4);
    growOne(pair, 1, bytes);
    pair.start(1);
    pair.run(100);
    pair.awaitUpToDate();
    assertThat(pair.onDisk(1, 33)).isEqualTo(4);
    growOne(pair, 0, bytes);
    pair.ok(0, resize());
    assertInStep(pair, usable(pair, 0));
  }

  @Test
  void theActivityLogGetsAnotherShape() throws MetadataException {
    Pair pair = setup().primary();
    AdminCommand.Resize reshape =
        new AdminCommand.Resize(
            0, 8192, AdminCommand.Assume.NOTHING, Optional.of(new AdminCommand.AlStripes(3, 8)));
    pair.ok(0, reshape);
    assertInStep(pair, 8192);
    for (int block = 0; block < 40; block++) {
      pair.startWrite(0, block * 20, 7, false);
    }
    pair.run(1);
    pair.powerCut(0);
    pair.powerCut(1);
    pair.start(0);
    pair.start(1);
    assertInStep(pair, 8192);
  }

  /// The peer's disk fails while its metadata moves: it goes on without.
  @Test
  void aDiskThatFailsInTheMoveIsGivenUp() throws MetadataException {
    Pair pair = setup().primary();
    grow(pair, LARGE);
    int[] writes = {0};
    pair.withheld.fail(
        pair.nodes[1], effect -> effect instanceof Effect.WriteMetadata && writes[0]++ == 1);
    pair.ok(0, resize());
    pair.await(() -> pair.state(1).disk() == DiskState.DISKLESS, "the peer diskless");
    pair.withheld.release(pair.nodes[1]);
    pair.write(0, 5, 9);
    pair.attach(1);
    pair.run(100);
    pair.awaitUpToDate();
    assertInStep(pair, usable(pair, 0));
  }

  /// What the peer says behind its P_SIZES waits until there is room for it.
  @Test
  void aWriteToTheNewAreaWaitsForTheRoom() throws MetadataException {
    Pair pair = setup().primary();
    growOne(pair, 1, LARGE);
    pair.ok(1, resize());
    growOne(pair, 0, LARGE);
    pair.withheld.hold(pair.nodes[1], effect -> effect instanceof Effect.MeasureDisk);
    pair.ok(0, resize());
    pair.await(() -> pair.volume(0).sizeSectors() == usable(pair, 0), "the Primary's growth");
    long block = usable(pair, 0) / 8 - 1;
    pair.startWrite(0, block, 8, false);
    pair.run(100);
    pair.withheld.release(pair.nodes[1]);
    assertInStep(pair, usable(pair, 0));
    assertThat(pair.onDisk(1, block)).isEqualTo(8);
    assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.CONNECTED);
  }

  /// Much of it, in the order in which it came.
  @Test
  void allThatWaitsForTheRoomIsTakenInOrder() throws MetadataException {
    Pair pair = setup().primary();
    growOne(pair, 1, LARGE);
    pair.ok(1, resize());
    growOne(pair, 0, LARGE);
    pair.withheld.hold(pair.nodes[1], effect -> effect instanceof Effect.MeasureDisk);
    pair.ok(0, resize());
    pair.await(() -> pair.volume(0).sizeSectors() == usable(pair, 0), "the Primary's growth");
    long last = usable(pair, 0) / 8 - 1;
    for (int i = 0; i < 12; i++) {
      pair.startWrite(0, i % 2 == 0 ? last - i : i, 20 + i, false);
    }
    long flush = pair.startFlush(0, 0);
    pair.run(100);
    pair.withheld.release(pair.nodes[1]);
    pair.awaitAnswer(flush);
    assertInStep(pair, usable(pair, 0));
    for (int i = 0; i < 12; i++) {
      assertThat(pair.onDisk(1, i % 2 == 0 ? last - i : i)).as("write %d", i).isEqualTo(20 + i);
    }
    assertThat(pair.state(1).conn()).isEqualTo(ConnectionState.CONNECTED);
  }
}
