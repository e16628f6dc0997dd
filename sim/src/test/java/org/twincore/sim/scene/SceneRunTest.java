package org.twincore.sim.scene;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.twincore.sim.Coverage;
import org.twincore.sim.world.Trace;

/// Each scene comes to the moment that it is there for. That it keeps every promise `SimTest` asks.
@Tag("slow")
class SceneRunTest {
  private static final int SEEDS = 500;

  private static final Map<Scene, List<String>> MOMENTS = new EnumMap<>(Scene.class);

  static {
    MOMENTS.put(
        Scene.LOSER_DIES_AS_ITS_RESYNC_BEGINS,
        List.of("UuidCompare RULE_100_I_STARTED", "UuidCompare RULE_100_PEER_STARTED"));
    MOMENTS.put(
        Scene.SPLIT_DISK_IS_ATTACHED_LATE,
        List.of(
            "AfterSplitBrain PRIMARY_GIVES_UP",
            "PolicyCell after-sb-2pri CALL_HELPER Primary/Primary TARGET",
            "PeerState OWN_ATTACH_REFUSED",
            "PeerState PEERS_ATTACH_REFUSED"));
    MOMENTS.put(Scene.SPLIT_ON_TOP_OF_A_GENERATION, List.of("UuidCompare RULE_100"));
    MOMENTS.put(Scene.UNDO_IS_STOPPED, List.of("executed StopUndo"));
    MOMENTS.put(
        Scene.SOURCE_CANNOT_READ,
        List.of(
            "PeerState PEER_GAVE_RESYNC_UP",
            "Refusal VERIFY_WITHOUT_GOOD_DISKS",
            "Refusal START_SYNC_FROM_UNUSABLE_DISK",
            "Refusal OUTDATE_A_LOWER_DISK"));
    MOMENTS.put(
        Scene.SOURCE_LOSES_ITS_DISK,
        List.of("PeerState PEER_LACKS_WRITES", "ImpliedChange ABORTED_TARGET_STAYS_BEHIND"));
    MOMENTS.put(
        Scene.ATTACH_IS_CUT_SHORT,
        List.of(
            "ImpliedChange CUT_NEGOTIATION_DROPS_DISK",
            "ImpliedChange CUT_NEGOTIATION_KEEPS_DISK",
            "NewUuidRule DISKLESS_PEER_PROMOTED"));
    MOMENTS.put(
        Scene.OLD_DISK_OF_A_PRIMARY,
        List.of("PeerState STALE_ATTACH_REFUSED", "Refusal DISK_IS_NEGOTIATED"));
    MOMENTS.put(Scene.OLD_DISK_BESIDE_A_PRIMARY, List.of("PeerState STALE_PEER_REFUSED"));
    MOMENTS.put(Scene.BOTH_ARE_INVALIDATED, List.of("Refusal START_SYNC_WHILE_BUSY"));
    MOMENTS.put(Scene.WRITES_FAIL_ON_A_RELEASED_DISK, List.of("disk Failed"));
    MOMENTS.put(
        Scene.DOWN_WHILE_A_RESYNC_WAITS, List.of("ImpliedChange UNCONFIGURED_HAS_NO_DEPENDENCY"));
    MOMENTS.put(
        Scene.VERIFY_AT_ANY_MOMENT,
        List.of("Refusal VERIFY_NOT_SUPPORTED", "Refusal VERIFY_WITHOUT_CONNECTION"));
    MOMENTS.put(Scene.CONNECTION_ENDS_IN_MANY_WAYS, List.of("connection TearDown"));
    MOMENTS.put(Scene.STATE_BEHIND_A_FAREWELL, List.of("PeerState CONNECTION_GOES_DOWN"));
    MOMENTS.put(
        Scene.FROZEN_PRIMARY_MEETS_RESTARTED_PEER, List.of("PeerState FROZEN_MEETS_REBOOTED_PEER"));
    MOMENTS.put(
        Scene.CRASHED_PRIMARY_MEETS_A_LATE_DISK,
        List.of(
            "UuidCompare RULE_41_I_AM_PRIMARY",
            "UuidCompare RULE_41_PEER_IS_PRIMARY",
            "NewUuidRule DISKLESS_PRIMARY_CONNECTED"));
    MOMENTS.put(Scene.ONE_VOLUME_EACH, List.of("Refusal OTHER_VOLUME_PRIMARY"));
    MOMENTS.put(Scene.OPENED_WHILE_DEMOTED, List.of("Refusal SECONDARY_IN_USE"));
  }

  private static final Map<Scene, Coverage> REACHED = new EnumMap<>(Scene.class);

  @BeforeAll
  static void runSeeds() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      Coverage reached = new Coverage();
      SceneRun.Ended ended = new SceneRun(seed, Trace.silent()).toEnd(reached, reached::answered);
      REACHED.computeIfAbsent(Scene.valueOf(ended.scene()), _ -> new Coverage()).add(reached);
    }
  }

  @ParameterizedTest
  @EnumSource(Scene.class)
  void comesToItsMoment(Scene scene) {
    Coverage reached = REACHED.getOrDefault(scene, new Coverage());
    List<String> moments = MOMENTS.getOrDefault(scene, List.of("no moment is known for it"));
    assertThat(moments)
        .allSatisfy(moment -> {
          String group = moment.substring(0, moment.indexOf(' '));
          assertThat(reached.of(group)).containsKey(moment.substring(moment.indexOf(' ') + 1));
        });
  }

  /// Nothing but the seed decides.
  @Test
  void aSeedTakesTheSameCourseAgain() {
    List<String> twice =
        Arrays.asList(0, 1).stream()
            .map(_ -> new SceneRun(7, Trace.silent()).toEnd(new Coverage(), (_, _) -> {}))
            .map(SceneRun.Ended::toString)
            .toList();
    assertThat(twice.getFirst()).isEqualTo(twice.getLast());
  }
}
