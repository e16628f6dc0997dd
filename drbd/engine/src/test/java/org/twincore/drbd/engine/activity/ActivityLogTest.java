package org.twincore.drbd.engine.activity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;
import org.twincore.drbd.Invariant;
import org.twincore.drbd.engine.activity.ActivityLog.Begin;
import org.twincore.drbd.engine.activity.ActivityLog.Span;
import org.twincore.drbd.engine.activity.ActivityLog.Transaction;
import org.twincore.drbd.engine.activity.ActivityLog.Turn;

final class ActivityLogTest {

  @Test
  void anExtentIsFourMebibytes() {
    assertThat(Span.of(new Extent(8191, 512))).isEqualTo(new Span(0, 0));
    assertThat(Span.of(new Extent(8191, 1024))).isEqualTo(new Span(0, 1));
    assertThat(Span.of(new Extent(4, 128 << 20))).isEqualTo(new Span(0, 32));
  }

  @Test
  void aColdExtentWaitsForOneTransactionAndIsHotThenceforth() {
    ActivityLog log = log(64);
    assertThat(log.begin(1, new Span(5, 5))).isEqualTo(Begin.WAITS);
    Turn turn = log.turn();
    assertThat(turn.ready()).isEmpty();
    assertThat(turn.transaction()).isPresent();
    assertThat(log.begin(2, new Span(5, 5))).as("not on disk yet").isEqualTo(Begin.WAITS);
    assertThat(log.turn().transaction()).as("one at a time").isEmpty();
    assertThat(log.transactionDone()).containsExactly(1L);
    assertThat(log.turn().ready()).containsExactly(2L);
    assertThat(log.begin(3, new Span(5, 5))).isEqualTo(Begin.READY);
  }

  @Test
  void allThatWaitShareTheNextTransaction() {
    ActivityLog log = log(128);
    for (int i = 0; i < 70; i++) {
      log.begin(i, new Span(i, i));
    }
    assertThat(log.turn().transaction()).isPresent();
    assertThat(log.transactionDone()).as("64 updates").hasSize(64).startsWith(0L, 1L);
    assertThat(log.turn().transaction()).isPresent();
    assertThat(log.transactionDone()).containsExactly(64L, 65L, 66L, 67L, 68L, 69L);
  }

  @Test
  void aBigDiscardIsNotSplitOverTransactions() {
    ActivityLog log = log(128);
    for (int i = 0; i < 40; i++) {
      log.begin(i, new Span(i, i));
    }
    log.begin(100, new Span(200, 232));
    log.turn();
    assertThat(log.transactionDone()).hasSize(40);
    log.turn();
    assertThat(log.transactionDone()).containsExactly(100L);
  }

  @Test
  void theLeastRecentlyReleasedExtentIsEvictedWithItsBitmapPageNamed() {
    ActivityLog log = log(64);
    for (int i = 0; i < 64; i++) {
      makeHot(log, new Span(i * 32L, i * 32L));
    }
    log.begin(1, new Span(0, 0));
    log.release(new Span(0, 0));
    log.begin(2, new Span(9999, 9999));
    Transaction transaction = log.turn().transaction().orElseThrow();
    assertThat(transaction.evicted()).containsExactly(32L);
    assertThat(transaction.bitmapPages()).containsExactly(1L);
  }

  @Test
  void aTransactionIntoFreeSlotsEvictsNothing() {
    ActivityLog log = log(64);
    log.begin(1, new Span(0, 63));
    assertThat(log.turn().transaction().orElseThrow().evicts()).isFalse();
  }

  @Test
  void anEvictedExtentIsNoLongerHotFromTheStartOfTheTransaction() {
    ActivityLog log = log(64);
    makeHot(log, new Span(0, 63));
    log.begin(1, new Span(100, 100));
    log.turn();
    assertThat(log.begin(2, new Span(0, 0))).isEqualTo(Begin.WAITS);
    log.transactionDone();
    Turn turn = log.turn();
    assertThat(turn.ready()).isEmpty();
    assertThat(turn.transaction()).isPresent();
    assertThat(log.transactionDone()).containsExactly(2L);
  }

