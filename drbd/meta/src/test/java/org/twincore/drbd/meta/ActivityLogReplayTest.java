package org.twincore.drbd.meta;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.meta.ActivityLogBlock.Corrupt;
import org.twincore.drbd.meta.ActivityLogBlock.Initialised;
import org.twincore.drbd.meta.ActivityLogBlock.Transaction;
import org.twincore.drbd.meta.ActivityLogBlock.Update;
import org.twincore.drbd.meta.ActivityLogReplay.Verdict;

/// Rings of eight blocks whose answers were compared with Debian's drbdmeta 9.22 once.
class ActivityLogReplayTest {
  private static final ActivityLogBlock EMPTY = new Initialised();
  private static final ActivityLogBlock TORN = new Corrupt("test");

  private static ActivityLogBlock insert(int number, int slot, long extent, long... context) {
    return new Transaction(
        number,
        1237,
        0,
        LongStream.of(context).boxed().toList(),
        List.of(new Update(slot, extent)));
  }

  private static ActivityLogReplay replay(ActivityLogBlock... blocks) {
    List<ActivityLogBlock> ring = new ArrayList<>(Collections.nCopies(8, EMPTY));
    for (int i = 0; i < blocks.length; i++) {
      ring.set(i, blocks[i]);
    }
    return ActivityLogReplay.of(ring);
  }

  @Test
  void emptyRingHasNothingToSay() {
    assertThat(replay().verdict()).isEqualTo(Verdict.INITIALISED);
    assertThat(replay(TORN).verdict()).isEqualTo(Verdict.INITIALISED);
    assertThat(replay(TORN).corruptBlocks()).isEqualTo(1);
  }

  @Test
  void corruptBlockElsewhereInAnEmptyRingMayHaveBeenATransaction() {
    assertThat(replay(EMPTY, TORN).verdict()).isEqualTo(Verdict.NO_VALID_UPDATE);
    assertThat(replay(TORN, TORN).verdict()).isEqualTo(Verdict.NO_VALID_UPDATE);
  }

  @Test
  void ringWithoutValidBlockIsNoLog() {
    assertThat(replay(TORN, TORN, TORN, TORN, TORN, TORN, TORN, TORN).verdict())
        .isEqualTo(Verdict.NO_VALID_BLOCK);
  }

  @Test
  void laterUpdateOfASlotEvictsTheEarlierExtent() {
    assertThat(replay(insert(0, 0, 3), insert(1, 0, 4, 3)).activeExtents()).containsExactly(4L);
  }

  @Test
  void contextBringsBackWhatABlockOverwrittenSinceSaid() {
    ActivityLogReplay wrapped =
        replay(
            insert(8, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8),
            insert(9, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9),
            insert(2, 2, 3, 1, 2),
            insert(3, 3, 4, 1, 2, 3),
            insert(4, 4, 5, 1, 2, 3, 4),
            insert(5, 5, 6, 1, 2, 3, 4, 5),
            insert(6, 6, 7, 1, 2, 3, 4, 5, 6),
            insert(7, 7, 8, 1, 2, 3, 4, 5, 6, 7));
    assertThat(wrapped.verdict()).isEqualTo(Verdict.REPLAYED);
    assertThat(wrapped.activeExtents()).containsExactly(2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 20L);
  }

  @Test
  void numbersMayWrapAtTwoToTheThirtySecond() {
    List<ActivityLogBlock> ring = new ArrayList<>(Collections.nCopies(8, EMPTY));
    ring.set(6, insert(-2, 0, 1));
    ring.set(7, insert(-1, 1, 2, 1));
    ring.set(0, insert(0, 0, 3, 1, 2));
    ActivityLogReplay replay = ActivityLogReplay.of(ring);
    assertThat(replay.verdict()).isEqualTo(Verdict.REPLAYED);
    assertThat(replay.activeExtents()).containsExactly(2L, 3L);
  }

  @Test
  void tornNewestTransactionCountsAsNotWritten() {
    ActivityLogReplay replay = replay(insert(0, 0, 3), TORN);
    assertThat(replay.verdict()).isEqualTo(Verdict.REPLAYED);
    assertThat(replay.corruptBlocks()).isEqualTo(1);
    assertThat(replay.activeExtents()).containsExactly(3L);
  }

  @Test
  void ringWhoseNumbersContradictItsOrderNamesEveryExtent() {
    ActivityLogReplay gap = replay(insert(0, 0, 3), insert(1, 0, 4, 3), insert(12, 2, 5, 7));
    assertThat(gap.verdict()).isEqualTo(Verdict.CONTRADICTORY);
    assertThat(gap.activeExtents()).containsExactly(3L, 4L, 5L, 7L);
    assertThat(replay(insert(0, 0, 3), insert(0, 1, 4)).verdict()).isEqualTo(Verdict.CONTRADICTORY);
  }
}
