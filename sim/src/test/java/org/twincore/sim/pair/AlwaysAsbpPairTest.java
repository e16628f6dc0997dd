package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.SimNode;

/// `always-asbp`: two nodes that each went on with some other peer, and then alone. What they have
/// in common is only in their histories, and no bitmap counts from there.
///
/// Promise kept (docs/durability.md): nothing is given up but what the admin's policy gives up.
class AlwaysAsbpPairTest {
  private static final int FIRST = 10;
  private static final int SECOND = 12;

  /// Differs, and nobody has marked it.
  private static final int UNMARKED = 200;

  private final List<String> called = new ArrayList<>();

  /// Both alone, each with so many blocks of its own, and about to meet.
  private Pair parted(boolean always, int firstBlocks, int secondBlocks) throws MetadataException {
    Pair.Setup setup = new Pair.Setup().net(Option.AFTER_SB_0PRI, "discard-least-changes");
    setup.net = setup.net.with(Option.ALWAYS_ASBP, always);
    Pair pair = setup.up();
    pair.network.open(0, false);
    for (int id = 0; id < 2; id++) {
      pair.kill(id);
      plant(pair, id);
      String name = pair.nodes[id].name();
      pair.nodes[id].programs(
          SimNode.Programs.atOnce(handler -> {
            called.add(name + " " + handler);
            return 0;
          }));
      pair.start(id);
      pair.ok(id, new AdminCommand.Primary(0, false));
      int from = id == 0 ? FIRST : SECOND;
      int blocks = id == 0 ? firstBlocks : secondBlocks;
      for (int block = from; block < from + blocks; block++) {
        pair.write(id, block, id + 1);
      }
      pair.ok(id, new AdminCommand.Secondary(0));
    }
    return pair;
  }

  private static void plant(Pair pair, int id) {
    SimDrive drive = pair.nodes[id].drive(0);
    drive.data().write(UNMARKED * Pair.BLOCK, new byte[] {(byte) (5 + id)}, 0, 1, true);
    GenerationUuids uuids = new GenerationUuids(0x1110 + 0x1000 * id, 0, 0x9990, 0);
    int flags = MetadataFlags.AL_CLEAN | MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE;
    new DriveMetadata(drive)
        .create(
            77 + id,
            fresh ->
                fresh
                    .withUuids(uuids)
                    .withFlags(flags)
                    .withLastAgreedSectors(drive.layout().usableSectors()));
  }

  /// All is copied, also what nobody has marked.
  @ParameterizedTest
  @CsvSource({"9,4,0", "4,9,1"})
  void thePolicyIsAskedWhereItAlwaysIs(int firstBlocks, int secondBlocks, int winner)
      throws MetadataException {
    Pair pair = parted(true, firstBlocks, secondBlocks);
    pair.network.open(0, true);
    pair.awaitUpToDate();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1 - winner, UNMARKED)).isEqualTo(5 + winner);
    for (int block = FIRST; block < SECOND + 10; block++) {
      boolean isWritten =
          winner == 0
              ? block < FIRST + firstBlocks
              : block >= SECOND && block < SECOND + secondBlocks;
      assertThat(pair.onDisk(winner, block))
          .as("block %d", block)
          .isEqualTo(isWritten ? winner + 1 : 0);
    }
    assertThat(called)
        .filteredOn(it -> it.contains("split-brain"))
        .containsExactlyInAnyOrder("core-01 initial-split-brain", "core-02 initial-split-brain");
  }

  /// Else they part, and neither loses anything.
  @Test
  void otherwiseTheyPart() throws MetadataException {
    Pair pair = parted(false, 9, 4);
    pair.network.open(0, true);
    pair.await(
        () ->
            pair.state(0).conn() == ConnectionState.STAND_ALONE
                || pair.state(1).conn() == ConnectionState.STAND_ALONE,
        "the refusal");
    pair.run(3_000);
    assertThat(called).anyMatch(it -> it.endsWith(" split-brain"));
    for (int id = 0; id < 2; id++) {
      assertThat(pair.state(id).conn().isBelow(ConnectionState.WF_REPORT_PARAMS)).isTrue();
      assertThat(pair.onDisk(id, UNMARKED)).isEqualTo(5 + id);
      assertThat(pair.onDisk(id, id == 0 ? FIRST : SECOND)).isEqualTo(id + 1);
    }
  }
}
