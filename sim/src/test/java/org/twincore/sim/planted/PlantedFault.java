package org.twincore.sim.planted;

import java.util.function.Supplier;
import org.twincore.sim.world.Tamper;

/// One row a planted fault: what is wrong, at which edge, and the checker that has to see it.
enum PlantedFault {
  WRITE_ANSWERED_BEFORE_IT_IS_DONE("AckedWriteSurvives", WireTampers::answersBeforeWriting),
  WRITE_LOST_AT_BOTH("AckedWriteSurvives", () -> DiskTampers.dropsWrites(DiskTampers::always)),
  WRITE_LOST_AT_PEER(
      "UpToDateReplicasEqual", () -> DiskTampers.dropsWrites(DiskTampers::onSecondary)),
  WRITE_TO_WRONG_SECTOR("UpToDateReplicasEqual", DiskTampers::writesElsewhere),
  DISCARD_NOT_DONE("AckedWriteSurvives", DiskTampers::dropsDiscards),
  FROZEN_WRITE_FORGOTTEN("AckedWriteSurvives", WireTampers::forgetsFrozenWrites),
  FLUSH_NOT_DONE("AckedWriteSurvives", () -> DiskTampers.dropsFlushes(DiskTampers::onPrimary)),
  BARRIER_ACKED_BEFORE_FLUSH("AckedWriteSurvives", WireTampers::acknowledgesBarriersAtOnce),
  RESYNC_BLOCK_NOT_WRITTEN(
      "UpToDateReplicasEqual", () -> DiskTampers.dropsWrites(DiskTampers::asSyncTarget)),
  UP_TO_DATE_BEFORE_RESYNC_IS_DURABLE(
      "AckedWriteSurvives", () -> DiskTampers.dropsFlushes(DiskTampers::asSyncTarget)),
  BITMAP_NOT_WRITTEN(
      "BitmapCoversDifference",
      () -> DiskTampers.changesMetadata(DiskTampers.Part.BITMAP, DiskTampers::drop)),
  BITMAP_CLEARED_TOO_EARLY(
      "BitmapCoversDifference",
      () -> DiskTampers.changesMetadata(DiskTampers.Part.BITMAP, DiskTampers::zero)),
  METADATA_LEFT_VOLATILE("BitmapCoversDifference", DiskTampers::keepsMetadataVolatile),
  ACTIVITY_LOG_NOT_WRITTEN(
      "BitmapCoversDifference",
      () -> DiskTampers.changesMetadata(DiskTampers.Part.ACTIVITY_LOG, DiskTampers::drop)),
  ACTIVITY_LOG_TORN(
      "BitmapCoversDifference",
      () -> DiskTampers.changesMetadata(DiskTampers.Part.ACTIVITY_LOG, DiskTampers::tear)),
  NEW_AREA_NOT_COPIED("UpToDateReplicasEqual", () -> WireTampers.receives(WireTampers::asClean)),
  TRANSFER_LOG_LOST("UpToDateReplicasEqual", WireTampers::losesTransferLog),
  NEW_UUID_NOT_WRITTEN(
      "AckedWriteSurvives",
      () -> DiskTampers.changesMetadata(DiskTampers.Part.SUPERBLOCK, DiskTampers::drop)),
  STALE_READ("ReadsAreRegular", WireTampers::readsInconsistentDisk),
  READ_FROM_WRONG_SECTOR("ReadsAreRegular", DiskTampers::readsElsewhere),
  STALE_REMOTE_READ("ReadsAreRegular", FlowTampers::readsOldCopies),
  TWO_PRIMARIES("OnePrimary", WireTampers::hidesPrimary),
  RESYNC_IN_WRONG_DIRECTION("RefusalIsReal", WireTampers::swapsDirection),
  SYNC_UUID_FORGED("UuidHistorySane", WireTampers::missesNewGenerations),
  CONNECTION_GIVEN_UP("RefusalIsReal", WireTampers::disagrees),
  POLICY_TURNED_ROUND("PolicyKeepsItsSide", PolicyTampers::turnsRound),
  POLICY_IGNORED("PolicyKeepsItsSide", PolicyTampers::ignores),
  KEPT_SIDE_OVERWRITTEN("PolicyKeepsItsSide", PolicyTampers::overwritesSource),
  OVERWRITTEN_BEFORE_SAVED("UndoRestoresLoser", DiskTampers::savesNothing),
  CHECKSUMS_FOUND_EQUAL("UpToDateReplicasEqual", FlowTampers::findsChecksumsEqual),
  VERIFY_HASH_WRONG("VerifyIsRight", WireTampers::garblesHashes),
  ANSWERED_TWICE("EachRequestAnsweredOnce", WireTampers::answersTwice),
  NEVER_ANSWERED("Progress", WireTampers::forgetsAnAnswer),
  DRIVE_NEVER_ANSWERS("Progress", DiskTampers::losesAnAnswer),
  CRASH("Crash", WireTampers::crashes);

  private final String checker;
  private final Supplier<Tamper> tamper;

  PlantedFault(String checker, Supplier<Tamper> tamper) {
    this.checker = checker;
    this.tamper = tamper;
  }

  /// The simple name of the checker that has to see it.
  String checker() {
    return checker;
  }

  /// A fresh one for each node.
  Tamper tamper() {
    return tamper.get();
  }
}
