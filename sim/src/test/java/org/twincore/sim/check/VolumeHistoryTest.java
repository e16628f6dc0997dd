package org.twincore.sim.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;
import org.twincore.sim.check.VolumeHistory.Durability;
import org.twincore.sim.check.VolumeHistory.Kind;

class VolumeHistoryTest {
  private static final Extent BLOCK = new Extent(8, 4096);
  private final VolumeHistory history = new VolumeHistory();

  @Test
  void beforeAnyWriteThereAreZeroes() {
    assertTrue(history.mayBe(8, 0));
    assertFalse(history.mayBe(8, 1));
  }

  @Test
  void aWriteUnderWayMayBeSeenOrNot() {
    long write = history.issued(BLOCK, Kind.DATA);
    assertTrue(history.mayBe(8, 0));
    assertTrue(history.mayBe(15, write));
    assertFalse(history.mayBe(16, write));
  }

  @Test
  void anAnsweredWriteIsTheOnlyContent() {
    long write = history.issued(BLOCK, Kind.DATA);
    history.answered(write, Durability.CACHED);
    assertTrue(history.mayBe(8, write));
    assertFalse(history.mayBe(8, 0));
  }

  @Test
  void writesUnderWayTogetherMayEndInEitherOrder() {
    long first = history.issued(BLOCK, Kind.DATA);
    long second = history.issued(BLOCK, Kind.DATA);
    history.answered(second, Durability.CACHED);
    history.answered(first, Durability.CACHED);
    assertTrue(history.mayBe(8, first) && history.mayBe(8, second));
    long third = history.issued(BLOCK, Kind.DATA);
    history.answered(third, Durability.CACHED);
    assertFalse(history.mayBe(8, first) || history.mayBe(8, second));
  }

  @Test
  void aLostWriteMayAppearUntilALaterOneIsAnswered() {
    long lost = history.issued(BLOCK, Kind.DATA);
    history.lost(lost);
    assertTrue(history.mayBe(8, lost) && history.mayBe(8, 0));
    long later = history.issued(BLOCK, Kind.DATA);
    history.answered(later, Durability.CACHED);
    assertFalse(history.mayBe(8, lost));
  }

  @Test
  void aReadThatBeganBeforeTheAnswerMayFindTheOldContent() {
    long write = history.issued(BLOCK, Kind.DATA);
    long began = history.moment();
    history.answered(write, Durability.CACHED);
    assertTrue(history.mayRead(8, 0, began));
    assertFalse(history.mayRead(8, 0, history.moment()));
  }

  @Test
  void powerLossMayTakeWhatWasNotFlushed() {
    long first = history.issued(BLOCK, Kind.DATA);
    history.answered(first, Durability.CACHED);
    long flush = history.moment();
    long second = history.issued(BLOCK, Kind.DATA);
    history.answered(second, Durability.CACHED);
    assertTrue(history.mayBeAfterPowerLoss(8, 0));
    history.flushed(flush);
    assertFalse(history.mayBeAfterPowerLoss(8, 0));
    assertTrue(history.mayBeAfterPowerLoss(8, first));
    long third = history.issued(BLOCK, Kind.ZEROES);
    history.answered(third, Durability.FUA);
    assertFalse(history.mayBeAfterPowerLoss(8, first));
    assertTrue(history.mayBeAfterPowerLoss(8, 0));
  }

  @Test
  void concededAndSettledContents() {
    long write = history.issued(BLOCK, Kind.DATA);
    history.answered(write, Durability.CACHED);
    history.concede(8, 0);
    assertTrue(history.mayBe(8, 0) && history.mayBe(8, write));
    history.settle(8, 0, 0);
    assertFalse(history.mayBe(8, write));
  }

  @Test
  void whatIsSettledIsNotStableBeforeAFlush() {
    long write = history.issued(BLOCK, Kind.DATA);
    history.answered(write, Durability.CACHED);
    history.flushed(history.moment());
    history.settle(8, write, 0);
    assertTrue(history.mayBe(8, write) && !history.mayBe(8, 0));
    assertTrue(history.mayBeAfterPowerLoss(8, 0));
    history.flushed(history.moment());
    assertFalse(history.mayBeAfterPowerLoss(8, 0));
  }

  @Test
  void contentsNameTheirWriteAndPlace() {
    byte[] bytes = Content.of(7, 100, 2);
    assertEquals(7, Content.writeOf(bytes, 512, 101));
    assertEquals(Content.GARBAGE, Content.writeOf(bytes, 512, 102));
    assertEquals(0, Content.writeOf(new byte[512], 0, 5));
    bytes[700] ^= 1;
    assertEquals(Content.GARBAGE, Content.writeOf(bytes, 512, 101));
  }
}
