package org.twincore.sim.world;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.wire.Payload;
import org.twincore.testkit.Prng;

class SimDiskTest {
  private final Simulation simulation = new Simulation(Trace.silent());
  private final SimDrive drive = new SimDrive(1 << 20, 0);
  private final List<Event> answers = new ArrayList<>();
  private final SimDisk disk = new SimDisk(simulation, new Prng(3), 0, drive, answers::add);

  private void run() {
    simulation.runUntil(simulation.nowNanos() + Simulation.SECOND);
  }

  private static Payload filled(int length, int value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, (byte) value);
    return Payload.of(bytes);
  }

  @Test
  void answersEachRequestOnceAndNeverAtOnce() {
    disk.carryOut(new Effect.WriteLocal(0, 1, 8, filled(4096, 5), false));
    assertEquals(List.of(), answers);
    run();
    assertEquals(List.of(new Event.LocalDone(0, 1)), answers);
    disk.carryOut(new Effect.ReadLocal(0, 2, new Extent(8, 512)));
    run();
    assertEquals(new Event.LocalReadDone(0, 2, filled(512, 5)), answers.getLast());
  }

  @Test
  void aFlushMakesStableWhatWasAnsweredBefore() {
    disk.carryOut(new Effect.WriteLocal(0, 1, 0, filled(4096, 1), false));
    run();
    disk.carryOut(new Effect.FlushLocal(0, 2));
    run();
    disk.carryOut(new Effect.WriteLocal(0, 3, 8, filled(4096, 2), false));
    run();
    drive.powerCut(new Prng(1), SimStore.Keep.NOTHING);
    assertEquals(1, drive.data().read(0, 1)[0]);
    assertEquals(0, drive.data().read(4096, 1)[0]);
  }

  @Test
  void aLyingFlushMakesNothingStable() {
    drive.health().flushLies(true);
    disk.carryOut(new Effect.WriteLocal(0, 1, 0, filled(4096, 1), true));
    run();
    disk.carryOut(new Effect.FlushLocal(0, 2));
    run();
    drive.powerCut(new Prng(1), SimStore.Keep.NOTHING);
    assertEquals(0, drive.data().read(0, 1)[0]);
  }

  @Test
  void durableMetadataIsStableWhenAnswered() {
    long superblock = drive.layout().superblockOffsetBytes();
    byte[] block = filled(4096, 9).toByteArray();
    disk.carryOut(
        new Effect.WriteMetadata(0, 1, List.of(new Effect.Region(superblock, block)), true));
    run();
    drive.powerCut(new Prng(1), SimStore.Keep.NOTHING);
    assertEquals(9, drive.metadata().read(superblock, 1)[0]);
  }

  @Test
  void aStalledDriveAnswersLaterAndAFailingOneWithAnError() {
    drive.health().stallUntil(5 * Simulation.SECOND);
    disk.carryOut(new Effect.FlushLocal(0, 1));
    run();
    assertEquals(List.of(), answers);
    simulation.runUntil(6 * Simulation.SECOND);
    assertEquals(1, answers.size());
    drive.health().failing(SimDrive.Failing.READS);
    disk.carryOut(new Effect.ReadLocal(0, 2, new Extent(0, 512)));
    run();
    assertInstanceOf(Event.LocalFailed.class, answers.getLast());
  }

  @Test
  void anAbandonedWriteHappenedInPart() {
    int whole = 0;
    int nothing = 0;
    for (int round = 0; round < 40; round++) {
      SimDisk next = new SimDisk(simulation, new Prng(round), 0, drive, answers::add);
      next.carryOut(new Effect.WriteLocal(0, 1, 0, filled(4096, 1), false));
      next.abandon();
      int found = drive.data().read(0, 1)[0];
      whole += found;
      nothing += 1 - found;
      drive.data().zero(0, 4096);
    }
    run();
    assertTrue(whole > 0 && nothing > 0);
    assertEquals(List.of(), answers);
  }
}
