package org.twincore.cli.drbdmeta;

import java.io.IOException;
import java.io.PrintStream;
import org.twincore.drbd.meta.ActivityLogReplay;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.drbd.meta.MetadataFlags;
import org.twincore.drbd.meta.MetadataLayout;
import org.twincore.drbd.meta.MetadataReader;
import org.twincore.drbd.meta.MetadataSighting;
import org.twincore.drbd.meta.Superblock;
import org.twincore.drbd.meta.SyncBitmap;

/// The commands that read or change a few fields: dstate, outdate, invalidate, apply-al, wipe-md,
/// the device's own identifier.
final class StateCommands {
  private static final long SECTORS_PER_EXTENT = 8192;

  private StateCommands() {}

  static int diskState(Session session) throws IOException, ToolFailure {
    Superblock superblock = session.found().superblock();
    String state;
    if (!superblock.has(MetadataFlags.CONSISTENT)) {
      state = "Inconsistent";
    } else if (!superblock.has(MetadataFlags.WAS_UP_TO_DATE)) {
      state = "Outdated";
    } else {
      // Without its peer a node knows this only if the peer was outdated in time.
      state = superblock.has(MetadataFlags.PEER_OUTDATED) ? "UpToDate" : "Consistent";
    }
    session.dialogue().out().println(state);
    return 0;
  }

  static int outdate(Session session) throws IOException, ToolFailure {
    MetadataReader.Found found = session.found();
    Superblock superblock = found.superblock();
    if (!superblock.has(MetadataFlags.CONSISTENT)) {
      throw new ToolFailure(ToolFailure.INCONSISTENT, "Device is inconsistent.");
    }
    session.replace(
        found, superblock.withFlags(superblock.flags() & ~MetadataFlags.WAS_UP_TO_DATE));
    return 0;
  }

  static int invalidate(Session session) throws IOException, ToolFailure {
    MetadataReader.Found found = session.found();
    Superblock superblock = found.superblock();
    int kept = ~(MetadataFlags.CONSISTENT | MetadataFlags.WAS_UP_TO_DATE);
    session.replace(
        found, superblock.withFlags(superblock.flags() & kept | MetadataFlags.FULL_SYNC));
    return 0;
  }

  static int applyLog(Session session) throws IOException, ToolFailure {
    ResizeCommands.follow(session);
    MetadataReader.Found found = session.found();
    PrintStream err = session.dialogue().err();
    ActivityLogReplay replay = session.reader().readLog(found);
    report(replay, err);
    boolean wasPrimary = found.superblock().has(MetadataFlags.PRIMARY_INDICATOR);
    if (!replay.verdict().isUsable() && !wasPrimary) {
      err.println("Error ignored, no need to apply the AL");
    }
    MetadataReader.Applied applied;
    try {
      applied = session.reader().apply(found);
    } catch (MetadataException unusable) {
      throw new ToolFailure(ToolFailure.FAILED, unusable.getMessage());
    }
    if (wasPrimary && replay.activeExtents().isEmpty()) {
      if (replay.verdict() == ActivityLogReplay.Verdict.REPLAYED) {
        err.println("Nothing to do.");
      }
    } else if (wasPrimary) {
      reportBeyond(replay, found.bitmapSizeSectors(), err);
      long sectors = applied.newlyMarkedBits() * SyncBitmap.SECTORS_PER_BIT;
      err.println(
          "Marked additional " + Session.shownSectors(sectors) + " as out-of-sync based on AL.");
    }
    return 0;
  }

  private static void report(ActivityLogReplay replay, PrintStream err) {
    switch (replay.verdict()) {
      case NO_VALID_BLOCK -> err.println("No usable activity log found. Do you need to create-md?");
      case NO_VALID_UPDATE -> {
        err.println(replay.corruptBlocks() + " corrupt AL transactions found");
        err.println("No valid AL update transaction found.");
      }
      case CONTRADICTORY ->
          err.println(
              "Activity log is out of order: all extents that it names are taken as active");
      case INITIALISED, REPLAYED -> {
        if (replay.corruptBlocks() > 0) {
          err.println(replay.corruptBlocks() + " corrupt AL transactions found");
        }
      }
    }
  }

  private static void reportBeyond(ActivityLogReplay replay, long sectors, PrintStream err) {
    long beyond =
        replay.activeExtents().stream()
            .filter(extent -> extent * SECTORS_PER_EXTENT >= sectors)
            .count();
    if (beyond > 0) {
      err.println(beyond + " extents beyond end of bitmap!");
    }
  }

  static int wipe(Session session) throws IOException, ToolFailure {
    PrintStream out = session.dialogue().out();
    boolean isThere = false;
    for (MetadataSighting sighting :
        MetadataSighting.all(session.invocation().kind(), session.store())) {
      isThere |= !sighting.isFixedSize();
    }
    if (!isThere) {
      session.dialogue().err().println("There appears to be no drbd meta data to wipe out?");
      return 0;
    }
    if (!session.dialogue().confirms("Do you really want to wipe out the DRBD meta data?")) {
      out.println("Operation cancelled.");
      return ToolFailure.FAILED;
    }
    out.println("Wiping meta data...");
    long offset =
        MetadataLayout.superblockOffsetBytes(
            session.invocation().kind(), session.store().sizeBytes());
    session.store().zero(offset, Superblock.SIZE_BYTES);
    session.store().force();
    out.println("DRBD meta data block successfully wiped out.");
    return 0;
  }

  static int readDeviceUuid(Session session) throws IOException, ToolFailure {
    session.dialogue().out().println("%016X".formatted(session.found().superblock().deviceUuid()));
    return 0;
  }

  static int writeDeviceUuid(Session session) throws IOException, ToolFailure {
    if (session.invocation().arguments().isEmpty()) {
      throw new ToolFailure(ToolFailure.BAD_VALUE, "Required Argument missing");
    }
    long uuid = GenerationCommands.hex(session.invocation().arguments().getFirst());
    MetadataReader.Found found = session.found();
    session.replace(found, found.superblock().withDeviceUuid(uuid));
    ResizeCommands.remember(session);
    return 0;
  }
}