  @Test
  void aHeldExtentIsNeverEvicted() {
    ActivityLog log = log(64);
    log.begin(1, new Span(0, 63));
    log.turn();
    log.transactionDone();
    log.begin(2, new Span(100, 100));
    assertThat(log.turn().transaction()).isEmpty();
    assertThat(log.statistics().starvations()).isEqualTo(1);
    log.release(new Span(0, 63));
    assertThat(log.turn().transaction()).isPresent();
  }

  /// A discard needs many slots while writes keep all extents hot: it must still get its turn.
  @Test
  void nobodyStarves() {
    ActivityLog log = log(64);
    makeHot(log, new Span(0, 63));
    List<Span> held = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      assertThat(log.begin(i, new Span(i, i))).isEqualTo(Begin.READY);
      held.add(new Span(i, i));
    }
    log.begin(1000, new Span(500, 532));
    assertThat(log.turn().transaction()).isEmpty();
    int released = 0;
    while (log.turn().transaction().isEmpty()) {
      assertThat(released).isLessThan(60);
      log.release(held.get(released));
      assertThat(log.begin(2000 + released, held.get(released)))
          .as("hot, but behind the discard")
          .isEqualTo(Begin.WAITS);
      released++;
    }
    assertThat(log.transactionDone()).containsExactly(1000L);
  }

  /// Those that queued behind a starving one go on together with its transaction.
  @Test
  void theLineMovesOnWhenTheFirstGotItsTurn() {
    ActivityLog log = log(64);
    makeHot(log, new Span(0, 63));
    log.begin(1, new Span(0, 31));
    log.begin(2, new Span(100, 132));
    log.turn();
    log.begin(3, new Span(31, 31));
    log.release(new Span(0, 31));
    Turn turn = log.turn();
    assertThat(turn.transaction()).isPresent();
    List<Long> ready = new ArrayList<>(turn.ready());
    ready.addAll(log.transactionDone());
    assertThat(ready).contains(2L);
  }

  @Test
  void aSuspendedLogLogsNothing() {
    ActivityLog log = log(64);
    log.suspend();
    assertThat(log.begin(1, new Span(5, 5))).isEqualTo(Begin.NOT_LOGGED);
    assertThat(log.isIdle()).isTrue();
    log.resume();
    assertThat(log.begin(2, new Span(5, 5))).isEqualTo(Begin.WAITS);
  }

  @Test
  void initialisationFillsTheRingInOrder() {
    ActivityLog log = new ActivityLog(1237, 0);
    List<Transaction> blocks = log.initialise(8);
    assertThat(blocks)
        .extracting(Transaction::number)
        .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
    assertThat(blocks).noneMatch(Transaction::evicts);
    assertThat(log.nextNumber()).isEqualTo(8);
  }

  @Test
  void theTransactionNumberWrapsAt32Bits() {
    ActivityLog log = new ActivityLog(64, 0xffff_ffffL);
    log.initialise(1);
    assertThat(log.nextNumber()).isZero();
  }

  @Test
  void releasingWhatNobodyHoldsIsABug() {
    ActivityLog log = log(64);
    makeHot(log, new Span(1, 1));
    assertThatThrownBy(() -> log.release(new Span(1, 1))).isInstanceOf(Invariant.Broken.class);
    assertThatThrownBy(() -> log.release(new Span(2, 2))).isInstanceOf(Invariant.Broken.class);
  }

  @Test
  void figuresCountHitsMissesAndSlotsInUse() {
    ActivityLog log = log(64);
    makeHot(log, new Span(1, 2));
    log.begin(7, new Span(1, 1));
    assertThat(log.statistics()).isEqualTo(new ActivityLog.Statistics(1, 64, 1, 2, 0, 2));
    assertThat(log.isHeld(1)).isTrue();
    assertThat(log.isHeld(2)).isFalse();
  }

  private static ActivityLog log(int slots) {
    ActivityLog log = new ActivityLog(slots, 0);
    log.initialise(8);
    return log;
  }

  private static void makeHot(ActivityLog log, Span span) {
    assertThat(log.begin(-1, span)).isEqualTo(Begin.WAITS);
    assertThat(log.turn().transaction()).isPresent();
    assertThat(log.transactionDone()).containsExactly(-1L);
    log.release(span);
  }
}
